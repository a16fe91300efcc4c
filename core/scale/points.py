"""Measured points: one row a time, with all that it depends on, and the CSV they are kept in."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from core.errors import BadInput
from core.runtime.shared_types import Json

SHIPPED = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "scale.csv"
EXACT_SIDES = ("exact-blas", "exact-faiss", "exact-chunked")
QUERY, BATCH, EVALUATION = "query", "batch", "evaluation"


@dataclass(frozen=True)
class Point:
    """One time. `curve` is the quantity that grows along its curve, `work` is `query`, `query:STAGE`, `batch` or
    `evaluation` (exact and hashed search of a batch and their metrics). Empty where something plays no part.

    `equal`: the ids were compared with the plain search's. `overlap`, `ap` and `ahp` are means over the batch at k.
    `peak_mb`: most memory the process held meanwhile, mapped pages of the gallery's file included.
    """

    curve: str
    work: str
    side: str
    n: int
    dimensions: int
    bits: int | None
    multiplier: str
    k: int
    shortlist: int | None
    batch: int
    threads: int
    median_ms: float
    p95_ms: float
    runs: int
    equal: bool
    overlap: float | None = None
    ap: float | None = None
    ahp: float | None = None
    peak_mb: float | None = None


COLUMNS = tuple(field.name for field in fields(Point))
SAME = ("encoder", "hash", "sources", "noise", "kept_class", "seed", "version", "machine", "date")  # of all rows


def to_table(points: list[Point], same: Json) -> pd.DataFrame:
    """The points as the CSV has them; `same` has the values of `SAME`."""
    table = pd.DataFrame([vars(point) for point in points], columns=list(COLUMNS))
    table = table.astype({"bits": "Int64", "shortlist": "Int64"})
    return table.assign(**{name: same[name] for name in SAME})


def read_points(path: str | Path = SHIPPED) -> pd.DataFrame:
    """The table of a CSV that `python -m core scale` wrote; BadInput for anything else."""
    expected = [*COLUMNS, *SAME]
    try:
        table = pd.read_csv(path, dtype={"multiplier": "str", "bits": "Int64", "shortlist": "Int64"})
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot read '{path}' as measured points: make it with 'python -m core scale'") from error
    if list(table.columns) != expected or table.empty:
        raise BadInput(f"'{path}' has other columns than measured points: make it with 'python -m core scale'")
    return table.assign(multiplier=table["multiplier"].fillna(""))


def fastest_exact(rows: pd.DataFrame) -> pd.DataFrame:
    """Of rows with several exact sides the fastest at each n, k and batch, ascending in n."""
    exact = rows[rows["side"].isin(EXACT_SIDES)]
    best = exact.groupby(["n", "k", "batch"])["median_ms"].idxmin()
    return exact.loc[best].sort_values(["n", "k"]).reset_index(drop=True)
