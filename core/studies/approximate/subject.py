"""What an approximate index is asked: the queries of a setting, in the collection of its vectors or of its codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.codes.hamming import HammingPair
from core.engine.experiment import Experiment
from core.engine.setting_codes import code_label
from core.errors import BadInput
from core.search.door import PackedCodes, Vectors
from core.search.engines.collections import (
    check_held,
    code_bytes,
    collection_of_codes,
    collection_of_vectors,
)
from core.search.engines.engine import ApproximateIndex, Collection, EngineError, Kind, SearchEngine
from core.search.local import LOCAL


@dataclass(frozen=True)
class Subject:
    """The queries as the engine takes them: float32 (Q, d), or packed uint8 (Q, width / 8); the collection they are
    searched in, and its rows likewise."""

    at: Experiment
    collection: Collection
    queries: np.ndarray
    rows: np.ndarray

    @property
    def of(self) -> Kind:
        """Vectors or codes."""
        return self.collection.kind

    @property
    def exclude(self) -> np.ndarray:
        """The item that each query leaves out, -1 for none: int64 (Q,)."""
        return self.at.task.exclude

    def rerank(self, query: int, near: np.ndarray, k: int) -> np.ndarray:
        """The best `k` of one query's shortlist `near` int32 (M,) by exact similarity, fewer where it holds fewer."""
        task = self.at.task
        index = LOCAL.open_vectors(Vectors(task.gallery, task.longest))
        if not len(near):
            return near
        return index.rerank(task.queries[query : query + 1], near[None], min(k, len(near)), 1).ids[0]


def open_subject(at: Experiment, of: Kind) -> Subject:
    """The vectors or the codes of a setting; BadInput for codes that are not compared by Hamming distance."""
    task = at.task
    if of == "vectors":
        vectors = Vectors(task.gallery, task.longest, task.label)
        return Subject(at, collection_of_vectors(vectors), task.queries, task.gallery)
    codes = at.codes
    if not isinstance(codes, HammingPair) or codes.distance_cap is not None:
        raise BadInput(
            f"hash '{at.setting.hash}' is not compared by the number of bits that differ, as engines compare codes: "
            "choose another hash, or an index of vectors"
        )
    packed = PackedCodes(codes.bits, codes.gallery_words, None, code_label(task, at.setting, codes.bits))
    collection = collection_of_codes(packed)
    rows = code_bytes(codes.gallery_words, collection)
    return Subject(at, collection, code_bytes(codes.query_words, collection), rows)


def check_loaded(engine: SearchEngine, subject: Subject) -> None:
    """EngineError unless the engine holds the whole collection."""
    check_held(engine, subject.collection, subject.rows)


def depth_of(engine: SearchEngine, subject: Subject, k: int) -> int:
    """How many items to ask for, so that k are left without the query's own; EngineError where they are too many."""
    depth = min(k + int((subject.exclude >= 0).any()), subject.collection.count)
    if engine.deepest is not None and depth > engine.deepest:
        raise EngineError(
            f"{engine.name} returns at most {engine.deepest:,} items, {depth:,} are needed: "
            "choose a smaller k or multiplier"
        )
    return depth


def ask(engine: SearchEngine, subject: Subject, index: ApproximateIndex, rows: slice, depth: int) -> list[np.ndarray]:
    """What the engine finds for some queries, best first and without the query's own: int32 ids, one array per query.

    An engine may find fewer than `depth`; an item that it returns twice counts once. EngineError for an id that the
    collection does not have.
    """
    ids, _ = engine.search(subject.collection, index, subject.queries[rows], depth)
    if ids.size and not (ids.min() >= -1 and ids.max() < subject.collection.count):
        raise EngineError(
            f"{engine.name} returned the id {max(ids.max(), -ids.min())}, expected 0 to "
            f"{subject.collection.count - 1}: load the collection again ('python -m core load')"
        )
    found = []
    for row, own in zip(ids, subject.exclude[rows], strict=True):
        kept = row[(row >= 0) & (row != own)]
        _, first = np.unique(kept, return_index=True)
        found.append(kept[np.sort(first)].astype(np.int32))
    return found
