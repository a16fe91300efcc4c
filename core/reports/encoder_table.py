"""The encoders of a bundle side by side: quality, time to encode and size, one row an encoder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from core.codes.codes import bits_for, find_stored, usable_hashes
from core.engine.engine import Engine
from core.engine.evaluation import Progress
from core.engine.results import SearchResult
from core.errors import BadInput
from core.hashing.registry import get_hash
from core.reports.class_similarity import embedding_similarity, image_split, rank_correlation
from core.settings import Setting, format_multiplier

TIMES = ("encode_ms", "encode_batch_ms", "encode_batch", "encode_threads", "encode_machine")
QUALITIES = ("map", "mahp", "precision_at_1", "hashed_map", "hashed_mahp")
COLUMNS = (
    "encoder", "made", "dimensions", "bytes", "parameters", "similarity", "accuracy", "accuracy_held_out",
    *(f"{name}{end}" for name in QUALITIES[:3] for end in ("", "_low", "_high")),
    "hash", "bits", "multiplier",
    *(f"{name}{end}" for name in QUALITIES[3:] for end in ("", "_low", "_high")),
    "tree_correlation", *TIMES, "problem",
    "k", "map_metric", "mahp_metric", "protocol", "hierarchy", "queries", "bundle", "version",
)  # fmt: skip
_TEXTS = {"encoder", "made", "similarity", "hash", "multiplier", "encode_machine", "problem", "map_metric"}
_TEXTS |= {"mahp_metric", "protocol", "hierarchy", "bundle", "version"}
_COUNTS = {"dimensions", "bytes", "parameters", "bits", "encode_batch", "encode_threads", "k", "queries"}
# Where an encoder has no code of the hash asked for: one whose codes ship, these first.
_STAND_INS = ("itq", "latent-sigmoid", "pca-sign", "random-hyperplane")


def encoder_table(
    engine: Engine, setting: Setting, k: int, map_metric: str, mahp_metric: str, progress: Progress | None = None
) -> pd.DataFrame:
    """One row an encoder of the bundle, columns `COLUMNS`, all judged under the setting's protocol and hierarchy.

    `map` and `mahp` are means over queries of exact search at k in the definitions named, `hashed_*` of hashed search
    by `hashed_setting`; `_low` and `_high` 95 % bootstrap intervals; times as the bundle has them, in milliseconds an
    image; bytes an image as float32. What is not known is empty; what could not be judged says why under `problem`.
    """
    rows = []
    for number, encoder in enumerate(engine.bundle.encoders, start=1):
        rows.append(encoder_row(engine, replace(setting, encoder=encoder), k, map_metric, mahp_metric))
        if progress:
            progress(number / len(engine.bundle.encoders))
    return to_frame(rows)


def to_frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    """The table of rows of `encoder_row`."""
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    kinds = {name: "Int64" if name in _COUNTS else float for name in COLUMNS if name not in _TEXTS}
    return frame.astype(kinds)


def encoder_row(engine: Engine, setting: Setting, k: int, map_metric: str, mahp_metric: str) -> dict[str, object]:
    """The row of the setting's encoder; see `encoder_table`."""
    bundle, info = engine.bundle, engine.bundle.encoder_info(setting.encoder)
    row: dict[str, object] = {
        "encoder": setting.encoder,
        "made": info["made"],
        "dimensions": info["dimensions"],
        "bytes": 4 * info["dimensions"],
        "similarity": bundle.similarity(setting.encoder),
        **{name: info.get(name) for name in ("parameters", "accuracy", "accuracy_held_out", *TIMES)},
        "k": k,
        "map_metric": map_metric,
        "mahp_metric": mahp_metric,
        "protocol": setting.protocol,
        "hierarchy": setting.hierarchy,
        "bundle": bundle.name,
        "version": bundle.version,
    }
    metrics = {"map": (map_metric, k), "mahp": (mahp_metric, k)}
    try:
        exact = engine.result("exact", setting, sorted({1, k}))
        row["queries"] = len(engine.at(setting).task.queries)
        row |= _judged(exact, {**metrics, "precision_at_1": ("precision", 1)})
        row["tree_correlation"] = tree_correlation(engine, setting)
        chosen = hashed_setting(engine, setting)
        row |= {"hash": chosen.hash, "bits": chosen.bits, "multiplier": format_multiplier(chosen.multiplier)}
        hashed = engine.result("hashed", chosen, [k])
        row |= _judged(hashed, {f"hashed_{name}": asked for name, asked in metrics.items()})
    except BadInput as error:  # of one encoder: the others stand
        row["problem"] = str(error)
    return row


def hashed_setting(engine: Engine, setting: Setting) -> Setting:
    """The setting with the hash and length that its encoder really has: its own where they can be used.

    Else the nearest length; and for a hash that the encoder has not, one whose codes ship at the nearest length, or
    the bundle's default. Raises BadInput where the encoder has no hash at all.
    """
    bundle, encoder = engine.bundle, setting.encoder
    usable = usable_hashes(bundle, encoder)
    if not usable:
        raise BadInput(f"encoder '{encoder}' of '{bundle.name}' has no hash that can be used")

    def nearest(name: str) -> int:
        return min(bits_for(bundle, encoder, name), key=lambda bits: (abs(bits - setting.bits), bits))

    if setting.hash in usable:
        return replace(setting, bits=nearest(setting.hash))
    shipped = [
        name
        for name in _STAND_INS
        if name in usable and find_stored(bundle, encoder, get_hash(name), nearest(name), setting.seed)
    ]
    name = min(shipped, key=lambda name: abs(nearest(name) - setting.bits), default=None)
    if name is None:
        name = bundle.defaults["hash"] if bundle.defaults["hash"] in usable else usable[0]
    return replace(setting, hash=name, bits=nearest(name))


def tree_correlation(engine: Engine, setting: Setting) -> float | None:
    """Rank correlation of the encoder's class similarity with the tree's over pairs of classes; see
    `core.reports.class_similarity`."""
    bundle = engine.bundle
    split = image_split(bundle)
    found = embedding_similarity(
        bundle.embeddings(setting.encoder, split), bundle.labels(split), len(bundle.class_names)
    )
    return rank_correlation(found, bundle.hierarchy(setting.hierarchy).similarity())


def _judged(result: SearchResult, asked: dict[str, tuple[str, int]]) -> dict[str, float]:
    """Mean and interval of each metric at its k, under the names given."""
    values: dict[str, float] = {}
    for name, (metric, k) in asked.items():
        low, high = result.interval(metric, k)
        values |= {name: float(np.mean(result.at(metric, k))), f"{name}_low": low, f"{name}_high": high}
    return values
