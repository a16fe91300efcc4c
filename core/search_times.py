"""How long one query takes by each search, for the summary table."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter_ns

import numpy as np

from core.engine import Engine
from core.search.asymmetric import rank_asymmetric
from core.search.hamming import rank_hamming
from core.settings import Setting
from core.timed_hashing import query_hash
from core.timing import WARM_UP, pinned, time_latency

RUNS = 100


def search_times(
    engine: Engine, setting: Setting, k: int, searches: Sequence[str], runs: int = RUNS
) -> dict[str, float]:
    """Median milliseconds of one query on one thread, by search, from its embedding on.

    Exact search is the fastest of its implementations. Making the query's code is part of the other searches, but
    for codes that do not follow from the embedding.
    """
    times: dict[str, float] = {}
    if "exact" in searches or "hashed" in searches:
        whole = {t.side: t.median_ms for t in time_latency(engine, setting, k, runs) if t.work == "query"}
        times["hashed"] = whole.pop("hashed")
        times["exact"] = min(whole.values())
    for search in ("hamming", "asymmetric"):
        if search in searches:
            times[search] = _time_codes(engine, setting, k, search, runs)
    return {search: times[search] for search in searches}


def _time_codes(engine: Engine, setting: Setting, k: int, search: str, runs: int) -> float:
    space, codes, hasher = engine.space(setting), engine.codes(setting), query_hash(engine, setting)
    taken = []
    with pinned(1):
        for run, query in enumerate(np.random.default_rng(0).integers(0, len(space.queries), runs + WARM_UP)):
            row = slice(query, query + 1)
            started = perf_counter_ns()
            if hasher is not None:
                hasher.one(space.queries[query])  # projects, too, what asymmetric search needs
            if search == "hamming":
                words = codes.query_words[:, row], codes.gallery_words
                rank_hamming(*words, codes.bits, k, space.exclude[row], codes.distance_cap, 1)
            else:
                rank_asymmetric(codes.queries.projections[row], codes.gallery.packed, k, space.exclude[row], 1)
            if run >= WARM_UP:
                taken.append(perf_counter_ns() - started)
    return float(np.median(taken)) / 1e6
