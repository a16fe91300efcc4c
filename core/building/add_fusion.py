"""Early fusion of two encoders: their unit vectors side by side, each scaled by the root of its weight.

The cosine of two such vectors is weight x the first encoder's cosine + (1 - weight) x the second's. The vectors hold
what the encoders make of the picture and nothing else: no label, true or predicted, enters them, and the weight is
chosen on held-out training images. The bundle says so in the encoder's entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.bundle.bundle import Bundle, load_bundle
from core.bundle.fusion import fuse_vectors, weights_digest
from core.bundle.writer import BundleWriter
from core.datasets.held_out import held_out
from core.errors import BadInput
from core.runtime.shared_types import Json

# 0 and 1 are either encoder alone: for comparison, never chosen.
WEIGHTS = (0, 0.01, 0.02, *(step / 20 for step in range(1, 20)), 0.98, 0.99, 1)
DEPTH = 100


@dataclass(frozen=True)
class Fused:
    """The name of the encoder that was made, the first encoder's weight, and ap@100 on held-out images by weight."""

    encoder: str
    weight: float
    judged: dict[float, float]


def store_fusion(
    folder: str | Path, first: str, second: str, progress: Callable[[float], object] | None = None
) -> Fused:
    """Choose the weight on the bundle's held-out training images and add the encoder `first+second` to the bundle.

    Raises BadInput for a bundle without training images, or encoders that are not compared by cosine.
    """
    bundle = load_bundle(folder)
    _check(bundle, first, second)
    labels = bundle.labels("train")
    rows = held_out(labels)
    pair = [bundle.embeddings(name, "train")[rows] for name in (first, second)]
    judged = _judge(bundle, pair, labels[rows], progress or float)
    weight = max(WEIGHTS[1:-1], key=judged.__getitem__)
    name = f"{first}+{second}"
    with BundleWriter(folder) as writer:
        entry = _entry(bundle, (first, second), weight, judged, len(rows), writer)
        now = load_bundle(folder)  # others may have written while this judged
        hashes = [stored for stored in now.manifest["hashes"] if stored["encoder"] != name]
        encoders = {**now.manifest["encoders"], name: entry}
        writer.commit({**now.manifest, "encoders": encoders, "hashes": hashes})
    return Fused(name, weight, judged)


def _check(bundle: Bundle, first: str, second: str) -> None:
    if first == second:
        raise BadInput(f"'{first}' fused with itself is itself: name two encoders")
    for name in (first, second):
        if "fusion" in bundle.encoder_info(name):
            raise BadInput(f"encoder '{name}' is a fusion itself: name encoders of pictures")
        if bundle.similarity(name) != "cosine":
            raise BadInput(f"encoder '{name}' is compared by {bundle.similarity(name)}: only cosines can be fused")
    if "train" not in bundle.splits:
        raise BadInput(f"'{bundle.path}' has no training images, on which the weight is chosen")


def _judge(
    bundle: Bundle, pair: list[np.ndarray], labels: np.ndarray, progress: Callable[[float], object]
) -> dict[float, float]:
    """ap@100 of each weight among the held-out images, each left out of its own gallery."""
    from core.encoders.validation import judge

    similarity, judged = bundle.hierarchy(bundle.defaults["hierarchy"]).similarity(), {}
    for done, weight in enumerate(WEIGHTS, start=1):
        judged[weight] = judge(fuse_vectors(pair[0], pair[1], weight), labels, similarity)[0]
        progress(done / len(WEIGHTS))
    return judged


def _entry(
    bundle: Bundle, names: tuple[str, str], weight: float, judged: dict[float, float], count: int, writer: BundleWriter
) -> Json:
    vectors = {
        split: fuse_vectors(bundle.embeddings(names[0], split), bundle.embeddings(names[1], split), weight)
        for split in bundle.splits
    }
    return {
        "made": (
            f"python -m core fuse: {names[0]}, weight {weight:g}, and {names[1]}, weight {1 - weight:g}; chosen by "
            f"ap@{DEPTH} on {count:,} held-out training images; no labels"
        ),
        "dimensions": next(iter(vectors.values())).shape[1],
        "accuracy": None,
        "predicted": {},
        "embeddings": {split: writer.add_array(rows.astype(np.float16)) for split, rows in vectors.items()},
        "fusion": {
            "encoders": list(names),
            "weight": weight,
            "held_out_ap": {f"{tried:g}": value for tried, value in judged.items()},
            "made_of": [weights_digest(bundle, name) for name in names],
        },
    }
