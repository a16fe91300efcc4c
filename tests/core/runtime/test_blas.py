from __future__ import annotations

from threading import Barrier, Thread

import numpy as np  # its BLAS is the one that is counted
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from core.runtime import blas
from core.runtime.blas import blas_threads


def taken():
    return {
        each["num_threads"]
        for each in threadpool_info()
        if each["user_api"] == "blas" and each.get("threading_layer") != "openmp"
    }


@pytest.fixture(autouse=True)
def three(monkeypatch):
    """As on a machine with three cores."""
    assert np.ones((2, 2)).sum() == 4
    monkeypatch.setattr(blas, "_natural", {})
    with threadpool_limits(3, user_api="blas"):
        yield


def test_the_fewest_that_anyone_asks_for():
    with blas_threads(2):
        assert taken() == {2}
        with blas_threads(1):
            assert taken() == {1}
            with blas_threads(2):
                assert taken() == {1}
        assert taken() == {2}
    assert taken() == {3}


def test_an_error_takes_it_back():
    with pytest.raises(ZeroDivisionError), blas_threads(1):
        raise ZeroDivisionError
    assert taken() == {3}


def test_sessions_whose_ends_cross_leave_what_was_there():
    """The first to begin ends first: by itself it would have restored what the second one then undid for good."""
    begun, ended, seen = Barrier(2), Barrier(2), []

    def first():
        with blas_threads(1):
            begun.wait(10)
        ended.wait(10)

    def second():
        begun.wait(10)
        with blas_threads(2):
            ended.wait(10)
            seen.append(taken())

    threads = [Thread(target=each) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert seen == [{2}]
    assert taken() == {3}


def test_a_timing_keeps_its_number_whatever_other_sessions_ask_for():
    begun, done, seen = Barrier(2), Barrier(2), []

    def other():
        begun.wait(10)
        with blas_threads(1):
            seen.append(taken())
            done.wait(10)

    thread = Thread(target=other)
    thread.start()
    with blas_threads(2, firm=True):
        begun.wait(10)
        done.wait(10)
        with blas_threads(1):  # its own search counts
            seen.append(taken())
        seen.append(taken())
    thread.join(20)
    assert seen == [{2}, {1}, {2}]
    assert taken() == {3}


def test_what_another_library_limits_meanwhile_is_not_kept():
    with blas_threads(2):
        pass
    with threadpool_limits(1, user_api="blas"), blas_threads(2):
        assert taken() == {2}
    with blas_threads(1):
        pass
    assert taken() == {3}
