"""Rankings and shortlists of a block of queries, judged and averaged in one compiled call.

A few queries at a time: their sums are still in the second-level cache when they are averaged. And threads that called
a kernel for each step would wait for each other longer than it takes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.compiled import kernel
from core.metrics.accumulate_kernels import ranking_block
from core.metrics.moments import finish_moments
from core.metrics.shortlist_kernels import shortlist_block
from core.metrics.sums import Accumulated, Tables
from core.metrics.totals import add_totals

ROWS = 64  # queries at a time


class Room(NamedTuple):
    """Where a block of q queries is averaged, as `add_totals` has it: `sums` and `made` have room for ROWS of them.

    `kept` takes the sums of each of the q at one column, -1 for none.
    """

    sums: Accumulated
    made: np.ndarray
    first: np.ndarray
    numbers: np.ndarray
    by_row: np.ndarray
    by_column: np.ndarray
    moments: np.ndarray
    kept: Accumulated
    column: int


@kernel
def ranking_averages(
    ids: np.ndarray,
    exact_ids: np.ndarray,
    query_labels: np.ndarray,
    ideal_rows: np.ndarray,
    tables: Tables,
    room: Room,
) -> None:
    """As `ranking_block`, averaged."""
    for start in range(0, ids.shape[0], ROWS):
        end = min(start + ROWS, ids.shape[0])
        judged = query_labels[start:end], ideal_rows[start:end], tables
        ranking_block(ids[start:end], exact_ids[start:end], *judged, room.sums)
        _take(start, end, room)
    _finish(ids.shape[0], room)


@kernel
def shortlist_averages(
    queries: np.ndarray,
    gallery: np.ndarray,
    near: np.ndarray,
    shortlists: np.ndarray,
    exact_ids: np.ndarray,
    query_labels: np.ndarray,
    ideal_rows: np.ndarray,
    tables: Tables,
    room: Room,
) -> None:
    """As `shortlist_block`, averaged."""
    for start in range(0, queries.shape[0], ROWS):
        end = min(start + ROWS, queries.shape[0])
        judged = exact_ids[start:end], query_labels[start:end], ideal_rows[start:end], tables
        shortlist_block(queries[start:end], gallery, near[start:end], shortlists, *judged, room.sums)
        _take(start, end, room)
    _finish(queries.shape[0], room)


@kernel
def _take(start: int, end: int, room: Room) -> None:
    """Add the sums of the queries from `start` to before `end`, the first ones of `room.sums`."""
    sums, kept, count = room.sums, room.kept, end - start
    shares = room.numbers, room.by_row[:, start:end], room.by_column
    add_totals(sums, count, *shares, room.made, room.first, room.moments, start == 0)
    if room.column < 0:
        return
    for q in range(count):
        place, column = start + q, room.column
        kept.hits[place, 0], kept.shared[place, 0] = sums.hits[q, column], sums.shared[q, column]
        kept.ap_sum[place, 0], kept.ahp_sum[place, 0] = sums.ap_sum[q, column], sums.ahp_sum[q, column]
        kept.hp[place, 0], kept.hp_first[place, 0] = sums.hp[q, column], sums.hp_first[q, column]
        kept.ndcg[place, 0] = sums.ndcg[q, column]
        kept.ndcg_hierarchical[place, 0] = sums.ndcg_hierarchical[q, column]


@kernel
def _finish(count: int, room: Room) -> None:
    for m in range(room.numbers.shape[0]):
        finish_moments(count, room.first[m], room.moments[m])
