"""What the measured points say: milliseconds per query, how much faster hashed search is, from which N on, and what
quality it keeps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.runtime.shared_types import named_rows
from core.scale.model import Model, Work, best_exact, crossover
from core.scale.points import BATCH, EVALUATION, QUERY, fastest_exact

Models = Mapping[tuple[str, str], Model]


@dataclass(frozen=True)
class Speed:
    """Milliseconds per query of the fastest exact search and of hashed search, at one N."""

    n: int
    exact_ms: float
    hashed_ms: float

    @property
    def ratio(self) -> float:
        """How many times as fast hashed search is."""
        return self.exact_ms / self.hashed_ms


@dataclass(frozen=True)
class Batches:
    """Batches at the largest N that was measured with them: speed, and what hashed search keeps of the quality at k."""

    speed: Speed
    k: int
    hashed_ap: float
    exact_ap: float
    overlap: float


@dataclass(frozen=True)
class Findings:
    """One query at the largest N measured, batches (None: not measured), and from which N on hashed search is faster.

    `pays_from` is the least N measured from which on hashed search is always faster, None where it is not at the
    largest; `smallest` is the least N measured.
    """

    query: Speed
    batches: Batches | None
    pays_from: int | None
    smallest: int


def middle(table: pd.DataFrame) -> Work:
    """The setting that all curves share, at the largest N of the curve of N."""
    rows = table[(table["curve"] == "n") & (table["side"] == "hashed") & (table["work"] == QUERY)]
    row = rows.sort_values("n").iloc[-1]
    return Work(int(row["n"]), int(row["dimensions"]), int(row["bits"]), int(row["shortlist"]), int(row["k"]))


def per_query(table: pd.DataFrame, curve: str, work: str) -> pd.DataFrame:
    """The points of a curve, ascending along it, with `at`, the place on it, and `ms` and `p95`, milliseconds per
    query."""
    rows = table[(table["curve"] == curve) & (table["work"] == work)].copy()
    rows["ms"] = rows["median_ms"] / rows["batch"]
    rows["p95"] = rows["p95_ms"] / rows["batch"]
    rows["at"] = pd.to_numeric(rows[curve])
    return rows.sort_values("at", kind="stable").reset_index(drop=True)


def speeds(table: pd.DataFrame, work: str) -> list[Speed]:
    """The speed at each N of the curve where both searches were measured, ascending."""
    rows = per_query(table, "n", work)
    exact = fastest_exact(rows).set_index("n")["ms"]
    hashed = rows[rows["side"] == "hashed"].set_index("n")["ms"]
    both = pd.DataFrame({"exact": exact, "hashed": hashed}).dropna()
    return [Speed(int(row.Index), float(row.exact), float(row.hashed)) for row in named_rows(both)]


def findings(table: pd.DataFrame) -> Findings:
    """What a table of measured points says."""
    one, many = speeds(table, QUERY), speeds(table, BATCH)
    batches = None
    if many:
        at = table[(table["work"] == BATCH) & (table["n"] == many[-1].n)].set_index("side")
        ap, overlap = at["ap"], at["overlap"]
        batches = Batches(many[-1], int(at["k"]["hashed"]), ap["hashed"], ap["exact-chunked"], overlap["hashed"])
    return Findings(one[-1], batches, pays_from(one), one[0].n)


def pays_from(speeds: Sequence[Speed]) -> int | None:
    """The least N from which on hashed search is faster at every N measured; None where it is not at the largest."""
    slower = max((each.n for each in speeds if each.ratio <= 1), default=-1)
    return min((each.n for each in speeds if each.n > slower), default=None)


def crossing(models: Models, work: str, of: Work) -> float | None:
    """The N from which on hashed search is the faster by the models: 0 always, infinity never; None without models."""
    hashed, exact = models.get((work, "hashed")), best_exact(dict(models), work, of)
    if hashed is None or exact is None:
        return None
    n = crossover(exact, hashed, of)
    return math.inf if n is None else n


def batch_quality(table: pd.DataFrame) -> pd.DataFrame:
    """One row per N and search of the batches: n, side, batch_s, per_second, ap, ahp, overlap, peak_gb, equal."""
    rows = per_query(table, "n", BATCH)
    return rows[["n", "side"]].assign(
        batch_s=rows["median_ms"] / 1000,
        per_second=1000 / rows["ms"],
        ap=rows["ap"],
        ahp=rows["ahp"],
        overlap=rows["overlap"],
        peak_gb=rows["peak_mb"] / 1000,
        equal=rows["equal"],
    )


def evaluations(table: pd.DataFrame) -> pd.DataFrame:
    """Exact and hashed search of a batch with their metrics, one row per N: n, seconds, peak_gb (NaN: unknown)."""
    rows = table[table["work"] == EVALUATION].sort_values("n")
    return pd.DataFrame({"n": rows["n"], "seconds": rows["median_ms"] / 1000, "peak_gb": rows["peak_mb"] / 1000})


def works_of(points: pd.DataFrame, of: Work) -> dict[str, list[Work]]:
    """The work of each point, by side, in the order of the points; `of` stands in for what plays no part."""
    works: dict[str, list[Work]] = {}
    for row in points.to_dict("records"):
        codes = {} if pd.isna(row["bits"]) else {"bits": int(row["bits"]), "shortlist": int(row["shortlist"])}
        works.setdefault(row["side"], []).append(replace(of, n=int(row["n"]), k=int(row["k"]), **codes))
    return works


def sized(of: Work, counts: np.ndarray, sides: Iterable[str]) -> dict[str, list[Work]]:
    """The work of each side at other N."""
    return {side: [replace(of, n=n) for n in counts] for side in sides}


def model_lines(models: Models, work: str, works: Mapping[str, Sequence[Work]]) -> dict[str, np.ndarray]:
    """Milliseconds per query by the model of each side that has one, at each of the side's `works`."""
    return {
        side: np.array([models[work, side].predict(each) for each in every])
        for side, every in works.items()
        if (work, side) in models
    }
