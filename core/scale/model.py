"""A model of cost through measured points: a sum of a fixed part and parts in proportion to the work.

Hashed search: time = a + b N W + c M, with W words of 64 bits a code and a shortlist of M. Exact search:
time = a + b N d + c k, with d dimensions. Least squares of the relative residuals, so that the smallest gallery counts
as much as the largest, with no part below 0 (Lawson & Hanson, Solving Least Squares Problems, 1974, chapter 23). The
points are those of the upper two decades of N: smaller galleries fit into the caches and cost less an item.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.scale.points import BATCH, EXACT_SIDES, QUERY

SIDES = (*EXACT_SIDES, "hashed")
DECADES = 100  # largest N over the smallest that a model is made of


@dataclass(frozen=True)
class Work:
    """What a query's cost depends on."""

    n: int
    dimensions: int
    bits: int
    shortlist: int
    k: int

    @property
    def words(self) -> int:
        """64-bit words a code."""
        return -(-self.bits // 64)


@dataclass(frozen=True)
class Model:
    """Milliseconds a query of one side: `fixed + per_scan * scan + per_kept * kept`.

    `scan` is N W or N d, `kept` M or k. `residual` is the root mean square of the relative residuals over `points`
    measured points, `worst` the largest of them, `at_largest` that at the largest N: (model - measured) / measured.
    """

    work: str
    side: str
    threads: int
    fixed: float
    per_scan: float
    per_kept: float
    points: int
    residual: float
    worst: float
    at_largest: float
    largest: int

    def predict(self, work: Work) -> float:
        """Milliseconds a query."""
        hashed = self.side == "hashed"
        scan = work.n * (work.words if hashed else work.dimensions)
        return self.fixed + self.per_scan * scan + self.per_kept * (work.shortlist if hashed else work.k)

    def formula(self) -> str:
        """The model in words, with its coefficients in nanoseconds."""
        parts = ("N × words", "M") if self.side == "hashed" else ("N × d", "k")
        scan, kept = (f"{1e6 * value:.3g} ns × {name}" for value, name in zip(
            (self.per_scan, self.per_kept), parts, strict=True
        ))  # fmt: skip
        terms = [f"{1e3 * self.fixed:.3g} µs", scan, *([kept] if self.per_kept else [])]
        return " + ".join(terms)


def fit_models(table: pd.DataFrame) -> dict[tuple[str, str], Model]:
    """The model of each (work, side) with points at three N or more, from a table of measured points."""
    models = {}
    table = table[table["n"] * DECADES >= table["n"].max()]
    for work in (QUERY, BATCH):
        for side in SIDES:
            rows = table[(table["work"] == work) & (table["side"] == side)]
            if rows["n"].nunique() >= 3:
                models[work, side] = _fit(work, side, rows)
    return models


def _fit(work: str, side: str, rows: pd.DataFrame) -> Model:
    from scipy.optimize import nnls

    n = rows["n"].to_numpy(float)
    if side == "hashed":
        scan = n * np.ceil(rows["bits"].to_numpy(float) / 64)
        kept = rows["shortlist"].to_numpy(float)
    else:
        scan, kept = n * rows["dimensions"].to_numpy(float), rows["k"].to_numpy(float)
    times = rows["median_ms"].to_numpy(float) / rows["batch"].to_numpy(float)
    columns = [np.ones(len(rows)), scan]
    if len(np.unique(kept)) > 1:  # else it cannot be told from the fixed part
        columns.append(kept)
    features = np.stack(columns, axis=1)
    scale = features.max(axis=0)
    found = nnls(features / scale / times[:, None], np.ones(len(rows)))[0] / scale
    relative = features @ found / times - 1
    last = int(np.argmax(n))
    return Model(
        work, side, int(rows["threads"].iloc[0]),
        float(found[0]), float(found[1]), float(found[2]) if len(found) > 2 else 0.0, len(rows),
        float(np.sqrt(np.mean(relative**2))), float(np.abs(relative).max()), float(relative[last]), int(n[last]),
    )  # fmt: skip


def best_exact(models: Mapping[tuple[str, str], Model], work: str, of: Work) -> Model | None:
    """The exact side of least predicted time; None where no exact side has a model."""
    known = [models[work, side] for side in EXACT_SIDES if (work, side) in models]
    return min(known, key=lambda model: model.predict(of), default=None)


def crossover(exact: Model, hashed: Model, of: Work) -> float | None:
    """The N from which on hashed search is the faster by the models: 0 if always, None if never."""
    slope = exact.per_scan * of.dimensions - hashed.per_scan * of.words
    start = hashed.fixed + hashed.per_kept * of.shortlist - exact.fixed - exact.per_kept * of.k
    if slope <= 0:
        return 0.0 if start < 0 and slope == 0 else None
    return max(0.0, start / slope)
