from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest

from core.scale.memory import peak_mb, reset_peak


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to reset the peak")
def test_the_peak_is_that_since_the_reset():
    reset_peak()
    before = peak_mb()
    block = mmap.mmap(-1, 64_000_000)  # of pages that the process has not held before
    np.frombuffer(block, np.uint8)[:] = 1  # the view is gone at once, so that the block can be closed
    assert before + 60 < peak_mb() < before + 100
    block.close()
    reset_peak()
    assert peak_mb() < before + 30
