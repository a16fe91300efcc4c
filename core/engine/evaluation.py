"""A search judged at every k: kept query by query, or averaged over queries block by block as its sums are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from core.codes.pair import Levels
from core.engine.rankings import Rankings
from core.engine.results import Curve
from core.metrics.accumulate import ROWS, Kept, Sink, accumulate_ranking, accumulate_shortlists
from core.metrics.bands import Averages, weighted_band
from core.metrics.registry import METRICS, quotient_of
from core.metrics.sums import Accumulated
from core.metrics.tables import Judgements
from core.metrics.ties import expected_ap_sum
from core.runtime.parallel import blocks, check_threads

_RANKING_CELLS = 5_120_000  # ranks held at once while rankings are judged (20 MB of ids)
_MOST_CELLS = 25_600_000  # where fewer would leave threads without a block
_PLAIN = {name: metric.compute for name, metric in METRICS.items() if metric.compute is not None}
_EXPECTED = [name for name, metric in METRICS.items() if metric.hamming_only]
Progress = Callable[[float], object]


@dataclass(frozen=True)
class Ranked:
    """What is judged: a search's rankings at `ks` int64 (K,), by `judgements` that reach the last of them.

    `shortlists` int64 (K,) are those of hashed search at each k, None for the other searches.
    """

    search: str
    rankings: Rankings
    judgements: Judgements
    ks: np.ndarray
    shortlists: np.ndarray | None = None

    def sums(self, progress: Progress | None = None) -> Accumulated:
        """The sums of every query at each k."""
        kept = Kept(self.ks, self.judgements.relevant)
        self._fill(kept, progress)
        return kept.sums

    def curves(
        self, keep: int | None = None, progress: Progress | None = None
    ) -> tuple[dict[str, Curve], Accumulated | None]:
        """The mean and band of each metric that is made of a ranking's sums, at each k; the sums at the k to keep."""
        averages = Averages(list(_PLAIN.values()), self.ks, self.judgements.relevant, keep)
        self._fill(averages, progress)
        curves = {name: Curve(self.ks, *band) for name, band in zip(_PLAIN, averages.bands(), strict=True)}
        return curves, None if averages.kept is None else averages.kept.sums

    def _fill(self, out: Sink, progress: Progress | None) -> None:
        """Let `out` take the sums of all queries; as many rankings are held at once as there is room for."""
        searcher, depth = self.rankings.searcher, int(out.ks[-1])
        deepest = depth if self.shortlists is None else int(self.shortlists[-1])
        busy = min(2 * ROWS * check_threads(searcher.threads), _MOST_CELLS // deepest)
        held = max(ROWS, max(busy, _RANKING_CELLS // deepest) // ROWS * ROWS)
        count = len(searcher.queries)
        for rows in blocks(count, held):
            exact, judged = self.rankings.exact(depth, rows), self.judgements[rows]
            if self.shortlists is not None:
                asked = searcher.queries[rows], searcher.gallery, self.rankings.near(deepest, rows)
                accumulate_shortlists(*asked, self.shortlists, exact, judged, out, searcher.threads, rows.start)
            else:
                ids = exact if self.search == "exact" else self.rankings.of(self.search, depth, rows)
                accumulate_ranking(ids, exact, judged, out, searcher.threads, rows.start)
            if progress:
                progress(rows.stop / count)


def expected_curves(every: Levels, relevant: np.ndarray, ks: np.ndarray, threads: int | None) -> dict[str, Curve]:
    """The curves of the metrics that average over ties, of all and relevant items at each distance.

    `relevant` int64 (Q,) are the relevant items of each query, `ks` int64 (K,).
    """
    totals = expected_ap_sum(*every, ks, threads)
    return {name: Curve(ks, *weighted_band(totals, *quotient_of(name).divisors(relevant, ks))) for name in _EXPECTED}


def curves_nbytes(curves: Mapping[str, Curve]) -> int:
    """Memory of curves that share their k, bytes."""
    return sum(3 * curve.mean.nbytes for curve in curves.values()) + max(curve.ks.nbytes for curve in curves.values())
