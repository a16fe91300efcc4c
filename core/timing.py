"""Honest timing: warm-up, pinned threads, alternating sides, median and p95, results checked equal.

Latency is one query on one thread; throughput is a batch of queries on all threads. They are never compared with
each other. The exact side is timed as BLAS, as faiss and as this project's own scan, so that the fastest of them
can stand against hashed search.
"""

from __future__ import annotations

import gc
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from threading import Lock
from time import perf_counter_ns

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from core.engine import Engine
from core.errors import BadInput
from core.search.exact import rank_exact
from core.search.hashed import rank_hashed
from core.search.parallel import available_threads, check_threads
from core.settings import Setting
from core.space import Space
from core.timed_hashing import query_hash
from core.timed_searches import Stages, batch_blas, drop_self, exact_sides, hashed_side

WARM_UP = 20
LATENCY_RUNS = 300
THROUGHPUT_RUNS = 5
_TIMING = Lock()


@dataclass(frozen=True)
class Timing:
    """One timed thing. `work` is `query`, `query:STAGE` or `batch`; `side` names the implementation."""

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


def machine() -> str:
    """The processor, its cores and the versions that matter for a timing."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{model}, {available_threads()} cores, Python {platform.python_version()}, NumPy {np.__version__}"


def to_table(timings: list[Timing]) -> pd.DataFrame:
    """The timings as the benchmark CSV has them."""
    return pd.DataFrame([vars(t) for t in timings], columns=[field.name for field in fields(Timing)])


@contextmanager
def alone(wait: bool = False) -> Iterator[None]:
    """One timing at a time in this process: two would slow each other down and undo each other's threads.

    While another one runs: waits for its end, or raises BadInput at once.
    """
    if not _TIMING.acquire(blocking=wait):
        raise BadInput("another timing is running on this server: wait until it is done, then measure again")
    try:
        yield
    finally:
        _TIMING.release()


@contextmanager
def pinned(threads: int) -> Iterator[None]:
    """BLAS, OpenMP and faiss use that many threads inside; no garbage is collected, as in `timeit`."""
    import faiss

    before, collects = faiss.omp_get_max_threads(), gc.isenabled()
    with threadpool_limits(threads):
        faiss.omp_set_num_threads(threads)
        gc.collect()
        gc.disable()
        try:
            yield
        finally:
            if collects:
                gc.enable()
            faiss.omp_set_num_threads(before)


def time_latency(
    engine: Engine,
    setting: Setting,
    k: int,
    runs: int = LATENCY_RUNS,
    progress: Callable[[float], None] | None = None,
) -> list[Timing]:
    """Latency of one query on one thread, by side and stage, over `runs` queries in random order.

    Hashed search starts from the query's embedding: making its code is a stage of its own, `hash`. Only codes that
    do not follow from the embedding (an encoder's own layer, imported and control codes) are taken as they are.
    Every side answers the same query before the next one comes, in an order that turns, so that a drift of the
    machine's speed meets all of them. Before each timed call the same side answers another query, untimed: it finds
    the caches as if it had been running alone, not as another side's copy of the gallery left them.
    """
    space, codes = engine.space(setting), engine.codes(setting)
    shortlist = setting.shortlist(k, space.size)
    expected_exact, _ = rank_exact(space.queries[:64], space.columns, k, space.exclude[:64], 1)
    expected_hashed, _ = rank_hashed(
        space.queries[:64], space.gallery, codes.query_words[:, :64], codes.gallery_words,
        codes.bits, shortlist, k, space.exclude[:64], codes.distance_cap, 1,
    )  # fmt: skip
    sides = {
        **{name: (side, expected_exact) for name, side in exact_sides(space, k).items()},
        "hashed": (hashed_side(space, codes, query_hash(engine, setting), shortlist, k), expected_hashed),
    }
    order = np.random.default_rng(0).integers(0, len(space.queries), runs + WARM_UP)
    taken: dict[str, list[Stages]] = {name: [] for name in sides}
    with pinned(1):
        equal = {
            name: all(_same(space, q, side(q)[0], expected[q]) for q in range(len(expected)))
            for name, (side, expected) in sides.items()
        }
        names = list(sides)
        for run, query in enumerate(order):
            for name in names[run % len(names) :] + names[: run % len(names)]:
                sides[name][0](int(order[run - 1]))
                stages = sides[name][0](int(query))[1]
                if run >= WARM_UP:
                    taken[name].append(stages)
            if progress and run % 20 == 0:
                progress(run / len(order))
    timings = []
    for name, stages in taken.items():
        hashed = name == "hashed"
        common = (len(space.gallery), space.gallery.shape[1], codes.bits if hashed else None)
        common = (*common, setting.multiplier if hashed else "", k, 1, 1)
        whole = [sum(stage.values()) for stage in stages]
        timings.append(_timing("query", name, common, whole, equal[name]))
        timings += [
            _timing(f"query:{stage}", name, common, [each[stage] for each in stages], equal[name])
            for stage in stages[0]
        ]
    return timings


def time_throughput(
    engine: Engine,
    setting: Setting,
    k: int,
    batch: int = 1000,
    threads: int | None = None,
    runs: int = THROUGHPUT_RUNS,
) -> list[Timing]:
    """Time of a batch of queries on all threads: BLAS, faiss, this project's exact scan, hashed search, in turn.

    Hashed search starts from the embeddings, as in `time_latency`.
    """
    import faiss

    space, codes = engine.space(setting), engine.codes(setting)
    threads = check_threads(threads)
    batch = min(batch, len(space.queries))
    queries, exclude = space[slice(0, batch)]
    hasher, shortlist = query_hash(engine, setting), setting.shortlist(k, space.size)
    index = faiss.IndexFlatIP(space.gallery.shape[1])
    index.add(space.gallery)

    def hashed(words: np.ndarray, threads: int) -> np.ndarray:
        return rank_hashed(
            queries, space.gallery, words, codes.gallery_words,
            codes.bits, shortlist, k, exclude, codes.distance_cap, threads,
        )[0]  # fmt: skip

    stored = codes.query_words[:, :batch]
    sides = {
        "exact-blas": lambda: batch_blas(space, queries, exclude, k),
        "exact-faiss": lambda: drop_self(index.search(queries, k + 1)[1], exclude, k),
        "exact-scan": lambda: rank_exact(queries, space.columns, k, exclude, threads)[0],
        "hashed": lambda: hashed(stored if hasher is None else hasher.many(queries), threads),
    }
    taken: dict[str, list[int]] = {name: [] for name in sides}
    with pinned(threads):
        first = {name: side() for name, side in sides.items()}
        for _ in range(runs):
            for name, side in sides.items():
                started = perf_counter_ns()
                side()
                taken[name].append(perf_counter_ns() - started)
    reference = dict.fromkeys(sides, first["exact-scan"]) | {"hashed": hashed(stored, 1)}
    timings = []
    for name, times in taken.items():
        hashed = name == "hashed"
        common = (len(space.gallery), space.gallery.shape[1], codes.bits if hashed else None)
        common = (*common, setting.multiplier if hashed else "", k, batch, threads)
        equal = all(_same(space, q, first[name][q], reference[name][q]) for q in range(batch))
        timings.append(_timing("batch", name, common, times, equal))
    return timings


def _timing(work: str, side: str, common: tuple, nanoseconds: list[int], equal: bool) -> Timing:
    median, p95 = np.percentile(np.array(nanoseconds) / 1e6, [50, 95])
    return Timing(work, side, *common, float(median), float(p95), len(nanoseconds), equal)


def _same(space: Space, query: int, found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether two rankings agree but for the order of items that float32 cannot tell apart."""
    if np.array_equal(found, expected):
        return True
    similarities = space.gallery[[found, expected]].astype(np.float64) @ space.queries[query]
    return len(set(found)) == len(expected) and bool(np.abs(similarities[0] - similarities[1]).max() < 1e-5)
