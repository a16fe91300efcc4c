from __future__ import annotations

import threading
import time

import pytest

from core.runtime.cache import ByteCache


def put(cache, key, size):
    return cache.get(key, lambda: (key, size), lambda value: value[1])


def holds(cache, key):
    """Whether a key is still held (asking makes it again where it is not)."""
    made = []
    cache.get(key, lambda: made.append(1) or (key, 1), lambda value: value[1])
    return not made


def test_a_value_is_made_once():
    cache, made = ByteCache(100), []
    for _ in range(3):
        assert cache.get("a", lambda: made.append(1) or "value", lambda value: 10) == "value"
    assert made == [1]


def test_none_is_a_value_too():
    cache, made = ByteCache(100), []
    for _ in range(2):
        assert cache.get("a", lambda: made.append(1), lambda value: 1) is None
    assert made == [1]


def test_the_least_recently_used_goes_first():
    cache = ByteCache(100)
    for key in "abc":
        put(cache, key, 30)
    put(cache, "a", 30)  # now b is the oldest
    put(cache, "d", 30)
    assert [holds(cache, key) for key in "acd"] == [True, True, True]
    assert not holds(cache, "b")


def test_the_limit_is_kept_to_the_byte():
    cache = ByteCache(100)
    put(cache, "a", 60)
    put(cache, "b", 40)
    assert sum(size for _, size in cache._values.values()) == 100
    put(cache, "c", 1)
    assert list(cache._values) == ["b", "c"]


def test_one_value_above_the_limit_is_kept_alone():
    cache = ByteCache(100)
    put(cache, "a", 60)
    put(cache, "huge", 1000)
    assert list(cache._values) == ["huge"]
    put(cache, "b", 60)
    assert list(cache._values) == ["b"]


def test_an_error_poisons_nothing():
    cache = ByteCache(100)

    def fail():
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            cache.get("a", fail, lambda value: 1)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1, lambda value: value // 0)
    assert not cache._locks  # nothing is left behind for keys that may never come again
    assert not cache._values
    assert cache.get("a", lambda: "fine", lambda value: 1) == "fine"


def test_ten_callers_of_one_key_compute_once():
    cache, made, barrier = ByteCache(100), [], threading.Barrier(10)
    found = []

    def make():
        made.append(1)
        time.sleep(0.02)
        return object()

    def call():
        barrier.wait()
        found.append(cache.get("a", make, lambda value: 1))

    run(call, 10)
    assert made == [1]
    assert len(found) == 10
    assert len(set(map(id, found))) == 1


def test_callers_that_waited_for_an_error_try_again_one_at_a_time():
    cache, tries, barrier, outcomes = ByteCache(100), [], threading.Barrier(4), []

    def make():
        tries.append(1)
        time.sleep(0.02)
        if len(tries) == 1:
            raise ValueError("first")
        return "fine"

    def call():
        barrier.wait()
        try:
            outcomes.append(cache.get("a", make, lambda value: 1))
        except ValueError as error:
            outcomes.append(str(error))

    run(call, 4)
    assert sorted(outcomes) == ["fine", "fine", "fine", "first"]
    assert len(tries) == 2


def test_different_keys_do_not_wait_for_each_other():
    cache, barrier = ByteCache(100), threading.Barrier(2, timeout=10)
    # Each make waits for the other: only if both run at once do they end.
    run(lambda: cache.get(threading.get_ident(), barrier.wait, lambda value: 1), 2)
    assert not barrier.broken
    assert len(cache._values) == 2


def test_a_make_may_ask_for_another_key():
    cache = ByteCache(100)
    assert cache.get("outer", lambda: put(cache, "inner", 5), lambda value: 5) == ("inner", 5)


def run(call, count):
    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert not any(thread.is_alive() for thread in threads)
