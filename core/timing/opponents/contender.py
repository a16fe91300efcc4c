"""What every timed implementation, a contender, is asked and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter_ns
from typing import Protocol

import numpy as np

from core.codes.hamming import HammingPair
from core.codes.pair import CodePair
from core.codes.query_hash import QueryHash
from core.engine.engine import Engine
from core.engine.task import RetrievalTask
from core.hashing.packing import resize, unpack, width
from core.search.local import LOCAL
from core.search.searcher import Searcher
from core.settings import Setting
from core.timing.query_hashing import query_hash

Stages = dict[str, int]  # name -> nanoseconds
SearchOne = Callable[[int], tuple[np.ndarray, Stages]]  # query -> ids of its top (valid until the next call), stages
SearchMany = Callable[[slice], tuple[np.ndarray, Stages]]  # queries -> ids (Q, depth), stages


class StopWatch:
    """The time from one mark to the next, nanoseconds by stage."""

    def __init__(self) -> None:
        self.stages: Stages = {}
        self._last = perf_counter_ns()

    def mark(self, stage: str) -> None:
        """The stage ends now, and the next one begins."""
        now = perf_counter_ns()
        self.stages[stage] = now - self._last
        self._last = now


class Searched(Protocol):
    """What exact search needs: float32 (Q, d) and (N, d), and the item each query leaves out, -1 for none."""

    @property
    def queries(self) -> np.ndarray:
        """float32 (Q, d)."""

    @property
    def gallery(self) -> np.ndarray:
        """float32 (N, d), perhaps mapped."""

    @property
    def exclude(self) -> np.ndarray:
        """int64 (Q,)."""


@dataclass(frozen=True)
class SearchInputs:
    """What all contenders search: the embeddings, the codes (None: no side needs them), k and the shortlist.

    `hasher` makes a query's code from its embedding; None where its code is taken as it is.
    """

    task: RetrievalTask
    codes: CodePair | None
    hasher: QueryHash | None
    k: int
    shortlist: int

    def searcher(self, threads: int | None) -> Searcher:
        """The project's own searches of the same, on some threads."""
        task = self.task
        return Searcher(task.queries, task.exclude, task.gallery, lambda: task.index, lambda: self.pair, threads)

    @property
    def pair(self) -> CodePair:
        """The codes, for a side that searches them: it is made only where there are some."""
        assert self.codes is not None
        return self.codes

    @property
    def plain_codes(self) -> bool:
        """Whether the codes are compared by the whole Hamming distance, as every binary index does."""
        return isinstance(self.codes, HammingPair) and self.codes.distance_cap is None

    @property
    def from_embedding(self) -> bool:
        """Whether a search by code starts with a step from the query's embedding."""
        return self.hasher is not None or not isinstance(self.codes, HammingPair)

    def query_codes(self, rows: slice, size: int) -> np.ndarray:
        """Packed codes uint8 (Q, size) of some queries, made from their embeddings where they can be.

        Where `size` is more bytes than the bits take, the rest is zero.
        """
        if self.hasher is None:
            return resize(self.pair.queries.packed[rows], size)
        if rows.stop - rows.start == 1:
            words = self.hasher.one(self.task.queries[rows.start])[None]
        else:
            words = np.ascontiguousarray(self.hasher.many(self.task.queries[rows]).T)
        return resize(words.view(np.uint8), size)

    def query_bits(self, rows: slice) -> np.ndarray:
        """The same as bool (Q, bits), for sides that search codes which are not packed."""
        if self.hasher is not None:
            return self.hasher.signs(self.task.queries[rows])
        return unpack(self.query_codes(rows, width(self.pair.bits)), self.pair.bits)

    def gallery_bits(self) -> np.ndarray:
        """The gallery's codes as bool (N, bits)."""
        return unpack(self.pair.gallery.packed, self.pair.bits)


@dataclass(frozen=True)
class Contender:
    """One implementation. `search` is what it computes, `bytes_per_image` what it holds of each gallery image.

    `own` sides are this project's: their ids must be the reference's. `mode` tells how it was set up, where it chooses;
    `loop` that a batch is no more than a loop over its queries.
    """

    name: str
    search: str
    one: SearchOne
    many: SearchMany
    bytes_per_image: float
    own: bool = False
    mode: str = ""
    loop: bool = False


def search_inputs(engine: Engine, setting: Setting, k: int, codes: bool = True) -> SearchInputs:
    """The inputs of a setting's searches; without `codes` for exact search alone.

    Raises BadInput for a hash that cannot be used."""
    at = engine.at(setting)
    # Whoever ranks elsewhere, it is this project's own searches that are timed.
    task = at.task if engine.backend is LOCAL else replace(at.task, backend=LOCAL)
    if not codes:
        return SearchInputs(task, None, None, k, k)
    pair = at.codes if engine.backend is LOCAL else at.codes.searched_by(LOCAL, "")
    return SearchInputs(task, pair, query_hash(engine, setting), k, setting.shortlist(k, task.size))


def drop_self(ids: np.ndarray, exclude: np.ndarray, depth: int) -> np.ndarray:
    """The first `depth` ids of each row without the excluded one (rows hold one more, where any is excluded)."""
    if (exclude < 0).all():
        return ids[:, :depth]
    if len(ids) == 1:
        return ids[0][ids[0] != exclude[0]][None, :depth]
    keep = ids != exclude[:, None]
    keep[keep.all(axis=1), -1] = False  # a row without its excluded one loses the last
    return ids[keep].reshape(len(ids), depth)


def depth_to_ask(exclude: np.ndarray, depth: int) -> int:
    """How many ids an index that knows of no exclusion is asked for: one more only where a query excludes one."""
    return depth + int((exclude >= 0).any())


def looped(one: SearchOne) -> SearchMany:
    """A batch as a loop over its queries, for what has no other way; the stages are sums."""

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        found: list[np.ndarray] = []
        total: Stages = {}
        for q in range(rows.start, rows.stop):
            ids, stages = one(q)
            found.append(ids.copy())
            total = {stage: total.get(stage, 0) + taken for stage, taken in stages.items()}
        return np.stack(found), total

    return many
