"""Workers of dask: work in order, few blocks ahead; what is lost is done again, and what cannot be done is one line."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from core.search.door import PackedCodes, Vectors
from core.search.engines.cluster import Cluster
from core.search.engines.engine import EngineError
from core.search.engines.spread import SpreadBackend
from core.search.local import LOCAL
from tests.core.search.engines.dask_clusters import cluster_of_threads, gallery_of

pytest.importorskip("distributed")
HOME = Path(__file__).parents[4]
slow = pytest.mark.slow


def test_few_blocks_are_worked_on_at_once():
    begun = []

    def works():
        for number in range(20):
            begun.append(number)
            yield [(abs, (-number,))]

    with cluster_of_threads(2) as cluster:
        results = cluster.map(works())
        assert next(results) == [0]
        assert len(begun) <= 3
        assert [value for (value,) in results] == list(range(1, 20))


def test_without_any_worker_it_ends_in_one_line(monkeypatch):
    monkeypatch.setattr("core.search.engines.cluster._LOOK", 0.2)
    with cluster_of_threads(0) as cluster, pytest.raises(EngineError, match=r"no worker is left at .*start one"):
        list(cluster.map([[(abs, (-1,))]]))


def test_a_scheduler_that_does_not_answer_is_one_line():
    for address in ("tcp://127.0.0.1:9", "nonsense://127.0.0.1:9"):
        with pytest.raises(EngineError, match=f"no dask scheduler answers at '{address}'"):
            Cluster.connect(address, timeout=0.5)


def test_without_the_package_the_line_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(EngineError, match=r"pip install -r requirements-engines.txt"):
        Cluster.start(1)


def same(found, right):
    assert np.array_equal(found.ids, right.ids) and found.scores.tobytes() == right.scores.tobytes()


@slow
def test_a_worker_killed_in_the_middle_costs_time_and_nothing_else(monkeypatch):
    monkeypatch.setattr("core.search.engines.spread._QUERIES", 50)
    rows = gallery_of(30_000, dimensions=64)
    words = np.random.default_rng(1).integers(0, 2**20, (1, 30_000)).astype(np.uint64)
    vectors, codes, every = Vectors(rows), PackedCodes(20, words), np.arange(1000)
    cluster = Cluster.start(2)
    pids, done, killed = list(cluster.client.run(os.getpid).values()), [], []

    def hear(shards, blocks, shard):
        done.append(shard)
        if len(done) in (20, 130):  # one in each search
            killed.append(pids[len(killed)])
            os.kill(killed[-1], signal.SIGKILL)

    backend = SpreadBackend(cluster, 5, hear=hear)
    asked = rows[:1000], every, 300
    same(backend.open_vectors(vectors).rank(*asked), LOCAL.open_vectors(vectors).rank(*asked))
    asked = words[:, :1000], every, 300
    same(backend.open_codes(codes).rank(*asked), LOCAL.open_codes(codes).rank(*asked))
    assert len(killed) == 2
    assert backend.asked == 2 * 5 * 1000
    backend.close()


@contextmanager
def process(*arguments, cwd=HOME):
    started = subprocess.Popen(
        [sys.executable, *map(str, arguments)], cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": "" if cwd != HOME else str(HOME)},
    )  # fmt: skip
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@contextmanager
def scheduler():
    """A scheduler in a process of its own, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = "--host", "127.0.0.1", "--port", port, "--no-dashboard", "--dashboard-address", "127.0.0.1:0"
    with process("-m", "dask", "scheduler", *options) as started:
        yield started, f"tcp://127.0.0.1:{port}"


def worker(address, cwd=HOME):
    options = "--host", "127.0.0.1", "--no-dashboard", "--nthreads", 1, "--memory-limit", 0, "--no-nanny"
    return process("-m", "dask", "worker", address, *options, cwd=cwd)


def connected(address, workers):
    """A connection as soon as so many workers are there."""
    cluster = Cluster.connect(address, timeout=60)
    end = time.monotonic() + 60
    while len(cluster.workers()) < workers:
        assert time.monotonic() < end, "no worker came"
        time.sleep(0.1)
    return cluster


@slow
def test_workers_of_a_scheduler_by_its_address_and_its_end_in_the_middle_is_one_line(monkeypatch):
    monkeypatch.setattr("core.search.engines.spread._QUERIES", 20)
    rows = gallery_of(6000, dimensions=64)
    with scheduler() as (started, address), worker(address), worker(address):
        done = []

        def hear(shards, blocks, shard):
            done.append(shard)
            if len(done) == 400:
                started.kill()

        backend = SpreadBackend(connected(address, 2), 4, hear=hear)
        index, asked = backend.open_vectors(Vectors(rows)), (rows[:1000], np.arange(1000), 50)
        same(index.rank(*asked), LOCAL.open_vectors(Vectors(rows)).rank(*asked))
        with pytest.raises(EngineError, match=f"the dask cluster at '{address}' did not finish .*scheduler"):
            index.rank(*asked)
        backend.close()


@slow
def test_a_worker_without_this_project_is_one_line(tmp_path):
    rows = gallery_of(300)
    with scheduler() as (_, address), worker(address, cwd=tmp_path):
        backend = SpreadBackend(connected(address, 1), 2)
        with pytest.raises(
            EngineError, match=r"another version of this project's code, or none .*No module named 'core'"
        ):
            backend.open_vectors(Vectors(rows)).rank(rows, np.arange(300), 5)
        backend.close()
