"""Rankings of all queries by exact search and by code distance, kept so that one serves many k and multipliers."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from core.codes.pair import CodePair
from core.engine.task import RetrievalTask
from core.runtime.cache import ByteCache
from core.search.exact import rank_exact
from core.settings import CURVE_DEPTH, K_RANGE

_EXACT_DEPTHS = (CURVE_DEPTH, K_RANGE[1])  # of the rankings that are kept
_NEAR_DEPTHS = (CURVE_DEPTH, 2 * CURVE_DEPTH)
_SHARE = 4  # a ranking takes at most this part of the cache
_BY_CODE = 8  # and all by code together this one, beside the newest


class Rankings:
    """Ids int32 of the best items of some queries. What is too deep or large to be kept is made for the rows alone.

    Exact rankings are kept in `cache`. Those by code, which change with every hash and code length, have a small cache
    of their own, so that they do not push out the exact ones.
    """

    def __init__(self, cache: ByteCache, threads: int | None) -> None:
        self.cache, self.threads = cache, threads
        self._by_code = ByteCache(cache.limit // _BY_CODE)

    def exact(self, key: tuple[Hashable, ...], task: RetrievalTask, depth: int, rows: slice) -> np.ndarray:
        """(rows, >= depth) by similarity; `key` is what the task depends on.

        More than `depth` is kept: a shortlist is ranked by what is known of the exact ranking.
        """
        kept = max(self._depths(task, _EXACT_DEPTHS, depth), default=0)
        if not kept:
            queries, exclude = task[rows]
            return rank_exact(queries, task.gallery, depth, exclude, self.threads, longest=task.longest)[0]
        ids = self.cache.get(
            ("exact ids", *key, kept),
            lambda: rank_exact(task.queries, task.gallery, kept, task.exclude, self.threads, longest=task.longest)[0],
            lambda ranking: ranking.nbytes,
        )
        return ids[rows]

    def near(
        self, key: tuple[Hashable, ...], task: RetrievalTask, codes: CodePair, depth: int, rows: slice
    ) -> np.ndarray:
        """(rows, >= depth) by code distance; `key` is what the codes depend on."""
        depths = self._depths(task, _NEAR_DEPTHS, depth)
        if not depths:
            return codes.near_ids(rows, depth, task.exclude[rows], self.threads)
        held = next((kept for kept in depths if (*key, kept) in self._by_code), depths[0])
        ids = self._by_code.get(
            (*key, held),
            lambda: codes.near_ids(slice(None), held, task.exclude, self.threads),
            lambda ranking: ranking.nbytes,
        )
        return ids[rows]

    def _depths(self, task: RetrievalTask, steps: tuple[int, ...], depth: int) -> list[int]:
        """The depths, ascending, that serve `depth` and whose ranking of all queries leaves room for the rest."""
        most = self.cache.limit // (_SHARE * np.dtype(np.int32).itemsize * len(task.queries))
        served = {min(task.size, step) for step in steps if step >= depth or step >= task.size}
        return sorted(step for step in served if step <= most)
