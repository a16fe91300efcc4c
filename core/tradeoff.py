"""Quality and cost over code length x multiplier at one k: the grid, its Pareto front, the cheapest good setting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.codes import bits_for, true_bits
from core.engine import CodePair, Engine
from core.errors import BadInput
from core.hashing.packing import width
from core.metrics.accumulate import Judgements, _tables, empty
from core.metrics.intervals import Z95
from core.metrics.registry import METRICS
from core.metrics.sums import Accumulated
from core.search.exact import rank_exact
from core.search.hamming import rank_hamming
from core.search.parallel import run_blocks
from core.settings import Setting, check_k, format_multiplier, parse_multiplier, shortlist_size
from core.space import Space
from core.timed_hashing import query_hash
from core.timed_searches import Side, exact_sides, hashed_side
from core.timing import pinned
from core.tradeoff_kernel import walk_block

MULTIPLIERS = ("1", "1.25", "1.5", "2", "3", "4", "5", "8", "10", "20")
SAMPLE = 1000  # queries that give the grid at once
_RANKED = 2_000_000  # ranks of whole exact rankings a thread holds at once (24 MB)
_WARM_UP = 5  # queries of `time_grid`: a grid repeats every kernel often enough
Progress = Callable[[float], None]


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

    The exact ranking is made once a query and the Hamming ranking once a length: a shortlist is a beginning of the
    latter, and its re-ranking the order in which its items stand in the former.
    """
    space = engine.space(setting)
    check_k(k, space.size)
    lengths = tuple(bits_for(engine.bundle, setting.encoder, setting.hash) if lengths is None else lengths)
    if not lengths or not multipliers:
        true_bits(engine.bundle, setting.encoder, setting.hash, setting.bits)  # says why the hash cannot be used
        raise BadInput("the grid has no length or no multiplier: name at least one of each")
    multipliers = _ascending(multipliers)
    shortlists = tuple(shortlist_size(parse_multiplier(text), k, space.size) for text in multipliers)
    judgements = engine.judgements(setting, k)
    codes = [engine.codes(replace(setting, bits=bits)) for bits in lengths]
    # The last column is exact search: its shortlist is the gallery.
    sums = [empty(np.full(len(shortlists) + 1, k), judgements) for _ in lengths]
    _fill(space, codes, np.array([*shortlists, space.size]), judgements, sums, engine.threads, progress)
    shape = (len(lengths), len(shortlists))
    names = [name for name, metric in METRICS.items() if metric.compute is not None]
    means, margins = ({name: np.empty(shape) for name in names} for _ in range(2))
    exact = {}
    for name in names:
        for row, each in enumerate(sums):
            values = np.asarray(METRICS[name].compute(each), np.float64)
            differences = values[:, :-1] - values[:, -1:]
            means[name][row] = values[:, :-1].mean(axis=0)
            spread = differences.std(axis=0, ddof=1) if len(values) > 1 else np.zeros(shape[1])
            margins[name][row] = Z95 * spread / np.sqrt(len(values))
            exact[name] = float(values[:, -1].mean())
    return Grid(
        setting, k, lengths, multipliers, shortlists, len(space.queries), *space.gallery.shape, means, margins, exact
    )


def _fill(
    space: Space,
    codes: list[CodePair],
    shortlists: np.ndarray,
    judgements: Judgements,
    sums: list[Accumulated],
    threads: int | None,
    progress: Progress | None,
) -> None:
    tables = _tables(judgements)
    partial = shortlists[shortlists < space.size]
    longest = int(partial[-1]) if len(partial) else 0

    def work(block: slice) -> None:
        queries, exclude = space[block]
        order, _ = rank_exact(queries, space.columns, space.size, exclude, 1)
        for pair, out in zip(codes, sums, strict=True):
            words = pair.query_words[:, block]
            near = rank_hamming(words, pair.gallery_words, pair.bits, longest, exclude, pair.distance_cap, 1).ids
            walk_block(order, near, shortlists, space.query_labels[block], tables, out.pick(block))

    run_blocks(work, len(space.queries), threads, max(8, min(128, _RANKED // space.size)), progress)


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


@dataclass(frozen=True)
class GridTimes:
    """Median latency (ms, one query on one thread) at each length and multiplier, and of each exact side."""

    k: int
    lengths: tuple[int, ...]
    multipliers: tuple[str, ...]
    milliseconds: np.ndarray  # float64 (L, M)
    exact: dict[str, float]
    queries: int
    with_hash: bool  # whether the time holds the step from embedding to code

    @property
    def fastest_exact(self) -> str:
        """The side of exact search that all others must beat."""
        return min(self.exact, key=self.exact.__getitem__)


def time_grid(
    engine: Engine, setting: Setting, k: int, lengths: Sequence[int], multipliers: Sequence[str], queries: int = 50
) -> GridTimes:
    """Time every setting of a grid and exact search on the same seeded queries.

    Each query meets all settings in a random order of its own, so that a drift of the machine's speed falls on all
    alike. Before each timed call the same setting answers another query, untimed: it finds the caches as if it had
    been running alone (without that, exact search, the only one to read the whole gallery, always came to it cold).
    """
    space = engine.space(setting)
    check_k(k, space.size)
    if not lengths or not multipliers:
        raise BadInput("the grid has no length or no multiplier: name at least one of each")
    exact = exact_sides(space, k)
    sides: list[Side] = list(exact.values())
    for bits in lengths:
        at = replace(setting, bits=bits)
        codes, hasher = engine.codes(at), query_hash(engine, at)
        sides += [
            hashed_side(space, codes, hasher, shortlist_size(parse_multiplier(text), k, space.size), k)
            for text in multipliers
        ]
    generator = np.random.default_rng(0)
    chosen = generator.integers(0, len(space.queries), queries + _WARM_UP)
    orders = [generator.permutation(len(sides)) for _ in chosen]
    taken = np.empty((len(chosen), len(sides)), np.int64)
    with pinned(1):
        for row, order in enumerate(orders):
            for side in order:
                sides[side](int(chosen[row - 1]))
                taken[row, side] = sum(sides[side](int(chosen[row]))[1].values())
    medians = np.median(taken[_WARM_UP:], axis=0) / 1e6
    whole = dict(zip(exact, medians[: len(exact)].tolist(), strict=True))
    grid = medians[len(exact) :].reshape(len(lengths), len(multipliers))
    return GridTimes(k, tuple(lengths), tuple(multipliers), grid, whole, queries, hasher is not None)


def _ascending(multipliers: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        sorted({format_multiplier(text) for text in multipliers}, key=lambda text: parse_multiplier(text) or 99)
    )
