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
from core.bundle.writer import BundleWriter
from core.datasets.held_out import held_out
from core.errors import BadInput

# 0 and 1 are either encoder alone: for comparison, never chosen.
WEIGHTS = (0, 0.01, 0.02, *(step / 20 for step in range(1, 20)), 0.98, 0.99, 1)
DEPTH = 100


@dataclass(frozen=True)
class Fused:
    """The name of the encoder that was made, the first encoder's weight, and ap@100 on held-out images by weight."""

    encoder: str
    weight: float
    judged: dict[float, float]


def fuse_vectors(first: np.ndarray, second: np.ndarray, weight: float) -> np.ndarray:
    """Unit float32 (N, d1 + d2) of unit rows (N, d1) and (N, d2); `weight` in [0, 1] is the first's.

    >>> fuse_vectors(np.array([[1.0, 0.0]]), np.array([[1.0]]), 0.36).astype(float).round(2).tolist()
    [[0.6, 0.0, 0.8]]
    """
    return np.hstack([np.sqrt(weight) * first, np.sqrt(1 - weight) * second]).astype(np.float32)


def store_fusion(folder: str | Path, first: str, second: str, progress: Callable[[float], None] | None = None) -> Fused:
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
    bundle: Bundle, pair: list[np.ndarray], labels: np.ndarray, progress: Callable[[float], None]
) -> dict[float, float]:
    """ap@100 of each weight among the held-out images, each left out of its own gallery."""
    from core.encoders.validation import judge

    similarity, judged = bundle.hierarchy(bundle.defaults["hierarchy"]).similarity(), {}
    for done, weight in enumerate(WEIGHTS, start=1):
        judged[weight] = judge(fuse_vectors(*pair, weight), labels, similarity)[0]
        progress(done / len(WEIGHTS))
    return judged


def _entry(
    bundle: Bundle, names: tuple[str, str], weight: float, judged: dict[float, float], count: int, writer: BundleWriter
) -> dict:
    vectors = {
        split: fuse_vectors(*(bundle.embeddings(name, split) for name in names), weight) for split in bundle.splits
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
            "made_of": [_digest(bundle, name) for name in names],
        },
    }


def _digest(bundle: Bundle, name: str) -> str | None:
    """The checksum of an encoder's weights; None where the bundle has none."""
    return (bundle.encoder_info(name).get("weights") or {}).get("sha256")


def parts_of(bundle: Bundle, encoder: str) -> tuple[str, str, float] | None:
    """The two encoders of a fusion and the first's weight; None for any other encoder.

    Raises BadInput where one of them is gone, or was made anew since.
    """
    kept = bundle.encoder_info(encoder).get("fusion")
    if kept is None:
        return None
    for name, digest in zip(kept["encoders"], kept["made_of"], strict=True):
        if name not in bundle.encoders or _digest(bundle, name) != digest:
            raise BadInput(
                f"encoder '{encoder}' was fused of another '{name}' than the bundle has now: fuse again with "
                f"'python -m core fuse --encoders {','.join(kept['encoders'])}'"
            )
    first, second = kept["encoders"]
    return first, second, float(kept["weight"])
