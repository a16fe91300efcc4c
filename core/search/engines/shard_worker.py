"""What a worker does: this project's own kernels on one shard, mapped where it lies. Nothing here knows of dask."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.search.door import PackedCodes, Ranking, Vectors
from core.search.engines.engine import EngineError
from core.search.engines.shards import Shard
from core.search.local import LocalCodes, LocalVectors
from core.search.products import gathered_products

_OPEN = 64  # shards that stay open
_CORE = Path(__file__).parents[2]
_SEARCHED_BY = ("search", "runtime")  # the rooms whose code makes a worker's answer


@dataclass(frozen=True)
class Asked:
    """Some queries, float32 (Q, d) or words uint64 (W, Q), for one shard: `exclude` int64 (Q,) and `allowed` bool
    (n,) are of the shard's own items; `code` is the client's `code_digest`."""

    code: str
    shard: Shard
    queries: np.ndarray
    exclude: np.ndarray
    depth: int
    allowed: np.ndarray | None


def rank_vectors(asked: Asked, longest: float) -> Ranking:
    """The shard's best items by inner product, with the ids of the whole gallery, -1 where it has fewer."""
    _check_code(asked.code)
    index = LocalVectors(Vectors(_opened(asked.shard), longest))
    return _named(asked, index.rank(asked.queries, asked.exclude, asked.depth, asked.allowed, 1))


def rank_codes(asked: Asked, bits: int, cap: int | None) -> Ranking:
    """The same by distance."""
    _check_code(asked.code)
    index = LocalCodes(PackedCodes(bits, _opened(asked.shard), cap))
    return _named(asked, index.rank(asked.queries, asked.exclude, asked.depth, asked.allowed, 1))


def products(code: str, shard: Shard, queries: np.ndarray, counts: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Inner products of queries float32 (Q, d) with items of the shard: `ids` int32, counts[q] of them for each query,
    one query's after the other's; float64 likewise."""
    _check_code(code)
    rows, found, begin = _opened(shard), np.empty(len(ids)), 0
    for query, count in zip(queries, counts.tolist(), strict=True):
        gathered_products(query, rows, ids[begin : begin + count], found[begin : begin + count])
        begin += count
    return found


@lru_cache(1)
def code_digest() -> str:
    """What tells the versions of the code apart that searches."""
    digest = hashlib.sha256()
    for file in sorted(file for room in _SEARCHED_BY for file in (_CORE / room).rglob("*.py")):
        digest.update(file.relative_to(_CORE).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _check_code(code: str) -> None:
    if code != code_digest():
        raise EngineError(
            f"a worker has another version of this project's code ({code_digest()}, expected {code}): start the "
            "workers in the same version as this one"
        )


@lru_cache(_OPEN)
def _opened(shard: Shard) -> np.ndarray:
    """Vectors float32 (n, d) as they lie; codes as words uint64 (W, n), of packed ones a copy."""
    array = shard.map()
    if shard.kind != "packed":
        return array
    padded = np.zeros((len(array), -(-array.shape[1] // 8) * 8), np.uint8)
    padded[:, : array.shape[1]] = array
    return np.ascontiguousarray(padded.view(np.uint64).T)


def _named(asked: Asked, found: Ranking) -> Ranking:
    first = asked.shard.first
    return Ranking(np.where(found.ids < 0, -1, found.ids + np.int32(first)).astype(np.int32), found.scores)
