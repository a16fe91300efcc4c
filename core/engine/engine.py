"""The engine: settings in, results out. One engine serves pages, commands and tests; its arrays are shared.

Rankings and sums are cached by what they depend on: exact search does not depend on the hash, Hamming search not
on the multiplier, and a change of k alone finds the rankings and the curves in place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from core.bundle.bundle import Bundle
from core.codes import codes as code_source
from core.codes.codes import Codes
from core.codes.distances import DISTANCES
from core.codes.pair import CodePair, Levels
from core.engine import evaluation
from core.engine.rankings import Rankings
from core.engine.results import Curve, SearchResult
from core.engine.task import RetrievalTask, open_task
from core.errors import BadInput, unknown_name
from core.hashing.base import HashMethod
from core.hashing.registry import get_hash
from core.metrics.ideal import ideal_rows
from core.metrics.tables import Judgements
from core.runtime.blas import blas_threads
from core.runtime.cache import ByteCache
from core.settings import LEAVE_OUT, Setting

SEARCHES = ("exact", "hashed", "hamming", "asymmetric")
Progress = Callable[[float], None]


class Engine:
    """Evaluates settings on one bundle. Safe for many threads at once."""

    def __init__(self, bundle: Bundle, threads: int | None = None, cache_bytes: int = 300_000_000) -> None:
        self.bundle = bundle
        self.threads = threads
        self._cache = ByteCache(cache_bytes)
        self._rankings = Rankings(self._cache, threads)

    def task(self, setting: Setting) -> RetrievalTask:
        """Queries and gallery of a setting."""
        return self._cache.get(
            ("task", *_task_key(setting)),
            lambda: open_task(
                self.bundle, setting.encoder, setting.protocol, setting.queries, setting.seed, setting.near_duplicates
            ),
            lambda task: task.gallery.nbytes if setting.near_duplicates == LEAVE_OUT else 0,
        )

    def codes(self, setting: Setting) -> CodePair:
        """Codes of a setting's hash; raises BadInput where the hash or its length cannot be used."""
        key = ("code pair", *self._depends_on("hamming", setting)[:-1])
        return self._cache.get(key, lambda: self._pair(setting), lambda pair: pair.nbytes)

    def _pair(self, setting: Setting) -> CodePair:
        bits = code_source.true_bits(self.bundle, setting.encoder, setting.hash, setting.bits)
        task = self.task(setting)
        rule = task.protocol
        info = get_hash(setting.hash)
        queries = self._split_codes(setting, bits, rule.query_split, projected=True)
        if rule.query_split == rule.gallery_split and not (info.fit and info.fit.two_maps):
            gallery = Codes(bits, queries.packed, None)
        else:
            gallery = self._split_codes(setting, bits, rule.gallery_split, projected=False)
        if len(task.gallery_index) < len(gallery.packed):
            gallery = Codes(bits, gallery.packed[task.gallery_index], None)
        rows = task.query_index
        asked = Codes(bits, queries.packed[rows], queries.project and (lambda: queries.projections[rows]))
        method = None if info.distance == "hamming" else self.method(setting)
        return DISTANCES[info.distance].make(info, asked, gallery, task.queries, method)

    def method(self, setting: Setting) -> HashMethod:
        """The fitted hash of a setting."""
        bits = code_source.true_bits(self.bundle, setting.encoder, setting.hash, setting.bits)
        key = ("method", setting.encoder, setting.hash, bits, setting.seed)
        return self._cache.get(
            key,
            lambda: code_source.hash_method(self.bundle, setting.encoder, setting.hash, bits, setting.seed),
            lambda method: sum(array.nbytes for array in method.state().values()),
        )

    def _split_codes(self, setting: Setting, bits: int, split: str, projected: bool) -> Codes:
        info = get_hash(setting.hash)
        key = ("codes", setting.encoder, setting.hash, bits, split, setting.seed, projected)

        def make() -> Codes:
            stored = code_source.find_stored(self.bundle, setting.encoder, info, bits, setting.seed)
            if stored is not None and stored["bits"] > bits:  # the longest code is made once for all lengths
                return self._split_codes(setting, stored["bits"], split, projected).first(bits)
            method = self.method(setting) if info.fit is not None and stored is None else None
            with blas_threads(1):  # the searches that follow have all cores to themselves
                return code_source.split_codes(
                    self.bundle,
                    setting.encoder,
                    setting.hash,
                    bits,
                    split,
                    setting.seed,
                    method,
                    projected,
                    self.threads,
                )

        return self._cache.get(key, make, lambda made: made.nbytes)

    def result(
        self, search: str, setting: Setting, ks: Sequence[int], progress: Progress | None = None
    ) -> SearchResult:
        """One search judged at every k of `ks` (ascending), query by query. Raises BadInput for a k above the gallery.

        It holds 72 bytes per query and k; for many k, `curves` gives the means alone.
        """
        ks = self._checked(search, setting, ks)
        return self._cache.get(
            ("result", search, ks, *self._depends_on(search, setting)),
            lambda: evaluation.result_of(self, search, setting, ks, progress),
            lambda result: result.nbytes,
        )

    def curves(
        self,
        search: str,
        setting: Setting,
        ks: Sequence[int],
        keep: int | None = None,
        progress: Progress | None = None,
    ) -> dict[str, Curve]:
        """Means and 95 % normal bands over queries of each metric at every k of `ks` (ascending), by name.

        Without the metrics that average over ties: `expected_curves`. Where they are made now, `result` at the k to
        `keep`, one of `ks`, is made in passing. Raises BadInput for a k above the gallery.
        """
        ks = self._checked(search, setting, ks)
        key = self._depends_on(search, setting)

        def make() -> dict[str, Curve]:
            wanted = keep if keep in ks and ("result", search, (keep,), *key) not in self._cache else None
            curves, result = evaluation.curves_of(self, search, setting, ks, wanted, progress)
            if result is not None:
                self._cache.get(("result", search, (wanted,), *key), lambda: result, lambda result: result.nbytes)
            return curves

        return self._cache.get(("curves", search, ks, *key), make, evaluation.curves_nbytes)

    def expected_curves(self, setting: Setting, ks: Sequence[int]) -> dict[str, Curve]:
        """The curves of the metrics of Hamming search that average over ties; BadInput where no distances tie."""
        ks = self._checked("hamming", setting, ks)
        return self._cache.get(
            ("expected curves", ks, *self._depends_on("hamming", setting)[:-1]),
            lambda: evaluation.expected_curves_of(self, setting, ks),
            evaluation.curves_nbytes,
        )

    def _checked(self, search: str, setting: Setting, ks: Sequence[int]) -> tuple[int, ...]:
        if search not in SEARCHES:
            raise unknown_name("search", search, SEARCHES)
        ks = tuple(int(k) for k in ks)
        size = self.task(setting).size
        if not ks or ks[0] < 1 or ks[-1] > size:
            raise BadInput(f"k {ks[-1] if ks else '(none)'} is outside 1 to {size}, the gallery's size")
        if any(later <= earlier for earlier, later in pairwise(ks)):
            raise BadInput(f"k {', '.join(map(str, ks[:20]))} do not ascend: give each k once, from small to large")
        return ks

    def evaluate(
        self, setting: Setting, ks: Sequence[int], searches: Sequence[str] = ("exact", "hashed", "hamming")
    ) -> dict[str, SearchResult]:
        """Several searches at every k of `ks`, by name."""
        return {search: self.result(search, setting, ks) for search in searches}

    def levels(self, setting: Setting, depth: int = 1) -> Levels | None:
        """All and relevant items at each code distance, int32 (Q, D) both, as far as `depth` items need.

        By Hamming distance at every distance, 0 to the number of bits. None where distances are no whole numbers.
        """
        codes = self.codes(setting)
        key = ("levels", None if codes.by_hamming else depth, *self._depends_on("hamming", setting))

        def make() -> Levels | None:
            task = self.task(setting)
            return codes.levels(task.query_labels, task.gallery_labels, task.exclude, depth, self.threads)

        return self._cache.get(key, make, lambda pair: sum(array.nbytes for array in pair or ()))

    def exact_ids(self, setting: Setting, depth: int, rows: slice) -> np.ndarray:
        """Ids int32 (rows, >= depth) of the exact ranking of some queries; shallow ones are kept for all."""
        key = self._depends_on("exact", setting)[:-1]
        return self._rankings.exact(key, self.task(setting), depth, rows)

    def near_ids(self, setting: Setting, depth: int, rows: slice) -> np.ndarray:
        """Ids int32 (rows, >= depth) of the ranking by code distance; shallow ones are kept for all."""
        key = self._depends_on("hamming", setting)[:-1]
        return self._rankings.near(key, self.task(setting), self.codes(setting), depth, rows)

    def _depends_on(self, search: str, setting: Setting) -> tuple:
        """What the result of a search depends on, the hierarchy last."""
        key: list = list(_task_key(setting))
        if search != "exact":
            bits = code_source.true_bits(self.bundle, setting.encoder, setting.hash, setting.bits)
            key += [setting.hash, bits, setting.seed]
        if search == "hashed":
            key.append(setting.multiplier)
        return (*key, setting.hierarchy)

    def judgements(self, setting: Setting, depth: int) -> Judgements:
        """Labels, class similarities and ideal sums of a setting, to a depth."""
        key = ("judgements", depth, *self._depends_on("exact", setting))
        return self._cache.get(
            key, lambda: self._make_judgements(setting, depth), lambda made: made.ideal.nbytes + made.rows.nbytes
        )

    def _make_judgements(self, setting: Setting, depth: int) -> Judgements:
        task = self.task(setting)
        similarity = self.bundle.hierarchy(setting.hierarchy).similarity()
        counts = np.bincount(task.gallery_labels, minlength=len(similarity))
        left_out = np.where(task.exclude < 0, -1, task.gallery_labels[task.exclude])
        # Each pair as one number, which is sorted ten times as fast.
        pairs, rows = np.unique(task.query_labels * (len(counts) + 1) + left_out + 1, return_inverse=True)
        classes, others = np.divmod(pairs, len(counts) + 1)
        ideal = ideal_rows(similarity, counts, depth, classes, others - 1)
        return Judgements(task.query_labels, task.gallery_labels, similarity, ideal, rows)


def _task_key(setting: Setting) -> tuple:
    """What the queries and the gallery of a setting depend on."""
    seed = setting.seed if setting.queries else 0
    return setting.encoder, setting.protocol, setting.queries, seed, setting.near_duplicates
