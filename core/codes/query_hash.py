"""The step from a query's embedding to its code, for one query and for many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class QueryHash:
    """`one`: embedding float32 (d,) -> words uint64 (W,); `many`: float32 (Q, d) -> words uint64 (W, Q).

    `signs`: float32 (Q, d) -> bool (Q, bits), the same code with nothing packed, for searches of codes as floats.
    `linear`: the mean float32 (d,) and the projection float32 (d, bits) whose signs the code is; None where it is not.
    """

    one: Callable[[np.ndarray], np.ndarray]
    many: Callable[[np.ndarray], np.ndarray]
    signs: Callable[[np.ndarray], np.ndarray]
    linear: tuple[np.ndarray, np.ndarray] | None = None
