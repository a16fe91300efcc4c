"""A metric as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.metrics.quotient import Quotient

Ceiling = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Metric:
    """One metric at k. `family` groups definitions that a person chooses between.

    `compute` is its quotient of accumulated sums; None where the ties of Hamming search are averaged
    over, which needs the distances too (`base` then names the metric whose divisor it shares). `ceiling` gives the
    value of a perfect ranking from R (Q,) and k (K,), None where that is 1.
    """

    name: str
    label: str
    family: str
    description: str
    source: str
    compute: Quotient | None
    ceiling: Ceiling | None = None
    hierarchical: bool = False
    base: str | None = None

    @property
    def hamming_only(self) -> bool:
        """Whether it is defined for Hamming search alone."""
        return self.base is not None
