"""Time per query over code length x multiplier: what the trade-off's quality is set against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from core.engine.engine import Engine
from core.errors import BadInput
from core.runtime.pinning import pinned
from core.settings import Setting, check_k, parse_multiplier, shortlist_size
from core.timing.opponents.contender import SearchOne, search_inputs
from core.timing.opponents.registry import exact_sides
from core.timing.own_searches import hashed_side
from core.timing.query_hashing import query_hash

_WARM_UP = 5  # queries: a grid repeats every kernel often enough


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

    @property
    def by_setting(self) -> dict[tuple[int, str], float]:
        """The median of each length and multiplier."""
        keys = product(self.lengths, self.multipliers)
        return dict(zip(keys, self.milliseconds.ravel().tolist(), strict=True))


def time_grid(
    engine: Engine, setting: Setting, k: int, lengths: Sequence[int], multipliers: Sequence[str], queries: int = 50
) -> GridTimes:
    """Time every setting of a grid and exact search on the same seeded queries.

    Each query meets all settings in a random order of its own, so that a drift of the machine's speed falls on all
    alike. Before each timed call the same setting answers another query, untimed: it finds the caches as if it had
    been running alone (without that, exact search, the only one to read the whole gallery, always came to it cold).
    """
    task = engine.at(setting).task
    check_k(k, task.size)
    if not lengths or not multipliers:
        raise BadInput("the grid has no length or no multiplier: name at least one of each")
    exact = {side.name: side.one for side in exact_sides(search_inputs(engine, setting, k, codes=False))}
    sides: list[SearchOne] = list(exact.values())
    for bits in lengths:
        at = replace(setting, bits=bits)
        codes, hasher = engine.at(at).codes, query_hash(engine, at)
        sides += [
            hashed_side(task, codes, hasher, shortlist_size(parse_multiplier(text), k, task.size), k)
            for text in multipliers
        ]
    generator = np.random.default_rng(0)
    chosen = generator.integers(0, len(task.queries), queries + _WARM_UP)
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
    with_hash = codes.scanner(k, hasher).makes_code
    return GridTimes(k, tuple(lengths), tuple(multipliers), grid, whole, queries, with_hash)
