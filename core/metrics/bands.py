"""Means over queries and their 95 % normal bands, of all columns in one pass, no table of values made.

Blocks of queries are added up by themselves, then in their order: no number of threads changes a bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from core.compiled import kernel
from core.metrics.intervals import Z95
from core.metrics.quotient import Quotient
from core.metrics.sums import Accumulated
from core.search.parallel import run_blocks

Band = tuple[np.ndarray, np.ndarray, np.ndarray]  # mean, low, high, float64 (K,) each

_BLOCK = 512  # queries added up by themselves; part of the result's last bits
_READ = (np.float32, np.float64, np.int32)  # dtypes that the kernel is compiled for


class _Part(NamedTuple):
    """What is averaged: `total` gives a block of queries (q, K), to be divided by the smaller of row and column."""

    total: Callable[[slice], np.ndarray]
    rows: np.ndarray  # float64 (Q,)
    columns: np.ndarray  # float64 (K,)


def normal_band(values: np.ndarray) -> Band:
    """Mean and 95 % normal band (mean, low, high), float64 (K,), of values (Q, K)."""
    count, width = values.shape
    return _bands([_Part(values.__getitem__, np.ones(count), np.full(width, np.inf))], count, width)[0]


def metric_bands(metrics: Sequence[tuple[Quotient, Accumulated]], threads: int | None = None) -> list[Band]:
    """The same of metrics, each with the sums (of equal shape) that it is made of."""
    if not metrics:
        return []
    parts = [
        _Part(lambda block, metric=metric, sums=sums: metric.total(sums.pick(block)), *metric.divisors(sums))
        for metric, sums in metrics
    ]
    return _bands(parts, *metrics[0][1].hits.shape, threads)


def _bands(parts: list[_Part], count: int, width: int, threads: int | None = None) -> list[Band]:
    first = [_totals(part, slice(0, 1))[0] / np.minimum(part.rows[0], part.columns) for part in parts]
    added = np.zeros((-(-count // _BLOCK), len(parts), 2, width))

    def work(block: slice) -> None:
        for i, part in enumerate(parts):
            _add_block(_totals(part, block), part.rows[block], part.columns, first[i], *added[block.start // _BLOCK, i])

    run_blocks(work, count, threads, _BLOCK)
    return [_band(*each, count) for each in zip(first, added.sum(axis=0), strict=True)]


def _totals(part: _Part, block: slice) -> np.ndarray:
    totals = part.total(block)
    return np.ascontiguousarray(totals, totals.dtype if totals.dtype in _READ else np.float64)


def _band(first: np.ndarray, added: np.ndarray, count: int) -> Band:
    """From sums of differences to the first query's values, and of their squares."""
    difference, squares = added
    mean = first + difference / count
    if count < 2:
        return mean, mean, mean
    variance = np.maximum(squares - difference * (difference / count), 0.0) / (count - 1)
    half = Z95 * np.sqrt(variance / count)
    return mean, mean - half, mean + half


@kernel
def _add_block(
    totals: np.ndarray, rows: np.ndarray, columns: np.ndarray, first: np.ndarray, sums: np.ndarray, squares: np.ndarray
) -> None:
    """Add what each value exceeds that of the first query by, and its square; totals (q, K).

    Against the first query's value: a sum of plain squares would lose a small variance beside a large mean. A divisor
    is never below 1; said again here, so that the loop need not watch for 0.
    """
    for q in range(totals.shape[0]):
        for column in range(totals.shape[1]):
            excess = totals[q, column] / max(min(rows[q], columns[column]), 1.0) - first[column]
            sums[column] += excess
            squares[column] += excess * excess
