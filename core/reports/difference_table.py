"""Paired comparisons as tables: hashed and Hamming search against exact search, a setting against pinned ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from core.metrics.intervals import Comparison
from core.reports.overview import Row

PAIRED = ("difference", "low", "high", "wins", "ties", "losses", "effect", "p")


def difference_table(rows: Sequence[Row]) -> pd.DataFrame:
    """Columns metric, search, value, exact (its mean and that of exact search), then `PAIRED`: this search less exact
    search on the same queries, with the 95 % interval, wins, ties and losses, effect size and p."""
    records = [
        (row.label, search, getattr(row, search), row.exact, *_paired(getattr(row, f"{search}_difference")))
        for row in rows
        for search in ("hashed", "hamming")
    ]
    return pd.DataFrame(records, columns=["metric", "search", "value", "exact", *PAIRED])


def paired_table(found: Iterable[tuple[str, str, Comparison]]) -> pd.DataFrame:
    """One row a comparison: against (what it is less), metric, then `PAIRED`."""
    records = [(against, metric, *_paired(each)) for against, metric, each in found]
    return pd.DataFrame(records, columns=["against", "metric", *PAIRED])


def _paired(found: Comparison) -> tuple[float, ...]:
    differences = (found.difference, found.low, found.high)
    return (*differences, found.wins, found.ties, found.losses, found.effect, found.p_value)
