"""What is measured at scale: an encoder's embeddings grown to a large gallery, and a hash of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np

from core.bundle.bundle import Bundle
from core.codes.codes import bits_for, true_bits
from core.engine.engine import Engine
from core.engine.task import sample_queries
from core.errors import BadInput
from core.hashing.base import HashMethod
from core.hashing.packing import to_words
from core.protocols import get_protocol
from core.runtime.parallel import blocks, check_threads
from core.runtime.pinning import machine
from core.scale.curves import BITS, Plan, Progress, measure
from core.scale.measure import Effort
from core.scale.points import Point
from core.scale.rows import BLOCK, Source, kept_class, open_source
from core.scale.trial import Coded, Trial
from core.settings import ALL, Setting, format_multiplier
from core.timing.query_hashing import query_hash


class Subject:
    """The source of the galleries, the queries and the hash of a setting."""

    def __init__(self, engine: Engine, setting: Setting, queries: int = 1000) -> None:
        """BadInput for a hash without codes to compare, and for queries that are themselves in the gallery."""
        self.engine, self.setting = engine, setting
        self._check_hash()
        self.source: Source = open_source(engine.bundle, setting.encoder, setting.seed)
        self.queries, self.query_labels = self._queries(queries)

    @property
    def bundle(self) -> Bundle:
        """The bundle."""
        return self.engine.bundle

    def plan(self, sizes: list[int], k: int, threads: int | None = None, effort: Effort | None = None) -> Plan:
        """What is measured with galleries of these sizes; BadInput for the multiplier 'all'."""
        name, encoder = self.setting.hash, self.setting.encoder
        lengths = tuple(bits for bits in bits_for(self.bundle, encoder, name) if bits in BITS)
        multiplier = format_multiplier(self.setting.multiplier)
        if multiplier == ALL:
            raise BadInput("multiplier 'all' cannot be timed at scale: give a number, such as 2")
        bits = true_bits(self.bundle, encoder, name, self.setting.bits)
        sizes = sorted(set(sizes))
        return Plan(tuple(sizes), bits, multiplier, k, lengths, check_threads(threads), effort or Effort())

    def trial(self, gallery: np.ndarray) -> Trial:
        """The queries on a gallery made of the source."""
        labels = self.source.labels_of(len(gallery))
        return Trial(self.queries, self.query_labels, gallery, labels, self.source.longest())

    def method(self, bits: int) -> HashMethod:
        """The fitted hash of a length."""
        return self.engine.at(replace(self.setting, bits=bits)).method

    def coded(self, bits: int, words: np.ndarray) -> Coded:
        """The gallery's codes as words uint64 (W, N), with the query's step to its code."""
        hasher = query_hash(self.engine, replace(self.setting, bits=bits))
        assert hasher is not None  # another hash was refused at the start
        return Coded(bits, words, hasher)

    def rows(self, count: int) -> np.ndarray:
        """The first `count` rows in memory, float32 (count, d)."""
        parts = blocks(count, BLOCK)
        return np.concatenate([self.source.block(p.start // BLOCK, p.stop - p.start) for p in parts])

    def measure_in_memory(self, plan: Plan, progress: Progress) -> list[Point]:
        """Measure a plan of small sizes without any file; `progress` as in `core.scale.curves.measure`."""
        gallery = self.rows(plan.sizes[-1])

        def coded(bits: int, count: int) -> Coded:
            return self.coded(bits, to_words(self.method(bits).encode(gallery[:count])))

        hierarchy = self.bundle.hierarchy(self.setting.hierarchy)
        return measure(plan, self.trial(gallery), coded, hierarchy, progress)

    def described(self) -> dict[str, object]:
        """What all points share: the columns `core.scale.points.SAME`."""
        return {
            "encoder": self.setting.encoder,
            "hash": self.setting.hash,
            "sources": len(self.source.rows),
            "noise": round(self.source.noise, 4),
            "kept_class": round(kept_class(self.source), 4),
            "seed": self.setting.seed,
            "version": self.bundle.version,
            "machine": machine(),
            "date": datetime.now().astimezone().strftime("%Y-%m-%d"),
        }

    def _check_hash(self) -> None:
        if query_hash(self.engine, self.setting) is None:
            raise BadInput(
                f"hash '{self.setting.hash}' makes no codes of embeddings that Hamming distance compares: "
                "use another one, such as random-hyperplane or itq"
            )

    def _queries(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings and labels of a seeded sample of the queries."""
        split = get_protocol(self.setting.protocol).query_split
        if split == self.source.split:
            raise BadInput(f"the queries of '{self.bundle.name}' are its gallery: use a bundle with queries of its own")
        every = self.bundle.embeddings(self.setting.encoder, split)
        rows = sample_queries(len(every), min(count, len(every)), self.setting.seed)
        return every[rows], self.bundle.labels(split)[rows]
