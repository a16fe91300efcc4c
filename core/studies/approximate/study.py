"""Approximate indexes judged by labels: what they find of the exact top k, what that costs in quality, and their times.

An index of vectors gives one search. One of codes gives two: its own ranking, and hashed search whose shortlist it
makes, ranked again by this project's exact similarity.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np

from core.engine.experiment import Experiment
from core.engine.results import SearchResult
from core.errors import BadInput
from core.search.engines.engine import ApproximateIndex, Kind, SearchEngine
from core.studies.approximate.clients import CLIENTS, QUERIES, ClientTimes, measure_all, round_trip_ms
from core.studies.approximate.index_text import check_kind, index_text
from core.studies.approximate.judging import judge
from core.studies.approximate.subject import Subject, ask, check_loaded, depth_of, open_subject

BY_VECTORS, BY_CODES, RERANKED = "approximate", "approximate-hamming", "approximate-hashed"
SEARCHES: dict[Kind, tuple[str, ...]] = {"vectors": (BY_VECTORS,), "codes": (BY_CODES, RERANKED)}
Progress = Callable[[float, str], object]  # the share that is done, and what is being done


@dataclass(frozen=True)
class Measured:
    """One search by an approximate index. `needed` is what a query needs of it: k items, or the shortlist's M(k);
    `incomplete` counts the queries for which it found fewer. `clients` are empty where times were not asked for."""

    search: str
    index: ApproximateIndex
    build_s: float
    needed: int
    result: SearchResult
    incomplete: int
    clients: tuple[ClientTimes, ...]


@dataclass(frozen=True)
class Study:
    """Approximate searches of one collection of an engine, at one setting and k; `exact` is exact search's result."""

    engine: str
    version: str
    of: Kind
    k: int
    exact: SearchResult
    round_trip_ms: float
    found: tuple[Measured, ...]


def study(
    engine: SearchEngine,
    at: Experiment,
    k: int,
    of: Kind,
    indexes: Sequence[ApproximateIndex],
    clients: Sequence[int] = CLIENTS,
    queries: int = QUERIES,
    progress: Progress | None = None,
) -> Study:
    """Build each index and search by it; those that differ in their search alone share one build.

    `clients` are the numbers of clients that are timed, with at least `queries` requests each time. What cannot work is
    refused before anything is built: BadInput for an unknown kind, EngineError for rows that the engine does not hold.
    """
    if not indexes:
        raise BadInput("no index is named: name at least one")
    for index in indexes:
        check_kind(engine, of, index)
    at.check_k(k)
    subject = open_subject(at, of)
    check_loaded(engine, subject)
    needed = {search: at.shortlist(k) if search == RERANKED else k for search in SEARCHES[of]}
    for many in needed.values():
        depth_of(engine, subject, many)
    steps = _Steps(progress, sum(1 + 2 * len(group) * len(needed) for group in by_build(indexes)))
    exact = at.result("exact", [k])
    trip, found = round_trip_ms(engine), []
    for group in by_build(indexes):
        took = _build(engine, subject, group[0], steps)
        for index in group:
            for search, many in needed.items():
                asked = Asked(engine, subject, index, k, many, search == RERANKED)
                found.append(_measure(asked, search, took, clients, queries, steps))
    return Study(engine.name, engine.version, of, k, exact, trip, tuple(found))


def by_build(indexes: Sequence[ApproximateIndex]) -> list[list[ApproximateIndex]]:
    """The indexes, those of the same kind and build together, in the order in which each build is first named."""
    groups: list[list[ApproximateIndex]] = []
    for index in indexes:
        same = [group for group in groups if (group[0].kind, group[0].build) == (index.kind, index.build)]
        if same:
            same[0].append(index)
        else:
            groups.append([index])
    return groups


@dataclass(frozen=True)
class Asked:
    """A search by an index that is built: `needed` items of each query, of which `k` are left if it ranks again."""

    engine: SearchEngine
    subject: Subject
    index: ApproximateIndex
    k: int
    needed: int
    reranks: bool

    def answer(self, query: int) -> np.ndarray:
        """The ids of one query, as a client gets them."""
        depth = depth_of(self.engine, self.subject, self.needed)
        return self._top(query, ask(self.engine, self.subject, self.index, slice(query, query + 1), depth)[0])

    def answers(self, say: Callable[[float], object]) -> tuple[list[np.ndarray], int]:
        """The ids of every query, and for how many the index found fewer than are needed."""
        count, size = len(self.subject.queries), self.engine.batch
        depth, found, incomplete = depth_of(self.engine, self.subject, self.needed), [], 0
        for first in range(0, count, size):
            rows = slice(first, min(first + size, count))
            for query, near in enumerate(ask(self.engine, self.subject, self.index, rows, depth), first):
                incomplete += len(near) < self.needed
                found.append(self._top(query, near))
            say(rows.stop / count)
        return found, incomplete

    def _top(self, query: int, near: np.ndarray) -> np.ndarray:
        near = near[: self.needed]
        return self.subject.rerank(query, near, self.k) if self.reranks else near


class _Steps:
    """Progress over steps of one length each."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def say(self, share: float, text: str) -> None:
        """How much of the present step is done."""
        if self.progress:
            self.progress(min(1.0, (self.done + share) / self.total), text)

    def next(self, text: str) -> None:
        """The present step is done."""
        self.done += 1
        self.say(0.0, text)


def _build(engine: SearchEngine, subject: Subject, index: ApproximateIndex, steps: _Steps) -> float:
    """Build an index; the seconds that it took. Engines tell nothing of how far they are, so the time is shown."""
    start = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(engine.build, subject.collection, index)
        while not work.done():
            wait([work], timeout=0.5)
            steps.say(0.0, f"Building {index.kind}: {time.perf_counter() - start:.0f} s")
        work.result()
    took = time.perf_counter() - start
    steps.next(f"Built {index.kind} in {took:.1f} s")
    return took


def _measure(
    asked: Asked, search: str, build_s: float, clients: Sequence[int], queries: int, steps: _Steps
) -> Measured:
    """Quality first, then times: the queries have then been asked once."""
    name = index_text(asked.index)
    found, incomplete = asked.answers(lambda share: steps.say(share, f"Searching by {name}"))
    result = judge(asked.subject.at, search, found, asked.k)
    steps.next(f"Timing {name}")
    order = np.random.default_rng(0).permutation(len(found))
    times = measure_all(lambda number: asked.answer(int(order[number % len(order)])), clients, queries)
    steps.next(f"Timed {name}")
    return Measured(search, asked.index, build_s, asked.needed, result, incomplete, times)
