"""The shape and the honesty of timings; never their seconds."""

from __future__ import annotations

import gc
from dataclasses import fields

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from core.engine.engine import Engine
from core.errors import BadInput
from core.runtime.parallel import available_threads
from core.runtime.pinning import alone, machine, pinned
from core.settings import Setting
from core.timing import timing as timing_module
from core.timing.opponents.contender import Contender
from core.timing.timing import Timing, time_latency, time_throughput, to_table

K = 5
STAGES = {
    "exact-blas": ["product", "select"],
    "exact-faiss": ["product and select"],
    "exact-scan": ["product", "select"],
    "hashed": ["scan", "select", "gather and re-rank"],
}
BATCH_STAGES = ("product", "select", "scan and select", "gather and re-rank")


def setting(protocol="test-vs-test", name="latent-sigmoid"):
    return Setting("semantic", name, 16, "2", protocol, "wordnet")


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


def check(timing):
    assert timing.equal is True
    assert 0 < timing.median_ms <= timing.p95_ms <= timing.p99_ms
    assert timing.dimensions == 16
    assert timing.k == K
    hashed = timing.side == "hashed"
    assert (timing.multiplier, timing.bits is None) == (("2", False) if hashed else ("", True))


@pytest.mark.parametrize(
    ("protocol", "name", "n"),
    [("test-vs-test", "latent-sigmoid", 60), ("test-vs-train", "random-hyperplane", 150),
     ("test-vs-test-with-self", "predicted-class", 60)],
)  # fmt: skip
def test_latency(engine, protocol, name, n):
    heard = []
    timings = time_latency(engine, setting(protocol, name), K, runs=25, progress=heard.append)
    expected = {("query", side) for side in STAGES}
    expected |= {(f"query:{stage}", side) for side, stages in STAGES.items() for stage in stages}
    if name == "random-hyperplane":  # its code follows from the embedding, so making it is timed too
        expected.add(("query:hash", "hashed"))
    assert {(timing.work, timing.side) for timing in timings} == expected
    assert len(timings) == len(expected)
    for timing in timings:
        check(timing)
        assert (timing.batch, timing.threads, timing.runs, timing.n) == (1, 1, 25, n)
    bits = {"predicted-class": 4}.get(name, 16)
    assert {timing.bits for timing in timings if timing.side == "hashed"} == {bits}
    assert heard == sorted(heard)
    assert all(0 <= share <= 1 for share in heard)


def test_a_stage_takes_no_longer_than_the_whole(engine):
    timings = {(timing.work, timing.side): timing.median_ms for timing in time_latency(engine, setting(), K, runs=9)}
    for side, stages in STAGES.items():
        for stage in stages:
            assert timings[f"query:{stage}", side] <= timings["query", side]


@pytest.mark.parametrize("threads", [1, 2, None])
def test_throughput(engine, threads):
    timings = time_throughput(engine, setting(), K, batch=20, threads=threads, runs=3)
    whole = [timing for timing in timings if timing.work == "batch"]
    assert [timing.side for timing in whole] == ["exact-blas", "exact-faiss", "exact-scan", "hashed"]
    for timing in timings:
        check(timing)
        assert (timing.batch, timing.runs, timing.n) == (20, 3, 60)
        assert timing.threads == (threads or available_threads())


def test_a_batch_is_at_most_all_queries(engine):
    assert {timing.batch for timing in time_throughput(engine, setting(), K, batch=1000, threads=1, runs=1)} == {60}
    with pytest.raises(BadInput, match="threads 0"):
        time_throughput(engine, setting(), K, threads=0)


def test_k_as_large_as_the_gallery(engine):
    for timing in time_latency(engine, setting(), 59, runs=2) + time_throughput(
        engine, setting(), 59, batch=5, threads=1, runs=1
    ):
        assert timing.equal is True


def test_threads_are_pinned_and_given_back():
    import faiss

    def pools():
        return [pool["num_threads"] for pool in threadpool_info()], faiss.omp_get_max_threads()

    before = pools()
    with pinned(1):
        assert set(pools()[0]) == {1}
        assert faiss.omp_get_max_threads() == 1
    assert pools() == before


def test_garbage_collection_rests_while_pinned():
    assert gc.isenabled()
    with pinned(1):
        assert not gc.isenabled()
    assert gc.isenabled()


def test_one_timing_at_a_time():
    with alone(), pytest.raises(BadInput, match="another timing is running"), alone():
        pytest.fail("two at once")
    with alone():
        pass


@pytest.mark.parametrize(("name", "bits"), [("random-hyperplane", 72), ("itq", 8)])
def test_throughput_from_the_embeddings_on(engine, name, bits):
    chosen = Setting("semantic", name, bits, "2", "test-vs-train", "wordnet")
    for timing in time_throughput(engine, chosen, K, batch=30, threads=1, runs=1):
        assert timing.equal is True


def test_a_wrong_answer_is_told(engine, monkeypatch):
    import core.timing.own_searches

    real = core.timing.own_searches.take_block

    def wrong(*given):
        real(*given)
        ids = given[-2]
        ids[0, 0] = ids[0, -1]

    monkeypatch.setattr(core.timing.own_searches, "take_block", wrong)
    equal = {timing.side: timing.equal for timing in time_latency(engine, setting(), K, runs=2)}
    assert equal == {"exact-blas": True, "exact-faiss": True, "exact-scan": False, "hashed": True}


def test_table_and_machine(engine):
    timings = time_throughput(engine, setting(), K, batch=4, threads=1, runs=1)
    table = to_table(timings)
    assert list(table.columns) == [field.name for field in fields(Timing)]
    assert set(table["work"]) == {"batch", *(f"batch:{stage}" for stage in BATCH_STAGES)}
    assert list(to_table([]).columns) == list(table.columns)
    assert f"{available_threads()} cores" in machine()
    assert "NumPy" in machine()


@pytest.mark.parametrize(
    ("batch", "expected"), [(20, ["aaa", "bbb", "bb", "aa"]), (30, ["a", "b", "b", "a", "a", "b"])]
)
def test_a_small_batch_finds_the_caches_its_own_side_left(engine, monkeypatch, batch, expected):
    """Up to SMALL a side answers some in a row, after an untimed one, a larger one comes alone; the order turns."""
    calls, rests = [], []

    def made(name):
        def many(rows):
            calls.append(name)
            return np.zeros((rows.stop - rows.start, K), np.int32), {"scan": 1}

        return Contender(name, "exact", None, many, 1)

    monkeypatch.setattr(timing_module, "SMALL", 25)
    monkeypatch.setattr(timing_module, "TURN", 2)
    monkeypatch.setattr(timing_module, "sleep", rests.append)
    monkeypatch.setattr(timing_module, "sides_of", lambda *_: [made("a"), made("b")])
    timings = time_throughput(engine, setting(), K, batch=batch, threads=1, runs=3)
    assert calls == ["a", "b", *"".join(expected)]
    assert {timing.runs for timing in timings} == {3}
    assert not rests
    time_throughput(engine, setting(), K, batch=batch, threads=2, runs=3)
    assert rests == [timing_module.REST] * len(expected)  # the threads of the side before have gone to sleep


def test_with_threads_a_side_answers_queries_in_a_row_once_the_others_sleep(engine, monkeypatch):
    calls, rests = [], []

    def made(name):
        def one(query):
            calls.append(name)
            return np.arange(K, dtype=np.int32), {"scan": 1}

        return Contender(name, "exact", one, None, 1)

    monkeypatch.setattr(timing_module, "WARM_UP", 2)
    monkeypatch.setattr(timing_module, "IN_A_ROW", 2)
    monkeypatch.setattr(timing_module, "sleep", rests.append)
    monkeypatch.setattr(timing_module, "sides_of", lambda *_: [made("a"), made("b")])
    timings = time_latency(engine, setting(), K, runs=3, threads=2)
    turns = ["aaa", "bbb", "bbb", "aaa", "aa", "bb"]  # an untimed query, then two in a row or what is left
    assert "".join(calls).endswith("".join(turns))
    assert len(rests) == len(turns) and {timing.runs for timing in timings} == {3}
