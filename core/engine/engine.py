"""The engine: settings in, results out. One engine serves pages, commands and tests; its arrays are shared."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from core.bundle.bundle import Bundle
from core.engine.evaluation import Progress
from core.engine.experiment import DEFAULT_SEARCHES, Experiment
from core.engine.rankings import RankingCache
from core.engine.results import Curve, SearchResult
from core.engine.shared import Shared
from core.runtime.cache import ByteCache
from core.search.door import SearchBackend
from core.search.local import LOCAL
from core.settings import Setting

_SETTINGS = 256  # kept resolved; each is a few hundred bytes


class Engine:
    """Evaluates settings on one bundle. Safe for many threads at once."""

    def __init__(
        self,
        bundle: Bundle,
        threads: int | None = None,
        cache_bytes: int = 300_000_000,
        backend: SearchBackend = LOCAL,
    ) -> None:
        """`backend` ranks; whatever it does not know is searched by this project's own kernels."""
        self.bundle, self.threads, self._backend = bundle, threads, backend
        cache = ByteCache(cache_bytes)
        shared = Shared(bundle, backend, threads, cache, RankingCache(cache))
        self._open = lru_cache(_SETTINGS)(lambda setting: Experiment(shared, setting))
        self._backend = backend

    @property
    def backend(self) -> SearchBackend:
        """Who ranks; one outside this process keeps notes of what it could not do."""
        return self._backend

    def at(self, setting: Setting) -> Experiment:
        """The setting, resolved: its queries, gallery, codes, judgements and results."""
        return self._open(setting)

    def result(
        self, search: str, setting: Setting, ks: Sequence[int], progress: Progress | None = None
    ) -> SearchResult:
        """`Experiment.result` of a setting."""
        return self.at(setting).result(search, ks, progress)

    def curves(
        self,
        search: str,
        setting: Setting,
        ks: Sequence[int],
        keep: int | None = None,
        progress: Progress | None = None,
    ) -> dict[str, Curve]:
        """`Experiment.curves` of a setting."""
        return self.at(setting).curves(search, ks, keep, progress)

    def evaluate(
        self, setting: Setting, ks: Sequence[int], searches: Sequence[str] = DEFAULT_SEARCHES
    ) -> dict[str, SearchResult]:
        """`Experiment.evaluate` of a setting."""
        return self.at(setting).evaluate(ks, searches)
