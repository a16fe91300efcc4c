"""Honest timing: warm-up, pinned threads, alternating sides, median, p95 and p99, results checked right.

Latency is one query on one thread; throughput is a batch of queries. Times of different batches or threads are never
compared with each other. Every search is timed beside its opponents (`core.timing.opponents`), so that the fastest of
them can stand against this project's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from time import perf_counter, perf_counter_ns, sleep

import numpy as np
import pandas as pd

from core.engine.engine import Engine
from core.runtime.parallel import check_threads
from core.runtime.pinning import pinned
from core.search.kinds import search_kind
from core.settings import Setting
from core.timing.machine_limits import Limits
from core.timing.opponents.checks import Reference
from core.timing.opponents.contender import Contender, SearchInputs, Stages, search_inputs
from core.timing.opponents.registry import sides_of
from core.timing.search_cost import search_cost

WARM_UP = 20
LATENCY_RUNS = 300
THROUGHPUT_RUNS = 5
CHECKED = 64  # queries whose answers are compared with the reference
SMALL = 100  # queries: batches up to this size vary more, and what another side left in the caches weighs on them
TURN = 5  # batches of up to that size that a side answers in a row
IN_A_ROW = 60  # and single queries, where there are several threads
REST = 0.12  # seconds after which threads of a library that have nothing to do let go of their cores
PATIENCE = 10.0  # seconds a side may take for its batches; at least LEAST of them are timed
LEAST = 2
LEAST_QUERIES = 20


@dataclass(frozen=True)
class Timing:
    """One timed thing. `work` is `query` or `batch`, or one of their stages as `query:STAGE`; `side` names the
    implementation; `equal` says that its answers were checked and are right, `equal_by` what of them was compared.

    `limit_ms` is the least that this machine could take for that search, NaN where it was not measured.
    """

    work: str
    side: str
    n: int
    dimensions: int
    bits: int | None
    multiplier: str
    k: int
    batch: int
    threads: int
    median_ms: float
    p95_ms: float
    runs: int
    equal: bool
    p99_ms: float
    equal_by: str
    mode: str
    bytes_per_image: float
    items_scanned: int
    items_reranked: int
    limit_ms: float


def to_table(timings: list[Timing]) -> pd.DataFrame:
    """The timings as the benchmark CSV has them."""
    return pd.DataFrame([vars(t) for t in timings], columns=[field.name for field in fields(Timing)])


def time_latency(
    engine: Engine,
    setting: Setting,
    k: int,
    runs: int = LATENCY_RUNS,
    progress: Callable[[float], object] | None = None,
    searches: Sequence[str] = ("exact", "hashed"),
    every: bool = False,
    threads: int = 1,
    limits: Limits | None = None,
    patience: float = np.inf,
) -> list[Timing]:
    """Time of one query, by side and stage, over `runs` queries in random order; latency where `threads` is 1.

    Hashed search starts from the query's embedding: making its code is a stage of its own, `hash`. Only codes that
    do not follow from the embedding (an encoder's own layer, imported and control codes) are taken as they are.
    Every side answers the same query before the next one comes, in an order that turns, so that a drift of the
    machine's speed meets all of them. Before each timed call the same side answers another query, untimed: it finds
    the caches as if it had been running alone, not as another side's copy of the gallery left them. `every` adds the
    opponents that are slow or heavy to load; this project's own sides use one thread for one query whatever `threads`.
    With more than one thread a side answers `IN_A_ROW` queries in a row, once the threads of the side before it sleep.
    Once `patience` seconds are over and `LEAST_QUERIES` were timed, no more are.
    """
    inputs = search_inputs(engine, setting, k, codes=set(searches) != {"exact"})
    order = np.random.default_rng(0).integers(0, len(inputs.task.queries), runs + WARM_UP)
    reference = Reference(inputs, slice(0, min(CHECKED, len(inputs.task.queries))))
    if every:
        _load_torch()
    with pinned(threads):
        sides = sides_of(inputs, searches, 1, threads, every)
        taken: list[list[Stages]] = [[] for _ in sides]
        checked = [
            reference.check(side.search, side.own, np.stack([side.one(q)[0].copy() for q in _places(reference)]))
            for side in sides
        ]
        began = perf_counter()
        turn = 1 if threads == 1 else IN_A_ROW
        for number, first in enumerate(range(0, len(order), turn)):
            if first >= WARM_UP + LEAST_QUERIES and perf_counter() - began > patience:
                break
            for place in [*range(number % len(sides), len(sides)), *range(number % len(sides))]:
                if threads > 1:
                    sleep(REST)
                sides[place].one(int(order[first - 1]))
                for run in range(first, min(first + turn, len(order))):
                    stages = sides[place].one(int(order[run]))[1]
                    if run >= WARM_UP:
                        taken[place].append(stages)
            if progress and first % 20 == 0:
                progress(first / len(order))
    report = _Report(inputs, setting, "query", 1, threads, limits)
    return [timing for args in zip(sides, taken, checked, strict=True) for timing in report.rows(*args)]


def time_throughput(
    engine: Engine,
    setting: Setting,
    k: int,
    batch: int = 1000,
    threads: int | None = None,
    runs: int = THROUGHPUT_RUNS,
    searches: Sequence[str] = ("exact", "hashed"),
    every: bool = False,
    limits: Limits | None = None,
    patience: float = PATIENCE,
) -> list[Timing]:
    """Time of a batch of queries on some threads (None: all), the sides in turn, from the embeddings on.

    Each run is another batch where one is not all queries, the first one of all is the warm-up whose answers are
    checked; of a side that loops over its queries a few of them are. The sides' order turns. Of at most `SMALL` queries
    a side answers `TURN` batches in a row, after one untimed, so that it finds the caches as if it had been running
    alone; and with more than one thread it waits until those of the side before it, which would share its cores, have
    gone to sleep. A side whose batches took `patience` seconds is timed no further; `runs` says how often it was.
    """
    inputs, threads = search_inputs(engine, setting, k, codes=set(searches) != {"exact"}), check_threads(threads)
    count = len(inputs.task.queries)
    batch = min(batch, count)
    reference = Reference(inputs, slice(0, min(CHECKED, batch)))
    starts = np.random.default_rng(0).integers(0, count - batch + 1, runs)
    if every:
        _load_torch()
    with pinned(threads):
        sides = sides_of(inputs, searches, batch, threads, every)
        taken: list[list[Stages]] = [[] for _ in sides]
        found = [side.many(reference.rows if side.loop else slice(0, batch))[0][reference.rows] for side in sides]
        checked = [reference.check(side.search, side.own, ids) for side, ids in zip(sides, found, strict=True)]
        spent, turn = [0.0] * len(sides), TURN if batch <= SMALL else 1
        for number, first in enumerate(range(0, runs, turn)):
            for place in [*range(number % len(sides), len(sides)), *range(number % len(sides))]:
                side = sides[place]
                if spent[place] > patience and len(taken[place]) >= LEAST:
                    continue
                if threads > 1:
                    sleep(REST)
                began = perf_counter()
                if batch <= SMALL:
                    side.many(slice(int(starts[first - 1]), int(starts[first - 1]) + batch))
                for start in starts[first : first + turn].tolist():
                    t0 = perf_counter_ns()
                    stages = side.many(slice(start, start + batch))[1]
                    taken[place].append(_with_rest(stages, perf_counter_ns() - t0))
                spent[place] += perf_counter() - began
    report = _Report(inputs, setting, "batch", batch, threads, limits)
    return [timing for args in zip(sides, taken, checked, strict=True) for timing in report.rows(*args)]


@dataclass(frozen=True)
class _Report:
    """What all timings of one run have in common."""

    inputs: SearchInputs
    setting: Setting
    work: str
    batch: int
    threads: int
    limits: Limits | None

    def rows(self, side: Contender, taken: list[Stages], checked: tuple[bool, str]) -> list[Timing]:
        """The whole and, where there is more than one, each of its stages."""
        whole = [sum(stages.values()) for stages in taken]
        stages = [stage for stage in taken[0] if stage != _REST]
        parts = {self.work: whole}
        if self.work == "query" or len(stages) > 1:
            parts |= {f"{self.work}:{stage}": [each[stage] for each in taken] for stage in stages}
        return [self._timing(work, side, times, checked) for work, times in parts.items()]

    def _timing(self, work: str, side: Contender, nanoseconds: list[int], checked: tuple[bool, str]) -> Timing:
        inputs = self.inputs
        count, dimensions = inputs.task.gallery.shape
        median, p95, p99 = np.percentile(np.array(nanoseconds) / 1e6, [50, 95, 99])
        kind = search_kind(side.search)
        cost = search_cost(inputs, side.search, self.batch)
        limit = np.nan if self.limits is None or ":" in work else cost.least_ms(self.limits)
        return Timing(
            work=work,
            side=side.name,
            n=count,
            dimensions=dimensions,
            bits=inputs.pair.bits if kind.by_code else None,
            multiplier=self.setting.multiplier if kind.shortlisted else "",
            k=inputs.k,
            batch=self.batch,
            threads=self.threads,
            median_ms=float(median),
            p95_ms=float(p95),
            runs=len(nanoseconds),
            equal=checked[0],
            p99_ms=float(p99),
            equal_by=checked[1],
            mode=side.mode,
            bytes_per_image=side.bytes_per_image,
            items_scanned=count,
            items_reranked=inputs.shortlist if kind.shortlisted else 0,
            limit_ms=float(limit),
        )


_REST = "rest"  # what lies between the stages: part of the whole, no stage


def _with_rest(stages: Stages, whole: int) -> Stages:
    return {**stages, _REST: max(0, whole - sum(stages.values()))}


def _places(reference: Reference) -> range:
    return range(reference.rows.start, reference.rows.stop)


def _load_torch() -> None:
    """Load it before threads are pinned: it can only be pinned once it is there."""
    import torch  # noqa: F401
