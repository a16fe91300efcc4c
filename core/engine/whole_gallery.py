"""Exact, Hamming and asymmetric search over the whole gallery, judged by average precision alone: seconds, where a
ranking that is judged by every metric takes minutes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from core.codes.pair import CodePair
from core.engine.evaluation import Progress
from core.engine.experiment import Experiment
from core.engine.results import SearchResult
from core.engine.task import RetrievalTask, relevant_items
from core.errors import BadInput
from core.metrics.registry import METRICS, quotient_of
from core.metrics.sums import unknown_sums
from core.metrics.whole import ap_sum_of_keys, ap_sum_of_levels
from core.runtime.parallel import run_blocks
from core.search.asymmetric import asymmetric_scores
from core.search.kinds import SEARCHES, search_kind
from core.search.products import gathered_products

RANKED = tuple(name for name, kind in SEARCHES.items() if not kind.shortlisted)
_OF_RANKS = ("hits", "ap_sum", "ap_per_hit")  # sums that need no more than the ranks of the relevant items
WHOLE_METRICS = tuple(name for name in METRICS if quotient_of(name).total in _OF_RANKS)
Scan = Callable[[int], np.ndarray]  # the keys (N,) of all items to a query, the nearest item's the least


def can_judge(search: str, metrics: Sequence[str] | None) -> bool:
    """Whether `whole_result` has all of these metrics of a search (None: every metric there is)."""
    return search in RANKED and metrics is not None and set(metrics) <= set(WHOLE_METRICS)


def whole_result(at: Experiment, search: str, progress: Progress | None = None, ties: bool = True) -> SearchResult:
    """The result at k = the gallery's size, with the same values as `at.result`, of `WHOLE_METRICS` alone.

    What the other metrics are made of is NaN; without `ties` those that average over them are missing. Raises BadInput
    for another search, or one that the hash does not have.
    """
    if search not in RANKED:
        raise BadInput(f"search '{search}' is not judged by ranks alone: expected one of {', '.join(RANKED)}")
    task = at.task
    sums = np.zeros((len(task.queries), 1))
    hits = np.zeros(sums.shape, np.int32)
    members_of = relevant_items(task)
    tied = search_kind(search).tied and at.codes.whole
    kernel = ap_sum_of_levels if tied else ap_sum_of_keys
    if search_kind(search).of_values:
        at.codes.real_values()  # refuses before any thread starts
    prepare = partial(_exact, task) if search == "exact" else partial(_SCANS[search], at.codes)

    def work(block: slice) -> None:
        scan = prepare()
        for query in range(block.start, block.stop):
            members = members_of(query)
            hits[query] = len(members)
            sums[query] = kernel(scan(query), members, task.exclude[query])

    run_blocks(work, len(sums), at.threads, progress=progress)
    judged = unknown_sums(np.array([task.size], np.int64), hits[:, 0].astype(np.int64)).with_sums(
        hits=hits, ap_sum=sums, ap_per_hit=sums / np.maximum(hits, 1)
    )
    return SearchResult(search, judged, partial(at.levels, task.size) if tied and ties else None)


def _exact(task: RetrievalTask) -> Scan:
    scores, every = np.empty(len(task.gallery)), np.arange(len(task.gallery), dtype=np.int32)

    def scan(query: int) -> np.ndarray:
        gathered_products(task.queries[query], task.gallery, every, scores)
        return np.negative(scores, out=scores)

    return scan


def _by_code(codes: CodePair) -> Scan:
    scanner = codes.scanner(1)
    return lambda query: scanner.scan(scanner.prepare(query))


def _asymmetric(codes: CodePair) -> Scan:
    values, columns = codes.real_values(), np.ascontiguousarray(codes.gallery.packed.T)
    scores = np.empty(columns.shape[1])

    def scan(query: int) -> np.ndarray:
        asymmetric_scores(values[query], columns, scores)
        return np.negative(scores, out=scores)

    return scan


_SCANS: dict[str, Callable[[CodePair], Scan]] = {"hamming": _by_code, "asymmetric": _asymmetric}
