"""One setting on a bundle, resolved: its queries and gallery, its codes, what its results depend on, and the results.

Rankings and sums are cached by what they depend on: exact search does not depend on the hash, Hamming search not
on the multiplier, and a change of k alone finds the rankings and the curves in place.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property, partial
from itertools import pairwise

import numpy as np

from core.codes import codes as code_source
from core.codes.pair import CodePair, Levels
from core.engine.evaluation import Progress, Ranked, curves_nbytes, expected_curves
from core.engine.rankings import Rankings
from core.engine.results import Curve, SearchResult
from core.engine.setting_codes import code_pair, fitted_method
from core.engine.shared import Shared
from core.engine.task import RetrievalTask, make_judgements, open_task
from core.errors import BadInput
from core.hashing.base import HashMethod
from core.metrics.sums import Accumulated
from core.metrics.tables import Judgements
from core.search.kinds import search_kind
from core.search.searcher import Searcher
from core.settings import LEAVE_OUT, Setting

DEFAULT_SEARCHES = ("exact", "hashed", "hamming")


class Experiment:
    """Made by `Engine.at`; cheap, since what is large lies in the engine's cache. Safe for many threads at once.

    A name or a length that cannot be used raises BadInput where it is first needed: exact search needs no hash.
    """

    def __init__(self, shared: Shared, setting: Setting) -> None:
        self.shared, self.setting = shared, setting
        self.bundle, self.threads, self._cache = shared.bundle, shared.threads, shared.cache
        seed = setting.seed if setting.queries else 0
        self._task_key = (setting.encoder, setting.protocol, setting.queries, seed, setting.near_duplicates)

    @cached_property
    def bits(self) -> int:
        """The true length of the codes; BadInput where the hash or its length cannot be used."""
        at = self.setting
        return code_source.true_bits(self.bundle, at.encoder, at.hash, at.bits)

    @property
    def task(self) -> RetrievalTask:
        """Queries and gallery."""
        at = self.setting
        return self._cache.get(
            ("task", *self._task_key),
            lambda: open_task(self.bundle, at, self.shared.backend),
            lambda task: task.gallery.nbytes if at.near_duplicates == LEAVE_OUT else 0,
        )

    @property
    def codes(self) -> CodePair:
        """Codes of queries and gallery, and how they are compared."""
        return self._cache.get(
            ("code pair", *self._code_key),
            lambda: code_pair(self.shared, self.setting, self.bits, self.task),
            lambda pair: pair.nbytes,
        )

    def open(self) -> None:
        """Make the queries, the gallery and the codes now: what follows finds them there."""
        _ = self.task, self.codes

    @property
    def method(self) -> HashMethod:
        """The fitted hash."""
        return fitted_method(self.shared, self.setting, self.bits)

    @property
    def searcher(self) -> Searcher:
        """Every search of the queries in the gallery."""
        task = self.task
        note = self.shared.backend.note
        return Searcher(
            task.queries, task.exclude, task.gallery, lambda: task.index, lambda: self.codes, self.threads, note
        )

    @property
    def rankings(self) -> Rankings:
        """The same, kept between calls."""
        return Rankings(self.shared.rankings, self.searcher, self.task.size, self._task_key, lambda: self._code_key)

    def shortlist(self, k: int) -> int:
        """M(k), the items that hashed search ranks again."""
        return self.setting.shortlist(k, self.task.size)

    def judgements(self, depth: int) -> Judgements:
        """Labels, class similarities and ideal sums, to a depth."""
        hierarchy = self.setting.hierarchy
        return self._cache.get(
            ("judgements", depth, *self._task_key, hierarchy),
            lambda: make_judgements(self.task, self.bundle.hierarchy(hierarchy).similarity(), depth),
            lambda made: made.ideal.nbytes + made.rows.nbytes,
        )

    def result(self, search: str, ks: Sequence[int], progress: Progress | None = None) -> SearchResult:
        """One search judged at every k of `ks` (ascending), query by query. Raises BadInput for a k above the gallery.

        It holds 72 bytes per query and k; for many k, `curves` gives the means alone.
        """
        at = self._checked(search, ks)
        return self._cache.get(
            ("result", search, at, *self._key(search)),
            lambda: self._result(search, self._ranked(search, at).sums(progress)),
            lambda result: result.nbytes,
        )

    def curves(
        self, search: str, ks: Sequence[int], keep: int | None = None, progress: Progress | None = None
    ) -> dict[str, Curve]:
        """Means and 95 % normal bands over queries of each metric at every k of `ks` (ascending), by name.

        Without the metrics that average over ties: `expected_curves`. Also caches the result at `keep`, one of `ks`,
        when the curves are computed. Raises BadInput for a k above the gallery.
        """
        at, key = self._checked(search, ks), self._key(search)

        def make() -> dict[str, Curve]:
            wanted = keep if keep in at and ("result", search, (keep,), *key) not in self._cache else None
            curves, sums = self._ranked(search, at).curves(wanted, progress)
            if sums is not None:
                result = self._result(search, sums)
                self._cache.get(("result", search, (wanted,), *key), lambda: result, lambda result: result.nbytes)
            return curves

        return self._cache.get(("curves", search, at, *key), make, curves_nbytes)

    def expected_curves(self, ks: Sequence[int]) -> dict[str, Curve]:
        """The curves of the metrics of Hamming search that average over ties; BadInput where no distances tie."""
        at = self._checked("hamming", ks)

        def make() -> dict[str, Curve]:
            levels = self.levels(at[-1])
            if levels is None:
                raise BadInput(
                    f"hash '{self.setting.hash}': its distances are no whole numbers and do not tie, use 'ap'"
                )
            relevant = self.judgements(at[-1]).relevant
            return expected_curves(levels, relevant, np.array(at, np.int64), self.threads)

        return self._cache.get(("expected curves", at, *self._code_key), make, curves_nbytes)

    def evaluate(self, ks: Sequence[int], searches: Sequence[str] = DEFAULT_SEARCHES) -> dict[str, SearchResult]:
        """Several searches at every k of `ks`, by name."""
        return {search: self.result(search, ks) for search in searches}

    def levels(self, depth: int = 1) -> Levels | None:
        """All and relevant items at each code distance, int32 (Q, D) both, as far as `depth` items need.

        By Hamming distance at every distance, 0 to the number of bits. None where distances are no whole numbers.
        """
        codes = self.codes
        key = ("levels", None if codes.by_hamming else depth, *self._key("hamming"))

        def make() -> Levels | None:
            task = self.task
            return codes.levels(task.query_labels, task.gallery_labels, task.exclude, depth, self.threads)

        return self._cache.get(key, make, lambda pair: sum(array.nbytes for array in pair or ()))

    def top_ids(self, search: str, k: int, rows: slice) -> np.ndarray:
        """Gallery ids int32 (n, k) of the ranking at k of some queries; hashed search cuts its shortlist at M(k)."""
        self._checked(search, [k])
        shortlist, kind = self.shortlist(k), search_kind(search)
        if not kind.by_code or (kind.shortlisted and self._is_whole(shortlist)):
            return self.rankings.exact(k, rows)[:, :k]  # what is kept may be deeper
        return self.searcher.rank(search, rows, k, shortlist).ids

    def check_query(self, query: int) -> int:
        """The query itself; BadInput where there is none at this place."""
        count = len(self.task.queries)
        if not 0 <= query < count:
            raise BadInput(f"query {query} is outside 0 to {count - 1}: give the index of a query")
        return query

    def check_k(self, k: int) -> int:
        """k itself; BadInput below 1 and above the gallery."""
        if not 1 <= k <= self.task.size:
            raise BadInput(f"k {k} is outside 1 to {self.task.size}, the gallery's size")
        return k

    @property
    def _code_key(self) -> tuple[Hashable, ...]:
        return (*self._task_key, self.setting.hash, self.bits, self.setting.seed)

    def _key(self, search: str) -> tuple[Hashable, ...]:
        """What the result of a search depends on, the hierarchy last."""
        kind = search_kind(search)
        key: tuple[Hashable, ...] = self._code_key if kind.by_code else self._task_key
        if kind.shortlisted:
            key = (*key, self.setting.multiplier)
        return (*key, self.setting.hierarchy)

    def _checked(self, search: str, ks: Sequence[int]) -> tuple[int, ...]:
        search_kind(search)
        at, size = tuple(int(k) for k in ks), self.task.size
        if not at or at[0] < 1 or at[-1] > size:
            raise BadInput(f"k {at[-1] if at else '(none)'} is outside 1 to {size}, the gallery's size")
        if any(later <= earlier for earlier, later in pairwise(at)):
            raise BadInput(f"k {', '.join(map(str, at[:20]))} do not ascend: give each k once, from small to large")
        return at

    def _ranked(self, search: str, ks: tuple[int, ...]) -> Ranked:
        judgements, at = self.judgements(ks[-1]), np.array(ks, np.int64)
        shortlists = self._shortlists(ks) if search_kind(search).shortlisted else None
        if shortlists is not None and self._is_whole(int(shortlists[0])):
            return Ranked("exact", self.rankings, judgements, at)
        return Ranked(search, self.rankings, judgements, at, shortlists)

    def _is_whole(self, shortlist: int) -> bool:
        """Whether a shortlist is the whole gallery, so that hashed search is exact search; BadInput without codes."""
        return shortlist == self.task.size and self.codes is not None

    def _shortlists(self, ks: tuple[int, ...]) -> np.ndarray:
        return np.array([self.shortlist(k) for k in ks], np.int64)

    def _result(self, search: str, sums: Accumulated) -> SearchResult:
        ks = tuple(sums.ks.tolist())
        kind = search_kind(search)
        read_levels = partial(self._whole_levels, ks[-1]) if kind.tied and self.codes.whole else None
        return SearchResult(search, sums, read_levels, self._shortlists(ks) if kind.shortlisted else None)

    def _whole_levels(self, depth: int) -> Levels:
        levels = self.levels(depth)
        assert levels is not None  # distances are whole numbers here
        return levels
