"""Rankings of all queries by exact search and by code distance, kept so that one serves many k and multipliers."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np

from core.runtime.cache import ByteCache
from core.search.searcher import Searcher
from core.settings import CURVE_DEPTH, K_RANGE

_EXACT_DEPTHS = (CURVE_DEPTH, K_RANGE[1])  # of the rankings that are kept
_NEAR_DEPTHS = (CURVE_DEPTH, 2 * CURVE_DEPTH)
_SHARE = 4  # a ranking takes at most this part of the cache
_BY_CODE = 8  # and all by code together this one, beside the newest


class RankingCache:
    """Exact rankings are kept in `cache`. Those by code, which change with every hash and code length, have a small
    cache of their own, so that they do not push out the exact ones."""

    def __init__(self, cache: ByteCache) -> None:
        self.exact, self.by_code = cache, ByteCache(cache.limit // _BY_CODE)


@dataclass(frozen=True)
class Rankings:
    """Ids int32 of the best items of some queries. What is too deep or large to be kept is made for the rows alone.

    `size` is the items that a query can find; `key` is what exact rankings depend on, `code_key()` those by code.
    """

    cache: RankingCache
    searcher: Searcher
    size: int
    key: tuple[Hashable, ...]
    code_key: Callable[[], tuple[Hashable, ...]]

    def of(self, search: str, depth: int, rows: slice) -> np.ndarray:
        """(rows, >= depth) by exact, Hamming or asymmetric search."""
        if search == "exact":
            return self.exact(depth, rows)
        if search == "hamming":
            return self.near(depth, rows)
        return self.searcher.asymmetric(rows, depth).ids

    def exact(self, depth: int, rows: slice) -> np.ndarray:
        """(rows, >= depth) by similarity: more is kept, since what is known of the exact ranking ranks shortlists."""
        kept = max(self._depths(_EXACT_DEPTHS, depth), default=0)
        if not kept:
            return self.searcher.exact(rows, depth).ids
        ids: np.ndarray = self.cache.exact.get(
            ("exact ids", *self.key, kept),
            lambda: self.searcher.exact(slice(None), kept).ids,
            lambda ranking: ranking.nbytes,
        )
        return ids[rows]

    def near(self, depth: int, rows: slice) -> np.ndarray:
        """(rows, >= depth) by code distance."""
        depths = self._depths(_NEAR_DEPTHS, depth)
        if not depths:
            return self.searcher.by_code(rows, depth, scores=False).ids
        key = self.code_key()
        held = next((kept for kept in depths if (*key, kept) in self.cache.by_code), depths[0])
        ids: np.ndarray = self.cache.by_code.get(
            (*key, held),
            lambda: self.searcher.by_code(slice(None), held, scores=False).ids,
            lambda ranking: ranking.nbytes,
        )
        return ids[rows]

    def _depths(self, steps: tuple[int, ...], depth: int) -> list[int]:
        """The depths, ascending, that serve `depth` and whose ranking of all queries leaves room for the rest."""
        most = self.cache.exact.limit // (_SHARE * np.dtype(np.int32).itemsize * len(self.searcher.queries))
        served = {min(self.size, step) for step in steps if step >= depth or step >= self.size}
        return sorted(step for step in served if step <= most)
