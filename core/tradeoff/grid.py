"""Quality and cost over code length x multiplier at one k: the grid, its Pareto front, the cheapest good setting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pandas as pd

from core.codes.codes import bits_for, true_bits
from core.codes.pair import CodePair
from core.engine.engine import Engine
from core.errors import BadInput
from core.hashing.packing import width
from core.metrics.accumulate import ROWS, Kept, accumulate_shortlists, judge_rankings
from core.metrics.intervals import Z95
from core.metrics.registry import METRICS
from core.metrics.sums import Accumulated, unknown_sums
from core.runtime.parallel import blocks
from core.settings import Setting, check_k, format_multiplier, parse_multiplier, shortlist_size

MULTIPLIERS = ("1", "1.25", "1.5", "2", "3", "4", "5", "8", "10", "20")
SAMPLE = 1000  # queries that give the grid at once
_RANKED = 5_000_000  # ids of rankings by code held at once (20 MB)
Progress = Callable[[float], object]


@dataclass(frozen=True)
class Grid:
    """Means over queries at each length (rows) and multiplier (columns), float64 (L, M) by metric.

    `margins` are half the 95 % interval (normal) of the paired difference to exact search; `exact` its own means.
    """

    setting: Setting
    k: int
    lengths: tuple[int, ...]
    multipliers: tuple[str, ...]
    shortlists: tuple[int, ...]
    queries: int
    gallery: int  # items that a search scans: N
    dimensions: int
    means: dict[str, np.ndarray]
    margins: dict[str, np.ndarray]
    exact: dict[str, float]

    @property
    def exact_bytes(self) -> int:
        """Bytes that exact search reads for one query."""
        return exact_bytes(self.gallery, self.dimensions)

    def points(self, metric: str) -> pd.DataFrame:
        """One row a setting: hash, bits, multiplier, shortlist, quality, difference to exact, margin, bytes."""
        rows = [
            (
                self.setting.hash, bits, multiplier, shortlist, self.means[metric][row, column],
                self.means[metric][row, column] - self.exact[metric], self.margins[metric][row, column],
                hashed_bytes(self.gallery, bits, shortlist, self.dimensions),
            )
            for row, bits in enumerate(self.lengths)
            for column, (multiplier, shortlist) in enumerate(zip(self.multipliers, self.shortlists, strict=True))
        ]  # fmt: skip
        names = ["hash", "bits", "multiplier", "shortlist", "quality", "difference", "margin", "bytes"]
        return pd.DataFrame(rows, columns=names)


def exact_bytes(gallery: int, dimensions: int) -> int:
    """Bytes of the embeddings that exact search reads for one query: all N, in the float32 that is searched."""
    return gallery * dimensions * 4


def hashed_bytes(gallery: int, bits: int, shortlist: int, dimensions: int) -> int:
    """Bytes that hashed search reads for one query: N packed codes, then the shortlist's float32 embeddings."""
    return gallery * width(bits) + shortlist * dimensions * 4


def with_current(multiplier: str, multipliers: Sequence[str] = MULTIPLIERS) -> tuple[str, ...]:
    """The grid's multipliers and the current one, ascending, 'all' last."""
    return _ascending([*multipliers, multiplier])


def quality_grid(
    engine: Engine,
    setting: Setting,
    k: int,
    lengths: Sequence[int] | None = None,
    multipliers: Sequence[str] = MULTIPLIERS,
    progress: Progress | None = None,
) -> Grid:
    """Every metric at every length (None: all that the hash offers) and multiplier, equal to the engine's results.

    The exact ranking is made once per query and the ranking by code once per length: every shortlist is a beginning
    of the latter.
    """
    return quality_grids(engine, [(setting, lengths)], k, multipliers, progress)[0]


def quality_grids(
    engine: Engine,
    wanted: Sequence[tuple[Setting, Sequence[int] | None]],
    k: int,
    multipliers: Sequence[str] = MULTIPLIERS,
    progress: Progress | None = None,
) -> list[Grid]:
    """Grids of several hashes at once, as `quality_grid`: they share the exact rankings, most of the work.

    `wanted` are settings and lengths; the settings differ in their hash alone.
    """
    if not wanted:
        return []
    first = wanted[0][0]
    at = engine.at(first)
    task = at.task
    check_k(k, task.size)
    multipliers = _ascending(multipliers)
    shortlists = tuple(shortlist_size(parse_multiplier(text), k, task.size) for text in multipliers)
    judgements = at.judgements(k)
    codes, every = [], []
    for setting, lengths in wanted:
        lengths = tuple(bits_for(engine.bundle, setting.encoder, setting.hash) if lengths is None else lengths)
        if not lengths or not multipliers:
            true_bits(engine.bundle, setting.encoder, setting.hash, setting.bits)  # says why it cannot be used
            raise BadInput("the grid has no length or no multiplier: name at least one of each")
        codes.append([engine.at(replace(setting, bits=bits)).codes for bits in lengths])
        every.append(lengths)
    # The last column is exact search.
    sums = [[unknown_sums(np.full(len(shortlists) + 1, k), judgements.relevant) for _ in each] for each in codes]
    _fill(engine, first, k, list(chain.from_iterable(codes)), shortlists, list(chain.from_iterable(sums)), progress)
    items, dimensions = task.gallery.shape
    return [
        Grid(setting, k, lengths, multipliers, shortlists, len(task.queries), items, dimensions, *_means(rows))
        for (setting, _), lengths, rows in zip(wanted, every, sums, strict=True)
    ]


def _means(rows: list[Accumulated]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, float]]:
    """Means, margins and exact's means of each metric, of the sums of each length."""
    means, margins, exact = {}, {}, {}
    for name, quotient in ((name, metric.compute) for name, metric in METRICS.items() if metric.compute is not None):
        tables = [np.asarray(quotient(row), np.float64) for row in rows]
        differences = [values[:, :-1] - values[:, -1:] for values in tables]
        count = len(tables[0])
        means[name] = np.stack([values[:, :-1].mean(axis=0) for values in tables])
        margins[name] = Z95 * np.stack([each.std(axis=0, ddof=min(1, count - 1)) for each in differences])
        margins[name] /= np.sqrt(count)
        exact[name] = float(tables[0][:, -1].mean())
    return means, margins, exact


def _fill(
    engine: Engine,
    setting: Setting,
    k: int,
    codes: list[CodePair],
    shortlists: tuple[int, ...],
    sums: list[Accumulated],
    progress: Progress | None,
) -> None:
    """Fill the sums of each of `codes`: a column for each shortlist, then exact search."""
    task, judgements, at = engine.at(setting).task, engine.at(setting).judgements(k), np.full(len(shortlists), k)
    held = max(ROWS, _RANKED // shortlists[-1] // ROWS * ROWS)
    parts = list(blocks(len(task.queries), held))
    for place, rows in enumerate(parts):
        exact, judged = engine.at(setting).rankings.exact(k, rows), judgements[rows]
        alone = judge_rankings(exact, exact, judged, at[:1], engine.threads)
        for done, (pair, out) in enumerate(zip(codes, sums, strict=True), start=1):
            near = pair.rank(rows, shortlists[-1], task.exclude[rows], engine.threads, scores=False).ids
            kept = Kept(at, judged.relevant)
            accumulate_shortlists(
                task.queries[rows], task.gallery, near, np.array(shortlists), exact, judged, kept, engine.threads
            )
            out.values[rows, :, :-1], out.values[rows, :, -1:] = kept.sums.values, alone.values
            if progress:
                progress((place + done / len(codes)) / len(parts))


def pareto_front(cost: np.ndarray, quality: np.ndarray) -> np.ndarray:
    """Indices, cost ascending, of the points that no other point equals or beats in both; the first of equals.

    >>> pareto_front(np.array([3, 1, 2, 2]), np.array([.9, .5, .5, .7])).tolist()
    [1, 3, 0]
    """
    order = np.lexsort((-np.asarray(quality), np.asarray(cost)))
    best, front = -np.inf, []
    for index in order:
        if quality[index] > best:
            best = quality[index]
            front.append(index)
    return np.array(front, np.int64)


def cheapest_within(points: pd.DataFrame, exact: float, percent: float, cost: str = "bytes") -> int | None:
    """Label of the row of least `cost` (of equals the best) whose quality is at least (1 - percent / 100) of exact's.

    None where no row reaches it; rows without a cost are left out. Raises BadInput outside 0 to 100 %.
    """
    if not 0 <= percent <= 100:
        raise BadInput(f"{percent} % is outside 0 to 100: give the share of exact's quality that may be lost")
    # The tolerance is rounding's: at 0 % a mean that sums the same values in the same order is equal.
    enough = points[(points["quality"] >= exact * (1 - percent / 100) - 1e-12) & points[cost].notna()]
    if enough.empty:
        return None
    return enough.sort_values([cost, "quality"], ascending=[True, False], kind="stable").index[0]


def _ascending(multipliers: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        sorted({format_multiplier(text) for text in multipliers}, key=lambda text: parse_multiplier(text) or 99)
    )
