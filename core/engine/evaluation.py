"""A search judged at every k: kept query by query, or averaged over queries block by block as its sums are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from core.engine.results import Curve, SearchResult
from core.errors import BadInput
from core.metrics.accumulate import ROWS, Kept, Sink, accumulate_ranking, accumulate_shortlists
from core.metrics.bands import Averages, weighted_band
from core.metrics.registry import METRICS, quotient_of
from core.metrics.sums import Accumulated
from core.metrics.tables import Judgements
from core.metrics.ties import expected_ap_sum
from core.runtime.parallel import blocks, check_threads
from core.settings import Setting

if TYPE_CHECKING:
    from core.engine.engine import Engine

_RANKING_CELLS = 5_120_000  # ranks held at once while rankings are judged (20 MB of ids)
_MOST_CELLS = 25_600_000  # where fewer would leave threads without a block
_PLAIN = {name: metric.compute for name, metric in METRICS.items() if metric.compute is not None}
_EXPECTED = [name for name, metric in METRICS.items() if metric.hamming_only]
Progress = Callable[[float], None]


def result_of(
    engine: Engine, search: str, setting: Setting, ks: tuple[int, ...], progress: Progress | None
) -> SearchResult:
    """The sums of every query at each k."""
    judgements, shortlists = engine.judgements(setting, ks[-1]), _shortlists(engine, setting, ks)
    kept = Kept(np.array(ks, np.int64), judgements.relevant)
    _fill(engine, search, setting, shortlists, judgements, kept, progress)
    return _result(engine, search, setting, kept.sums)


def curves_of(
    engine: Engine,
    search: str,
    setting: Setting,
    ks: tuple[int, ...],
    keep: int | None,
    progress: Progress | None,
) -> tuple[dict[str, Curve], SearchResult | None]:
    """The mean and band of each metric that is made of a ranking's sums, at each k; `result_of` the k to keep."""
    judgements, at = engine.judgements(setting, ks[-1]), np.array(ks, np.int64)
    averages = Averages(list(_PLAIN.values()), at, judgements.relevant, keep)
    _fill(engine, search, setting, _shortlists(engine, setting, ks), judgements, averages, progress)
    curves = {name: Curve(at, *band) for name, band in zip(_PLAIN, averages.bands(), strict=True)}
    return curves, None if averages.kept is None else _result(engine, search, setting, averages.kept.sums)


def expected_curves_of(engine: Engine, setting: Setting, ks: tuple[int, ...]) -> dict[str, Curve]:
    """The same of the metrics that average over the ties of Hamming search; BadInput where distances do not tie."""
    every = engine.levels(setting, ks[-1])
    if every is None:
        raise BadInput(f"hash '{setting.hash}': its distances are no whole numbers and do not tie, use 'ap'")
    levels, relevant_levels = every
    at, relevant = np.array(ks, np.int64), engine.judgements(setting, ks[-1]).relevant
    totals = expected_ap_sum(levels, relevant_levels, at, engine.threads)
    return {name: Curve(at, *weighted_band(totals, *quotient_of(name).divisors(relevant, at))) for name in _EXPECTED}


def curves_nbytes(curves: Mapping[str, Curve]) -> int:
    """Memory of curves that share their k, bytes."""
    return sum(3 * curve.mean.nbytes for curve in curves.values()) + max(curve.ks.nbytes for curve in curves.values())


def _result(engine: Engine, search: str, setting: Setting, sums: Accumulated) -> SearchResult:
    ks = tuple(sums.ks.tolist())
    tied = search == "hamming" and engine.codes(setting).whole
    read_levels = partial(engine.levels, setting, ks[-1]) if tied else None
    return SearchResult(search, sums, read_levels, _shortlists(engine, setting, ks) if search == "hashed" else None)


def _shortlists(engine: Engine, setting: Setting, ks: tuple[int, ...]) -> np.ndarray:
    size = engine.task(setting).size
    return np.array([setting.shortlist(k, size) for k in ks], np.int64)


def _fill(
    engine: Engine,
    search: str,
    setting: Setting,
    shortlists: np.ndarray,
    judgements: Judgements,
    out: Sink,
    progress: Progress | None,
) -> None:
    """Let `out` take the sums of all queries; as many rankings are held at once as there is room for."""
    task, depth = engine.task(setting), int(out.ks[-1])
    if search == "hashed" and (shortlists == task.size).all():
        engine.codes(setting)  # refuses a hash that cannot be used
        search = "exact"  # the shortlist is the whole gallery
    deepest = int(shortlists[-1]) if search == "hashed" else depth
    busy = min(2 * ROWS * check_threads(engine.threads), _MOST_CELLS // deepest)
    held = max(ROWS, max(busy, _RANKING_CELLS // deepest) // ROWS * ROWS)
    for rows in blocks(len(task.queries), held):
        exact, judged = engine.exact_ids(setting, depth, rows), judgements[rows]
        if search == "hashed":
            asked = task.queries[rows], task.gallery, engine.near_ids(setting, deepest, rows)
            accumulate_shortlists(*asked, shortlists, exact, judged, out, engine.threads, rows.start)
        else:
            ids = _ranking(engine, search, setting, depth, rows, exact)
            accumulate_ranking(ids, exact, judged, out, engine.threads, rows.start)
        if progress:
            progress(rows.stop / len(task.queries))


def _ranking(engine: Engine, search: str, setting: Setting, depth: int, rows: slice, exact: np.ndarray) -> np.ndarray:
    if search == "exact":
        return exact
    if search == "hamming":
        return engine.near_ids(setting, depth, rows)
    exclude = engine.task(setting).exclude[rows]
    return engine.codes(setting).asymmetric_ids(rows, depth, exclude, engine.threads)
