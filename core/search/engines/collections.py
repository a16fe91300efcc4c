"""What a gallery is called in an engine, and whether the engine holds that very gallery."""

from __future__ import annotations

import hashlib
import re

import numpy as np

from core.search.door import PackedCodes, Vectors
from core.search.engines.engine import Collection, EngineError, SearchEngine
from core.search.settled import packed_rows

_DIGESTED = 4096  # rows that a name is made from
_COMPARED = 32  # rows that are read back and compared
_DROP = "drop it ('python -m core load --drop') and load it again"
_FOREIGN = re.compile(r"[^a-z0-9]+")


def collection_of_vectors(vectors: Vectors) -> Collection:
    """The collection of a gallery's embeddings, named by its label and a digest of its content."""
    count, width = vectors.rows.shape
    return Collection(_name(vectors.label, (count, width), vectors.rows[_sample(count)]), "vectors", width, count)


def collection_of_codes(codes: PackedCodes) -> Collection:
    """The collection of a gallery's codes; bits are padded to whole bytes."""
    count, width = codes.words.shape[1], 8 * -(-codes.bits // 8)
    rows = packed_rows(codes.words[:, _sample(count)])
    return Collection(_name(codes.label, (count, codes.bits), rows), "codes", width, count)


def code_bytes(words: np.ndarray, collection: Collection) -> np.ndarray:
    """Codes uint64 (W, n), word-major, as the engine takes them: packed uint8 (n, width / 8)."""
    return np.ascontiguousarray(packed_rows(words)[:, : collection.width // 8])


def check_held(engine: SearchEngine, wanted: Collection, rows: np.ndarray, compared: int = _COMPARED) -> None:
    """EngineError unless the engine holds the whole collection; so many of its rows are read and compared.

    `rows` (N, d) or packed (N, width / 8), of which the sample alone is looked at.
    """
    held = engine.held(wanted.name)
    mend = "load it ('python -m core load')"
    if held is None:
        problem = f"{engine.name} holds no collection '{wanted.name}': "
        raise EngineError(problem, mend, "engine-not-loaded", collection=wanted.name)
    check_kind(engine, held, wanted)
    if held.count != wanted.count:
        problem = f"{engine.name} holds {held.count:,} of the {wanted.count:,} rows of '{wanted.name}': "
        raise EngineError(problem, mend, "engine-not-loaded", collection=wanted.name)
    ids = np.unique(np.linspace(0, wanted.count - 1, min(compared, wanted.count)).astype(np.int64))
    if not np.array_equal(engine.read(wanted, ids), rows[ids]):
        raise EngineError(
            f"collection '{wanted.name}' of {engine.name} holds other rows than this bundle: ",
            _DROP, "engine-other-data", collection=wanted.name,
        )  # fmt: skip


def check_kind(engine: SearchEngine, held: Collection, wanted: Collection) -> None:
    """EngineError where a collection of that name holds rows of another kind or width."""
    if (held.kind, held.width) != (wanted.kind, wanted.width):
        raise EngineError(
            f"collection '{wanted.name}' of {engine.name} holds {held.kind} of width {held.width}, expected "
            f"{wanted.kind} of {wanted.width}: ",
            _DROP, "engine-other-data", collection=wanted.name,
        )  # fmt: skip


def _sample(count: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(_DIGESTED, count)).astype(np.int64))


def _name(label: str, shape: tuple[int, int], rows: np.ndarray) -> str:
    """Small letters, digits and underscores, at most 63 characters: what every engine takes as a name."""
    content = hashlib.blake2b(str(shape).encode() + np.ascontiguousarray(rows).tobytes(), digest_size=6).hexdigest()
    return f"bh_{_FOREIGN.sub('_', label.lower())[:46]}_{content}"
