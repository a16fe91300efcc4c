"""What clients wait for: single queries asked by several threads at once, and the way to the server and back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from core.search.engines.engine import SearchEngine

CLIENTS = (1, 8, 32)
QUERIES = 200  # timed, unless that leaves a client fewer than EACH
EACH = 10
WARM_UP = 3  # requests of each client before anything is timed
ROUND_TRIPS = 50
MOST_ERRORS = 20  # after so many failed requests no more are made: each may have waited for a dead server


@dataclass(frozen=True)
class ClientTimes:
    """Requests of one query each from `clients` threads: how long an answered one took, and how many were answered a
    second. `errors` requests failed, `error` is what the first of them said; times are NaN where none was answered."""

    clients: int
    queries: int
    errors: int
    error: str
    median_ms: float
    p95_ms: float
    p99_ms: float
    queries_per_s: float


def measure_clients(request: Callable[[int], object], clients: int, queries: int = QUERIES) -> ClientTimes:
    """Time `request`, which is given the number of a request from 0 up; at least EACH requests per client are made.

    Every client makes WARM_UP requests first, and all start together. A request that fails is counted as an error;
    after MOST_ERRORS of them no more are made.
    """
    total = max(queries, EACH * clients)
    numbers, lock = count(), threading.Lock()
    times: list[float] = []
    errors: list[str] = []
    started: list[float] = []
    ready = threading.Barrier(clients, action=lambda: started.append(time.perf_counter()))  # before any client goes on
    ends = [0.0] * clients

    def client(place: int) -> None:
        for number in range(WARM_UP):
            _timed(request, place * WARM_UP + number)
        ready.wait()
        while len(errors) < MOST_ERRORS and (number := next(numbers)) < total:
            took, error = _timed(request, number)
            with lock:
                if error is None:
                    times.append(took)
                else:
                    errors.append(error)
        ends[place] = time.perf_counter()

    threads = [threading.Thread(target=client, args=(place,), daemon=True) for place in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    median, p95, p99 = (1000 * np.percentile(times, [50, 95, 99])).tolist() if times else [float("nan")] * 3
    speed = len(times) / (max(ends) - started[0]) if times else float("nan")
    return ClientTimes(clients, total, len(errors), errors[0] if errors else "", median, p95, p99, speed)


def measure_all(
    request: Callable[[int], object], clients: Sequence[int] = CLIENTS, queries: int = QUERIES
) -> tuple[ClientTimes, ...]:
    """The same for several numbers of clients, one after the other."""
    return tuple(measure_clients(request, number, queries) for number in clients)


def round_trip_ms(engine: SearchEngine, times: int = ROUND_TRIPS) -> float:
    """The median milliseconds of the least request: what the way to the server and back takes."""
    for _ in range(WARM_UP):
        engine.round_trip()
    took = []
    for _ in range(times):
        start = time.perf_counter()
        engine.round_trip()
        took.append(time.perf_counter() - start)
    return 1000 * float(np.median(took))


def _timed(request: Callable[[int], object], number: int) -> tuple[float, str | None]:
    """Seconds that a request took, and what it said if it failed."""
    start = time.perf_counter()
    try:
        request(number)
    except Exception as error:  # a client that ended here would leave the others waiting for it
        return time.perf_counter() - start, str(error) or type(error).__name__
    return time.perf_counter() - start, None
