"""Honest timing: warm-up, pinned threads, alternating sides, median and p95, results checked equal.

Latency is one query on one thread; throughput is a batch of queries on all threads. They are never compared with
each other. The exact side is timed as BLAS, as faiss and as this project's own scan, so that the fastest of them
can stand against hashed search.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from time import perf_counter_ns

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from core.engine import Engine
from core.search.exact import inner_products, rank_exact
from core.search.hamming import hamming_distances
from core.search.hashed import gathered_products, order_by_similarity, rank_hashed
from core.search.parallel import available_threads, check_threads
from core.search.select import select_by_distance, select_by_score
from core.settings import Setting
from core.space import Space

WARM_UP = 20
LATENCY_RUNS = 300
THROUGHPUT_RUNS = 5
Stages = dict[str, int]  # name -> nanoseconds
Side = Callable[[int], tuple[np.ndarray, Stages]]


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
def pinned(threads: int) -> Iterator[None]:
    """BLAS, OpenMP and faiss use that many threads inside."""
    import faiss

    before = faiss.omp_get_max_threads()
    with threadpool_limits(threads):
        faiss.omp_set_num_threads(threads)
        try:
            yield
        finally:
            faiss.omp_set_num_threads(before)


def time_latency(
    engine: Engine,
    setting: Setting,
    k: int,
    runs: int = LATENCY_RUNS,
    progress: Callable[[float], None] | None = None,
) -> list[Timing]:
    """Latency of one query on one thread, by side and stage, over `runs` queries in random order.

    Every side answers the same query before the next one comes, in an order that turns, so that a drift of the
    machine's speed meets all of them.
    """
    space, codes = engine.space(setting), engine.codes(setting)
    shortlist = setting.shortlist(k, space.size)
    expected_exact, _ = rank_exact(space.queries[:64], space.columns, k, space.exclude[:64], 1)
    expected_hashed, _ = rank_hashed(
        space.queries[:64], space.gallery, codes.query_words[:, :64], codes.gallery_words,
        codes.bits, shortlist, k, space.exclude[:64], codes.distance_cap, 1,
    )  # fmt: skip
    sides = {
        "exact-blas": (_exact_blas(space, k), expected_exact),
        "exact-faiss": (_exact_faiss(space, k), expected_exact),
        "exact-scan": (_exact_scan(space, k), expected_exact),
        "hashed": (_hashed(engine, setting, shortlist, k), expected_hashed),
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
    """Time of a batch of queries on all threads: faiss, this project's exact scan, hashed search, in turn."""
    import faiss

    space, codes = engine.space(setting), engine.codes(setting)
    threads = check_threads(threads)
    batch = min(batch, len(space.queries))
    queries, exclude = space[slice(0, batch)]
    words, shortlist = codes.query_words[:, :batch], setting.shortlist(k, space.size)
    index = faiss.IndexFlatIP(space.gallery.shape[1])
    index.add(space.gallery)
    sides = {
        "exact-faiss": lambda: _drop_self(index.search(queries, k + 1)[1], exclude, k),
        "exact-scan": lambda: rank_exact(queries, space.columns, k, exclude, threads)[0],
        "hashed": lambda: rank_hashed(
            queries, space.gallery, words, codes.gallery_words,
            codes.bits, shortlist, k, exclude, codes.distance_cap, threads,
        )[0],
    }  # fmt: skip
    taken: dict[str, list[int]] = {name: [] for name in sides}
    with pinned(threads):
        first = {name: side() for name, side in sides.items()}
        for _ in range(runs):
            for name, side in sides.items():
                started = perf_counter_ns()
                side()
                taken[name].append(perf_counter_ns() - started)
        reference = dict.fromkeys(("exact-faiss", "exact-scan"), first["exact-scan"])
        reference["hashed"] = rank_hashed(
            queries, space.gallery, words, codes.gallery_words,
            codes.bits, shortlist, k, exclude, codes.distance_cap, 1,
        )[0]  # fmt: skip
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


def _drop_self(ids: np.ndarray, exclude: np.ndarray, k: int) -> np.ndarray:
    """The first k ids of each row without the excluded one (rows are k + 1 long)."""
    kept = np.empty((len(ids), k), ids.dtype)
    for row, (found, own) in enumerate(zip(ids, exclude, strict=True)):
        kept[row] = found[found != own][:k]
    return kept


def _exact_blas(space: Space, k: int) -> Side:
    def search(q: int) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        scores = space.gallery @ space.queries[q]
        t1 = perf_counter_ns()
        if space.exclude[q] >= 0:
            scores[space.exclude[q]] = -np.inf
        top = np.argpartition(scores, len(scores) - k)[-k:]
        top = top[np.argsort(-scores[top], kind="stable")]
        return top, {"product": t1 - t0, "select": perf_counter_ns() - t1}

    return search


def _exact_faiss(space: Space, k: int) -> Side:
    import faiss

    index = faiss.IndexFlatIP(space.gallery.shape[1])
    index.add(space.gallery)

    def search(q: int) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        found = index.search(space.queries[q : q + 1], min(k + 1, index.ntotal))[1][0]
        top = found[found != space.exclude[q]][:k]
        return top, {"product and select": perf_counter_ns() - t0}

    return search


def _exact_scan(space: Space, k: int) -> Side:
    count = len(space.gallery)
    scores, keys = np.empty(count), np.empty(count)
    bin_of, items = np.empty(count, np.int32), np.empty(count, np.int32)
    ids, values = np.empty(k, np.int32), np.empty(k)

    def search(q: int) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        inner_products(space.queries[q], space.columns, scores)
        t1 = perf_counter_ns()
        select_by_score(scores, int(space.exclude[q]), ids, values, bin_of, items, keys)
        return ids, {"product": t1 - t0, "select": perf_counter_ns() - t1}

    return search


def _hashed(engine: Engine, setting: Setting, shortlist: int, k: int) -> Side:
    space, codes = engine.space(setting), engine.codes(setting)
    count = len(space.gallery)
    distances, levels = np.empty(count, np.uint16), np.empty(codes.bits + 1, np.int32)
    near, near_distances = np.empty(shortlist, np.int32), np.empty(shortlist, np.uint16)
    products = np.empty(shortlist)
    cap = codes.bits if codes.distance_cap is None else codes.distance_cap
    rows = np.ascontiguousarray(codes.query_words.T)

    def search(q: int) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        hamming_distances(rows[q], codes.gallery_words, cap, distances)
        t1 = perf_counter_ns()
        select_by_distance(distances, int(space.exclude[q]), near, near_distances, levels)
        t2 = perf_counter_ns()
        gathered_products(space.queries[q], space.gallery, near, products)
        top = near[order_by_similarity(products, near)[:k]]
        return top, {"scan": t1 - t0, "select": t2 - t1, "gather and re-rank": perf_counter_ns() - t2}

    return search
