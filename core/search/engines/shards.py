"""Shards of a gallery: consecutive items in files, which whoever searches them maps where they lie.

An array that is itself mapped from a file is cut without being copied. Any other is written once to a folder.
"""

from __future__ import annotations

import hashlib
import mmap
import socket
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np

from core.search.engines.engine import EngineError

Kind = Literal["vectors", "words", "packed"]
_SAMPLED = 64  # items that tell whether a file holds what it held


@dataclass(frozen=True)
class Shard:
    """Items `first` on of a gallery, in a file.

    `vectors` are float32 (n, d); `words` codes uint64 (W, n), word-major; `packed` codes uint8 (n, B), in the order in
    which `core.hashing.packing` packs bits. `digest` is that of a sample of the items.
    """

    kind: Kind
    path: str
    offset: int
    dtype: str
    shape: tuple[int, int]
    strides: tuple[int, int]
    first: int
    digest: str

    @property
    def count(self) -> int:
        """Its items."""
        return self.shape[1] if self.kind == "words" else self.shape[0]

    def map(self) -> np.ndarray:
        """The items, read-only, where they lie; EngineError where the file is not there or holds other ones."""
        try:
            raw = np.memmap(self.path, np.uint8, "r")
            array = np.ndarray(self.shape, self.dtype, raw, self.offset, self.strides)
        except (OSError, ValueError, TypeError) as error:
            reason = getattr(error, "strerror", None) or "it is too short"
            raise EngineError(
                f"shard '{self.path}' cannot be read on '{socket.gethostname()}' ({reason}): keep the gallery and the "
                "folder of shards where every worker finds them by the same path"
            ) from error
        if _digest(array, self.kind) != self.digest:
            raise EngineError(
                f"shard '{self.path}' on '{socket.gethostname()}' holds other rows than the gallery: copy the file anew"
            )
        return array


def cut(array: np.ndarray, kind: Kind, parts: int, keep: Callable[[np.ndarray], np.ndarray]) -> list[Shard]:
    """At most `parts` shards of an array, none of them empty; `keep` gives a mapped copy of what lies in no file."""
    items = array.shape[1] if kind == "words" else array.shape[0]
    ends = np.linspace(0, items, min(parts, items) + 1).astype(np.int64).tolist()
    shards = []
    for first, stop in pairwise(ends):
        part = array[:, first:stop] if kind == "words" else array[first:stop]
        shards.append(_shard(part if _place(part) else keep(part), kind, first))
    return shards


def open_folder(folder: Path, kind: Kind) -> list[Shard]:
    """The shards of a folder: its files *.npy in the order of their names, one after another."""
    files = sorted(folder.glob("*.npy"))
    if not files:
        raise EngineError(f"folder '{folder}' holds no file *.npy: name a folder of shards")
    shards: list[Shard] = []
    first = 0
    for file in files:
        try:
            array = np.load(file, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise EngineError(f"shard '{file}' cannot be read ({error}): write it anew by numpy.save") from error
        wanted = np.dtype(np.float32 if kind == "vectors" else np.uint8 if kind == "packed" else np.uint64)
        width = shards[0].shape[kind != "words"] if shards else None
        if array.ndim != 2 or array.dtype != wanted or array.shape[kind != "words"] != (width or array.shape[1]):
            raise EngineError(
                f"shard '{file}' is {array.dtype} of shape {array.shape}: expected {wanted} with as many columns as "
                "the first shard"
            )
        shards.append(_shard(array, kind, first))
        first += shards[-1].count
    return shards


def _shard(array: np.ndarray, kind: Kind, first: int) -> Shard:
    place = _place(array)
    assert place is not None  # it has just been mapped
    rows, columns = array.shape
    across, along = array.strides
    return Shard(kind, *place, array.dtype.str, (rows, columns), (across, along), first, _digest(array, kind))


def _place(array: np.ndarray) -> tuple[str, int] | None:
    """The file that an array is mapped from, and where in it the array begins; None for one in memory."""
    base: object = array
    while isinstance(base, np.ndarray):
        if isinstance(base, np.memmap) and isinstance(base.base, mmap.mmap) and base.filename is not None:
            # A slice of a map keeps the offset of the whole map, so the place is told from the addresses.
            begin = base.offset - base.offset % mmap.ALLOCATIONGRANULARITY
            mapped = np.frombuffer(base.base, np.uint8)
            return str(Path(base.filename).resolve()), begin + array.ctypes.data - mapped.ctypes.data
        base = base.base
    return None


def _digest(array: np.ndarray, kind: Kind) -> str:
    items = array.T if kind == "words" else array
    sample = np.unique(np.linspace(0, len(items) - 1, min(_SAMPLED, len(items))).astype(np.int64))
    return hashlib.blake2b(np.ascontiguousarray(items[sample]).tobytes(), digest_size=8).hexdigest()
