"""Honest timing: warm-up, pinned threads, alternating sides, median and p95, results checked equal.

Latency is one query on one thread; throughput is a batch of queries on all threads. They are never compared with
each other. The exact side is timed as BLAS, as faiss and as this project's own scan, so that the fastest of them
can stand against hashed search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from time import perf_counter_ns

import numpy as np
import pandas as pd

from core.code_distances.base import CodePair
from core.conditions import pinned
from core.engine import Engine
from core.search.exact import rank_exact
from core.search.hashed import rerank
from core.search.parallel import check_threads
from core.settings import Setting
from core.space import Space
from core.timed_hashing import query_hash
from core.timed_searches import (
    Side,
    Stages,
    asymmetric_side,
    batch_blas,
    drop_self,
    exact_sides,
    hamming_side,
    hashed_side,
)

WARM_UP = 20
LATENCY_RUNS = 300
THROUGHPUT_RUNS = 5
CHECKED = 64  # queries whose answers are compared with the reference


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


def to_table(timings: list[Timing]) -> pd.DataFrame:
    """The timings as the benchmark CSV has them."""
    return pd.DataFrame([vars(t) for t in timings], columns=[field.name for field in fields(Timing)])


def time_latency(
    engine: Engine,
    setting: Setting,
    k: int,
    runs: int = LATENCY_RUNS,
    progress: Callable[[float], None] | None = None,
    searches: Sequence[str] = ("exact", "hashed"),
) -> list[Timing]:
    """Latency of one query on one thread, by side and stage, over `runs` queries in random order.

    Hashed search starts from the query's embedding: making its code is a stage of its own, `hash`. Only codes that
    do not follow from the embedding (an encoder's own layer, imported and control codes) are taken as they are.
    Every side answers the same query before the next one comes, in an order that turns, so that a drift of the
    machine's speed meets all of them. Before each timed call the same side answers another query, untimed: it finds
    the caches as if it had been running alone, not as another side's copy of the gallery left them.
    """
    space = engine.space(setting)
    sides = _query_sides(engine, setting, k, searches)
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
        common = (*_shape(engine, setting, name), k, 1, 1)
        whole = [sum(stage.values()) for stage in stages]
        timings.append(_timing("query", name, common, whole, equal[name]))
        timings += [
            _timing(f"query:{stage}", name, common, [each[stage] for each in stages], equal[name])
            for stage in stages[0]
        ]
    return timings


def _query_sides(
    engine: Engine, setting: Setting, k: int, searches: Sequence[str]
) -> dict[str, tuple[Side, np.ndarray]]:
    """The sides of one query by name, each with the reference's answers to the first queries."""
    space, codes, hasher = engine.space(setting), engine.codes(setting), query_hash(engine, setting)
    first, shortlist = slice(0, CHECKED), setting.shortlist(k, space.size)
    queries, exclude = space[first]
    sides: dict[str, tuple[Side, np.ndarray]] = {}
    if "exact" in searches:
        expected = rank_exact(queries, space.columns, k, exclude, 1)[0]
        sides |= {name: (side, expected) for name, side in exact_sides(space, k).items()}
    if "hashed" in searches:
        ranked = rerank(queries, space.gallery, codes.rank(first, shortlist, exclude, 1).ids, k, 1)
        sides["hashed"] = (hashed_side(space, codes, hasher, shortlist, k), ranked[0])
    if "hamming" in searches:
        sides["hamming"] = (hamming_side(space, codes, hasher, k), codes.rank(first, k, exclude, 1).ids)
    if "asymmetric" in searches:
        ids = codes.asymmetric_ids(first, k, exclude, 1)
        sides["asymmetric"] = (asymmetric_side(space, codes, hasher, k), ids)
    return sides


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

    def hashed(pair: CodePair, threads: int) -> np.ndarray:
        near = pair.rank(slice(0, batch), shortlist, exclude, threads).ids
        return rerank(queries, space.gallery, near, k, threads)[0]

    sides = {
        "exact-blas": lambda: batch_blas(space, queries, exclude, k),
        "exact-faiss": lambda: drop_self(index.search(queries, k + 1)[1], exclude, k),
        "exact-scan": lambda: rank_exact(queries, space.columns, k, exclude, threads)[0],
        "hashed": lambda: hashed(codes.encoded(queries, hasher), threads),
    }
    taken: dict[str, list[int]] = {name: [] for name in sides}
    with pinned(threads):
        first = {name: side() for name, side in sides.items()}
        for _ in range(runs):
            for name, side in sides.items():
                started = perf_counter_ns()
                side()
                taken[name].append(perf_counter_ns() - started)
    reference = dict.fromkeys(sides, first["exact-scan"]) | {"hashed": hashed(codes, 1)}
    timings = []
    for name, times in taken.items():
        equal = all(_same(space, q, first[name][q], reference[name][q]) for q in range(batch))
        timings.append(_timing("batch", name, (*_shape(engine, setting, name), k, batch, threads), times, equal))
    return timings


def _shape(engine: Engine, setting: Setting, side: str) -> tuple[int, int, int | None, str]:
    """N, dimensions, bits and multiplier as the table has them: empty where they play no part."""
    count, dimensions = engine.space(setting).gallery.shape
    bits = None if side.startswith("exact") else engine.codes(setting).bits
    return count, dimensions, bits, setting.multiplier if side == "hashed" else ""


def _timing(work: str, side: str, common: tuple, nanoseconds: list[int], equal: bool) -> Timing:
    median, p95 = np.percentile(np.array(nanoseconds) / 1e6, [50, 95])
    return Timing(work, side, *common, float(median), float(p95), len(nanoseconds), equal)


def _same(space: Space, query: int, found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether two rankings agree but for the order of items that float32 cannot tell apart."""
    if np.array_equal(found, expected):
        return True
    vectors, asked = space.gallery[[found, expected]].astype(np.float64), space.queries[query].astype(np.float64)
    similarities = vectors @ asked
    rounding = 1e-5 * np.linalg.norm(asked) * np.linalg.norm(vectors, axis=-1).max()
    return len(set(found)) == len(expected) and bool(np.abs(similarities[0] - similarities[1]).max() < rounding)
