"""Clients: every request is made and timed, failures are counted, the way to the server is told apart."""

from __future__ import annotations

import threading
import time

import pytest

from core.search.engines.engine import EngineError
from core.studies.approximate import clients
from core.studies.approximate.clients import WARM_UP, measure_all, measure_clients, round_trip_ms
from tests.core.search.engines.memory_engine import MemoryEngine


def test_every_request_is_made_after_a_warm_up():
    asked, lock = [], threading.Lock()

    def request(number):
        with lock:
            asked.append(number)

    found = measure_clients(request, 4, 50)
    assert sorted(asked[4 * WARM_UP :]) == list(range(50))
    assert len(asked) == 50 + 4 * WARM_UP
    assert (found.clients, found.queries, found.errors, found.error) == (4, 50, 0, "")
    assert found.median_ms <= found.p95_ms <= found.p99_ms
    assert measure_clients(request, 8, 20).queries == 80  # ten of each client


def test_clients_ask_at_the_same_time():
    one, many = measure_all(lambda _: time.sleep(0.004), (1, 8), 80)
    assert 4 <= one.median_ms < 40
    assert one.queries_per_s < 250
    assert many.queries_per_s > 2 * one.queries_per_s


def test_failures_are_counted_and_left_out_of_the_times():
    def request(number):
        if number % 10 == 3:
            raise EngineError("the server is busy: ask again")

    found = measure_clients(request, 2, 60)
    assert (found.errors, found.error) == (6, "the server is busy: ask again")
    assert found.queries_per_s > 0


def test_a_server_that_is_gone_is_not_asked_for_ever(monkeypatch):
    asked = []

    def request(number):
        asked.append(number)
        raise EngineError("gone")

    found = measure_clients(request, 2, 10_000)
    assert len(asked) < 2 * WARM_UP + clients.MOST_ERRORS + 3
    assert found.errors >= clients.MOST_ERRORS
    assert found.median_ms != found.median_ms


def test_the_round_trip_is_the_least_request_s():
    server = MemoryEngine()
    assert 0 <= round_trip_ms(server) < 5
    server.round_trip = lambda: time.sleep(0.005)
    assert 5 <= round_trip_ms(server, 5) < 50
    server.down = True
    server.round_trip = server._answer
    with pytest.raises(EngineError):
        round_trip_ms(server)
