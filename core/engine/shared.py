"""What all settings of an engine share."""

from __future__ import annotations

from dataclasses import dataclass

from core.bundle.bundle import Bundle
from core.engine.rankings import RankingCache
from core.runtime.cache import ByteCache
from core.search.door import SearchBackend


@dataclass(frozen=True)
class Shared:
    """The bundle, who searches it, on how many threads (None: all), and what is kept between calls."""

    bundle: Bundle
    backend: SearchBackend
    threads: int | None
    cache: ByteCache
    rankings: RankingCache
