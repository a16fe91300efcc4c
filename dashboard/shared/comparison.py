"""Exact, hashed and Hamming search side by side at one k: the tables of the overview."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from core.reports.difference_table import difference_table
from core.reports.outcome import Memory
from core.reports.overview import Row
from dashboard.shared.verdict import interval, signed

COLUMNS = ("", "Exact", "Hashed", "Hashed − exact", "Hamming only", "Hamming − exact")


def overview_table(rows: list[Row], memory: Memory, times: Mapping[str, float] | None) -> pd.DataFrame:
    """Everything as text; times are dashes until they are measured."""
    lines: list[tuple[str, ...]] = [
        (
            row.label,
            f"{row.exact:.4f}",
            f"{row.hashed:.4f}",
            interval(row.hashed_difference),
            f"{row.hamming:.4f}",
            interval(row.hamming_difference),
        )
        for row in rows
    ]
    lines.append(_time_line(times))
    lines.append(_memory_line(memory))
    return pd.DataFrame(lines, columns=list(COLUMNS))


def waiting_table(labels: list[str], memory: Memory) -> pd.DataFrame:
    """The overview's table before a search is judged: what is known without, and dots."""
    dots = ["…" for _ in COLUMNS[1:]]
    lines = [(label, *dots) for label in labels]
    return pd.DataFrame([*lines, _time_line(None), _memory_line(memory)], columns=list(COLUMNS))


def detail_table(rows: list[Row]) -> pd.DataFrame:
    """The paired comparisons in full, one row a metric and search."""
    return difference_table(rows).drop(columns=["value", "exact"])


def milliseconds(value: float) -> str:
    """A time with three significant digits."""
    return f"{value:.3g} ms" if value < 1000 else f"{value:,.0f} ms"


def _time_line(times: Mapping[str, float] | None) -> tuple[str, ...]:
    label = "Time for one query"
    if not times:
        return (label, *("…" for _ in COLUMNS[1:]))
    exact, hashed, hamming = (times[search] for search in ("exact", "hashed", "hamming"))
    return (
        label,
        milliseconds(exact),
        milliseconds(hashed),
        _ratio(exact, hashed),
        milliseconds(hamming),
        _ratio(exact, hamming),
    )


def _memory_line(memory: Memory) -> tuple[str, ...]:
    whole = memory.embedding + memory.code
    return (
        "Bytes an image, searched",
        f"{memory.embedding:,}",
        f"{whole:,} (code {memory.code} + embedding)",
        signed(memory.code, 0),
        f"{memory.code}",
        signed(memory.code - memory.embedding, 0),
    )


def _ratio(exact: float, other: float) -> str:
    return f"{exact / other:.1f} times as fast" if other <= exact else f"{other / exact:.1f} times as long"
