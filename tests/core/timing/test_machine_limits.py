from __future__ import annotations

import numpy as np
import pytest

from core.timing.machine_limits import Limits, count_passes, measure_limits, read_all, read_passes


def test_kernels_do_the_work():
    words = np.array([3, 0, 2**63], np.uint64)
    assert read_all(np.array([3, 4], np.uint64)) == 7
    assert count_passes(words, 2) == (2 + 0 + 1) + (1 + 1 + 2)  # compared with 0, then with 1
    assert read_passes(np.array([3, 0], np.uint64), 2) == 4 + 5  # each pass adds one to a word first


@pytest.mark.parametrize("threads", [1, 2])
def test_rates_are_measured(threads):
    limits = measure_limits(threads, 40_000, 8_000, large=800_000)
    rates = (limits.read, limits.copy, limits.reread, limits.codes, limits.popcounts, limits.multiply_adds)
    assert min(rates) > 1e6
    assert (limits.reread_bytes, limits.codes_bytes) == (40_000, 8_000)
    assert f"{threads} thread" in limits.text()


def test_the_least_time_is_that_of_the_slowest_part():
    limits = Limits(1, 1e9, 1e9, 2e9, 100, 4e9, 10, popcounts=1e9, multiply_adds=4e9)
    assert limits.milliseconds(2e6) == pytest.approx(1)
    assert limits.milliseconds(2e6, words=3e6) == pytest.approx(3)
    assert limits.milliseconds(2e6, words=3e6, multiply_adds=20e6) == pytest.approx(5)
    assert limits.milliseconds(2e6, code_bytes=2e6) == pytest.approx(1)  # codes are read at their own rate
    assert limits.milliseconds(0, code_bytes=2e6) == pytest.approx(0.5)
