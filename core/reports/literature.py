"""The hashing literature's own figures of a setting: look-up within a Hamming radius, precision against recall,
precision over the number returned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.codes.hamming import HammingPair
from core.engine.engine import Engine
from core.engine.evaluation import Progress
from core.errors import BadInput
from core.metrics.intervals import bootstrap
from core.metrics.radius import precision_recall_by_radius, radius_values
from core.search.kinds import search_kind
from core.settings import Setting

RADIUS = 2  # the radius the literature reports
POINTS = 40  # numbers returned at which a whole ranking is judged


@dataclass(frozen=True)
class PrecisionRecall:
    """Mean precision and recall, float64 (P,), at each radius or number returned of `at`, int64 (P,)."""

    at: np.ndarray
    precision: np.ndarray
    recall: np.ndarray


@dataclass(frozen=True)
class RadiusLookup:
    """Look-up within a Hamming radius: precision, average precision and number returned of each query, float64 (Q,).

    A query that finds nothing counts 0 in both.
    """

    radius: int
    precision: np.ndarray
    average_precision: np.ndarray
    returned: np.ndarray

    @property
    def nothing_found(self) -> float:
        """Share of the queries that found nothing within the radius."""
        return float((self.returned == 0).mean())


def radius_lookup(engine: Engine, setting: Setting, radius: int = RADIUS) -> RadiusLookup:
    """Look every query up within a Hamming radius; raises BadInput for a radius below 0 or above the code's bits."""
    task, codes = engine.at(setting).task, _hamming(engine, setting)
    if not 0 <= radius <= codes.bits:
        raise BadInput(f"radius {radius} is outside 0 to {codes.bits}, the length of the codes")
    values = radius_values(
        codes.query_words,
        codes.gallery_words,
        task.query_labels,
        task.gallery_labels,
        task.exclude,
        radius,
        codes.distance_cap,
        engine.threads,
    )
    return RadiusLookup(radius, *values)


def by_radius(engine: Engine, setting: Setting) -> PrecisionRecall:
    """Precision and recall of look-up within radius 0, 1, .. to the largest distance that codes can have."""
    codes = _hamming(engine, setting)
    levels = engine.at(setting).levels()
    assert levels is not None  # whole distances have them
    precision, recall = precision_recall_by_radius(*levels)
    largest = min(codes.bits, codes.cap)
    return PrecisionRecall(np.arange(largest + 1), precision[: largest + 1], recall[: largest + 1])


def by_count(
    engine: Engine, search: str, setting: Setting, points: int = POINTS, progress: Progress | None = None
) -> PrecisionRecall:
    """Precision and recall of the first n, for log-spaced n up to the whole gallery. Takes seconds to minutes.

    Hashed search ends at its shortlist, so it has no such curve: BadInput.
    """
    if search_kind(search).shortlisted:
        raise BadInput("hashed search ranks no more than its shortlist: choose exact, hamming or asymmetric")
    counts = log_counts(engine.at(setting).task.size, points)
    curves = engine.curves(search, setting, counts.tolist(), progress=progress)
    return PrecisionRecall(counts, curves["precision"].mean, curves["recall"].mean)


def _hamming(engine: Engine, setting: Setting) -> HammingPair:
    """The codes, BadInput unless they are compared by Hamming distance."""
    codes = engine.at(setting).codes
    if not isinstance(codes, HammingPair):
        raise BadInput(
            f"hash '{setting.hash}' is compared by {codes.title[1]}, in which a Hamming radius means nothing: "
            "choose a hash of bits that are compared one by one"
        )
    return codes


def log_counts(size: int, points: int = POINTS) -> np.ndarray:
    """At most `points` whole numbers from 1 to `size`, both among them, evenly spaced by their logarithm."""
    return np.unique(np.geomspace(1, size, points).round().astype(np.int64))


def radius_table(found: RadiusLookup) -> pd.DataFrame:
    """Look-up within a radius as one row: precision and mAP with 95 % bootstrap intervals, images returned, queries."""
    row: dict[str, object] = {"radius": found.radius}
    for name, values in (("precision", found.precision), ("map", found.average_precision)):
        low, high = bootstrap(values)
        row |= {name: values.mean(), f"{name}_low": low[0], f"{name}_high": high[0]}
    row |= {"returned": found.returned.mean(), "nothing_found": found.nothing_found, "queries": len(found.precision)}
    return pd.DataFrame([row])


def precision_recall_table(by: str, found: Mapping[str, PrecisionRecall]) -> pd.DataFrame:
    """Precision and recall by search, long form: search, `by` (what `at` counts: radius, returned), at, both."""
    frames = [
        pd.DataFrame({"search": search, "by": by, "at": each.at, "precision": each.precision, "recall": each.recall})
        for search, each in found.items()
    ]
    return pd.concat(frames, ignore_index=True)
