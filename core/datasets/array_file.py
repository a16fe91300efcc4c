"""A person's array wherever it lies: its rows block by block, its head, and one line for whatever cannot be read."""

from __future__ import annotations

import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from core.datasets.scratch import Scratch
from core.errors import BadInput

BLOCK_BYTES = 8_000_000  # of a file, held in memory at a time

# What NumPy, zipfile and pyarrow raise on damaged files.
UNREADABLE = (
    OSError, ValueError, EOFError, SyntaxError, LookupError, ArithmeticError, TypeError, RuntimeError, MemoryError,
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, tokenize.TokenError,
)  # fmt: skip


@dataclass(frozen=True)
class ArrayFile:
    """An array that need not be in memory: `blocks()` gives its consecutive rows, from the first, at each call."""

    label: str  # what it is and where, for messages
    column: str | None  # its name inside the file
    shape: tuple[int, ...]
    dtype: np.dtype
    blocks: Callable[[], Iterator[np.ndarray]]
    mapped: np.ndarray | None = None  # the whole of it, where it can be had without reading it

    def head(self, rows: int) -> np.ndarray:
        """A copy of the first rows."""
        if self.mapped is not None:
            return np.array(self.mapped[:rows])
        with reading(self.label):
            found, count = [], 0
            for block in self.blocks():
                found.append(block[: rows - count])
                count += len(found[-1])
                if count >= rows:
                    break
            return np.concatenate(found)

    def load(self, scratch: Scratch, rows: np.ndarray | None = None, dtype: np.dtype | None = None) -> np.ndarray:
        """All rows, or those of the mask `rows` bool (N,), as `dtype`: a map of the file or of a temporary one."""
        dtype = np.dtype(dtype or self.dtype).newbyteorder("=")
        if self.mapped is not None and rows is None and self.dtype == dtype:
            return self.mapped
        count = self.shape[0] if rows is None else int(np.count_nonzero(rows))

        def blocks() -> Iterator[np.ndarray]:
            first = 0
            for block in self.blocks():
                with np.errstate(over="ignore"):  # float64 beyond float32 becomes infinite, which is named later
                    kept = block if rows is None else block[rows[first : first + len(block)]]
                    yield kept.astype(dtype, copy=False)
                first += len(block)

        with reading(self.label):
            return scratch.write((count, *self.shape[1:]), dtype, blocks())


@contextmanager
def reading(label: str) -> Iterator[None]:
    """Whatever libraries raise on a file that is no array becomes one line."""
    try:
        yield
    except BadInput:
        raise
    except UNREADABLE as error:
        if "pickle" in str(error).lower() or "python objects" in str(error).lower():
            raise python_objects(label) from error
        detail = str(error).strip().splitlines()
        raise BadInput(f"{label} cannot be read: {detail[0] if detail else type(error).__name__}") from error


def python_objects(label: str) -> BadInput:
    """The refusal of a file that holds more than numbers."""
    return BadInput(f"{label} holds Python objects or a pickle, which are never loaded: save it as plain numbers")
