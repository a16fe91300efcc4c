"""Arrays on disk while an import runs, for what need not fit in memory."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from core.errors import BadInput

_RESERVE = 200_000_000  # bytes of the disk that are left to others


class Scratch:
    """`with Scratch() as scratch:` a temporary folder ($TMPDIR says where); its arrays go with it."""

    def __enter__(self) -> Scratch:
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="import-", ignore_cleanup_errors=True)
        except OSError as error:
            raise BadInput(f"no temporary folder can be made ({error.strerror}): free space, or set TMPDIR") from error
        self._count = 0
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._folder.cleanup()

    def write(self, shape: tuple[int, ...], dtype: np.dtype, blocks: Iterable[np.ndarray]) -> np.ndarray:
        """Consecutive rows as one array of `shape`, memory-mapped, read-only.

        Written and then mapped: a full disk is an error then, where a write through a map would end the process.
        """
        self._check_room(math.prod(shape) * np.dtype(dtype).itemsize)
        path = self._path()
        with path.open("wb") as file:
            header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            for block in blocks:
                file.write(np.ascontiguousarray(block, dtype=dtype).data)
        return open_npy(path)

    def copy_npy(self, source: IO[bytes], size: int) -> np.ndarray:
        """The `size` bytes of a .npy file, copied to disk and memory-mapped; ValueError where they are none."""
        self._check_room(size)
        path = self._path()
        with path.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
        return open_npy(path)

    def _check_room(self, size: int) -> None:
        """BadInput where the disk has no room for so many bytes: some data grow a thousandfold when unpacked."""
        free = shutil.disk_usage(self._folder.name).free - _RESERVE
        if size > free:
            raise BadInput(
                f"{size / 1e6:,.0f} MB are needed in '{Path(self._folder.name).parent}', which has "
                f"{max(0, free) / 1e6:,.0f} MB to spare: free space there, or set TMPDIR to a folder on another disk"
            )

    def _path(self) -> Path:
        self._count += 1
        return Path(self._folder.name) / f"{self._count}.npy"


def open_npy(path: Path, shown: str | None = None) -> np.ndarray:
    """A .npy file, memory-mapped, read-only. It knows only plain .npy: a pickle under that name is never loaded."""
    with path.open("rb") as file:
        start = file.read(len(np.lib.format.MAGIC_PREFIX))
    if not start:
        raise BadInput(f"'{shown or path}' is empty (0 bytes)")
    if start != np.lib.format.MAGIC_PREFIX:
        raise BadInput(
            f"'{shown or path}' is no .npy file; a pickle is never loaded: save plain numbers with numpy.save"
        )
    return np.asarray(np.lib.format.open_memmap(path, mode="r"))
