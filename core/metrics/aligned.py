"""Arrays that begin with a line of the cache, so that a block of eight ranks is never spread over two lines."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel

_LINE = 64  # bytes of a line: eight float64


@kernel
def zeros_by_line(count: int) -> np.ndarray:
    """`count` zeros, float64."""
    room = np.zeros(count + _LINE // 8)
    skipped = (_LINE - np.int64(room.ctypes.data) % _LINE) % _LINE // 8
    return room[skipped : skipped + count]


@kernel
def copied_by_line(values: np.ndarray) -> np.ndarray:
    """A copy of `values`, float64."""
    copy = zeros_by_line(values.shape[0])
    copy[:] = values
    return copy
