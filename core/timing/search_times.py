"""How long one query takes by each search, for the summary table."""

from __future__ import annotations

from collections.abc import Sequence

from core.engine.engine import Engine
from core.settings import Setting
from core.timing.timing import time_latency

RUNS = 100


def search_times(
    engine: Engine, setting: Setting, k: int, searches: Sequence[str], runs: int = RUNS
) -> dict[str, float]:
    """Median milliseconds of one query on one thread, by search, from its embedding on.

    Exact search is the fastest of its implementations. Making the query's code is part of the other searches, but
    for codes that do not follow from the embedding. All are timed in turn, in one run.
    """
    timings = time_latency(engine, setting, k, runs, searches=searches)
    whole = {timing.side: timing.median_ms for timing in timings if timing.work == "query"}
    exact = [milliseconds for side, milliseconds in whole.items() if side.startswith("exact")]
    return {search: min(exact) if search == "exact" else whole[search] for search in searches}
