"""All timings of a setting in one run: every side, one query and batches, on one thread and on all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from core.engine.engine import Engine
from core.runtime.parallel import check_threads
from core.settings import ALL, Setting
from core.timing.machine_limits import LARGE, Limits, measure_limits
from core.timing.opponents.own import code_bytes
from core.timing.timing import (
    LATENCY_RUNS,
    PATIENCE,
    SMALL,
    THROUGHPUT_RUNS,
    Timing,
    time_latency,
    time_throughput,
    to_table,
)

SEARCHES = ("exact", "hashed", "hamming")
BATCHES: tuple[int | str, ...] = (32, ALL)
# A shorter benchmark, for a page whose reader waits: `large` are the bytes of each of two arrays that the memory's rate
# is measured with, little beside the session; `patience` the seconds for single queries, and for each side's batches.
SHORT_RUNS, SHORT_BATCHES, SHORT_LARGE, SHORT_PATIENCE = 300, (32, 1000), 64_000_000, (8.0, 1.5)


@dataclass(frozen=True)
class Benchmark:
    """`table` has the columns of `core.timing.timing.Timing`; `limits` are the machine's, by number of threads."""

    table: pd.DataFrame
    limits: dict[int, Limits]


def run_benchmark(
    engine: Engine,
    setting: Setting,
    k: int,
    runs: int = LATENCY_RUNS,
    batches: Sequence[int | str] = BATCHES,
    threads: int | None = None,
    searches: Sequence[str] = SEARCHES,
    every: bool = True,
    progress: Callable[[float], object] | None = None,
    large: int = LARGE,
    patience: tuple[float, float] = (float("inf"), PATIENCE),
) -> Benchmark:
    """Time one query at a time and each batch (`all`: all queries), on one thread and on `threads` (None: all).

    The machine's limits are measured first, with arrays as large as the gallery's embeddings and as its codes.
    `patience` are the seconds that single queries may take in all, and each side's batches: on a busy machine fewer
    are timed.
    """
    most = check_threads(threads)
    at = engine.at(setting)
    task = at.task
    sizes = sorted({min(len(task.queries), len(task.queries) if b == ALL else int(b)) for b in batches} - {1})
    counts = sorted({1, most})
    held = None if set(searches) == {"exact"} else int(code_bytes(at.codes) * len(task.gallery))
    steps, done = len(counts) * (2 + len(sizes)), 0

    def step(share: float = 1.0) -> None:
        if progress:
            progress(min(1.0, (done + share) / steps))

    timings: list[Timing] = []
    limits: dict[int, Limits] = {}
    for count in counts:
        limits[count] = measure_limits(count, task.gallery.nbytes, held, large)
        step()
        done += 1
        timings += time_latency(engine, setting, k, runs, step, searches, every, count, limits[count], patience[0])
        done += 1
        for size in sizes:
            often = max(THROUGHPUT_RUNS, runs // 10) if size <= SMALL else THROUGHPUT_RUNS
            timings += time_throughput(
                engine, setting, k, size, count, often, searches, every, limits[count], patience[1]
            )
            step()
            done += 1
    return Benchmark(to_table(timings).astype({"bits": "Int64"}), limits)
