from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.scale.memory import peak_mb, reset_peak


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to reset the peak")
def test_the_peak_is_that_since_the_reset():
    reset_peak()
    before = peak_mb()
    block = np.ones(8_000_000)  # 64 MB
    assert before + 60 < peak_mb() < before + 100
    del block
    reset_peak()
    assert peak_mb() < before + 30
