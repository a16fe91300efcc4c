from __future__ import annotations

from time import perf_counter_ns

import numpy as np
import pytest

from core.compiled import kernel
from core.search.clock import READABLE, now

pytestmark = pytest.mark.skipif(not READABLE, reason="another clock")


@kernel
def _moments(told):
    for i in range(told.shape[0]):
        told[i] = now()


def test_tells_the_moments_of_the_clock_that_python_reads():
    told = np.empty(1000, np.int64)
    _moments(told)
    before = perf_counter_ns()
    _moments(told)
    after = perf_counter_ns()
    assert before <= told[0] < told[-1] <= after
    assert (np.diff(told) >= 0).all()
