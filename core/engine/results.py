"""The result of one search: values of any metric by query, means and intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.codes.pair import Levels
from core.errors import BadInput
from core.metrics.intervals import bootstrap
from core.metrics.registry import METRICS, get_metric, quotient_of
from core.metrics.sums import Accumulated
from core.metrics.ties import expected_ap_sum
from core.search.kinds import search_kind


@dataclass(frozen=True)
class Curve:
    """A metric over k: mean and 95 % normal band over queries, float64 (K,) each."""

    ks: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class SearchResult:
    """Sums of one search at each k. `read_levels` gives all and relevant items by distance, for Hamming search where
    distances are whole numbers: few metrics ask for them; `shortlists` the shortlist at each k, for hashed search."""

    search: str
    sums: Accumulated
    read_levels: Callable[[], Levels | None] | None = None
    shortlists: np.ndarray | None = None

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""
        return self.sums.nbytes

    @property
    def ks(self) -> np.ndarray:
        """The k at which it was judged, ascending int64 (K,)."""
        return self.sums.ks

    @property
    def without_relevant(self) -> int:
        """Number of queries without any relevant item (R = 0); they count 0."""
        return int((self.sums.relevant == 0).sum())

    def metrics(self) -> list[str]:
        """Names of the metrics that this search has."""
        return [name for name, metric in METRICS.items() if self.read_levels is not None or not metric.hamming_only]

    def values(self, metric: str) -> np.ndarray:
        """Values (Q, K) of a metric; raises BadInput where this search does not have it."""
        return quotient_of(metric)(self._made_of(metric, self.sums))

    def at(self, metric: str, k: int) -> np.ndarray:
        """Values float64 (Q,) at one of the k."""
        column = self.column(k)
        picked = self._made_of(metric, self.sums.pick(columns=slice(column, column + 1)))
        return np.asarray(quotient_of(metric)(picked), dtype=np.float64)[:, 0]

    def column(self, k: int) -> int:
        """The column of k; raises BadInput where it was not judged at this k."""
        column = int(np.searchsorted(self.ks, k))
        if column == len(self.ks) or self.ks[column] != k:
            raise BadInput(f"k {k} was not evaluated: expected one of {', '.join(map(str, self.ks[:20]))} ...")
        return column

    def mean(self, metric: str, k: int) -> float:
        """Mean over queries at one k."""
        return float(self.at(metric, k).mean())

    def interval(self, metric: str, k: int, seed: int = 0) -> tuple[float, float]:
        """95 % bootstrap interval of the mean at one k."""
        low, high = bootstrap(self.at(metric, k), seed)
        return float(low[0]), float(high[0])

    def ceiling(self, metric: str, ks: np.ndarray | None = None) -> np.ndarray:
        """Mean value of a perfect ranking at `ks` int64 (K,), or at those judged: float64 (K,); R = 0 reaches 0."""
        relevant, ceiling, ks = self.sums.relevant, get_metric(metric).ceiling, self.ks if ks is None else ks
        if metric == "overlap":  # needs no relevant item
            return np.full(len(ks), 1.0)
        reach = np.ones((len(relevant), len(ks))) if ceiling is None else ceiling(relevant, ks)
        return np.where((relevant > 0)[:, None], reach, 0.0).mean(axis=0)

    def _made_of(self, name: str, sums: Accumulated) -> Accumulated:
        """The sums that a metric is made of, from those of the ranking."""
        if not get_metric(name).hamming_only:
            return sums
        if self.read_levels is None and search_kind(self.search).tied:
            raise BadInput(f"metric '{name}' averages over equal distances: this code's are no whole numbers, use 'ap'")
        if self.read_levels is None:
            raise BadInput(f"metric '{name}' is defined for Hamming search alone, not for {self.search} search")
        levels = self.read_levels()
        assert levels is not None  # whole distances have them
        return sums.with_sums(ap_sum=expected_ap_sum(*levels, sums.ks))
