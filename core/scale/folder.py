"""A folder that holds a large gallery: embeddings and packed codes in raw files, opened as memory maps.

`scale.json` says how many rows of each file are there. It is replaced after every block that has reached the disk, so
a stop at any moment loses at most one block, and what it counts is whole. A folder grows: its rows begin every larger
gallery.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.errors import BadInput
from core.hashing.base import HashMethod
from core.hashing.packing import to_words, width
from core.runtime.atomic_file import write_whole
from core.runtime.parallel import blocks
from core.scale.rows import BLOCK, Source

STATE, ROWS = "scale.json", "embeddings.f32"
_CODES = re.compile(r"codes-[a-z0-9-]+-[0-9]{1,5}-[0-9a-f]{12}")  # `_code_file`
MOST = 2**31 - 1  # ids are int32
Progress = Callable[[int], object]  # rows done since the last call


class ScaleFolder:
    """The gallery of a source in a folder, as far as it has been made."""

    def __init__(self, folder: Path, source: Source) -> None:
        """Open or begin; BadInput for a folder that holds the gallery of another source, or something else."""
        self.folder, self.source = folder, source
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise BadInput(f"cannot make the folder '{folder}' ({error.strerror}): make its parent first") from error
        self._files = self._read()
        if not self._files:
            self._write()  # a folder that a stop leaves behind is known as ours

    def missing(self, count: int, method: HashMethod | None = None) -> int:
        """How many of the first `count` embeddings, or codes by a method, are still to be made."""
        return max(0, count - self._files.get(ROWS if method is None else _code_file(method), 0))

    def make_rows(self, count: int, progress: Progress | None = None) -> None:
        """Make what is missing of the first `count` embeddings; BadInput where the disk has no room."""
        if count > MOST:
            raise BadInput(f"size {count} is above {MOST}, the largest id: name a smaller one")
        self._grow(ROWS, count, 4 * self.source.dimensions, self._block, progress)

    def make_codes(self, method: HashMethod, count: int, progress: Progress | None = None) -> None:
        """Make what is missing of the first `count` codes by a fitted method; their embeddings are there."""
        rows = self.embeddings(count)

        def block(number: int, wanted: int) -> np.ndarray:
            return method.encode(rows[number * BLOCK : number * BLOCK + wanted])

        self._grow(_code_file(method), count, width(method.bits), block, progress)

    def embeddings(self, count: int) -> np.ndarray:
        """The first `count` embeddings, float32 (count, d), a read-only memory map."""
        return self._map(ROWS, np.dtype("<f4"), count, self.source.dimensions)

    def words(self, method: HashMethod, count: int) -> np.ndarray:
        """The first `count` codes as they are searched, uint64 (W, count), in memory."""
        packed = self._map(_code_file(method), np.dtype("u1"), count, width(method.bits))
        words = np.empty((-(-packed.shape[1] // 8), count), np.uint64)
        for part in blocks(count, BLOCK):
            words[:, part] = to_words(packed[part])
        return words

    def _block(self, number: int, wanted: int) -> np.ndarray:
        return self.source.block(number, wanted).astype("<f4", copy=False)

    def _grow(
        self, name: str, count: int, row_bytes: int, make: Callable[[int, int], np.ndarray], progress: Progress | None
    ) -> None:
        done = self._files.get(name, 0)
        if done >= count:
            return
        self._check_room((count - done) * row_bytes)
        path = self.folder / name
        try:
            with path.open("r+b" if path.exists() else "x+b") as file:
                for part in blocks(count, BLOCK):
                    if part.stop <= done:
                        continue
                    file.seek(part.start * row_bytes)
                    file.write(np.ascontiguousarray(make(part.start // BLOCK, part.stop - part.start)).data)
                    file.flush()
                    os.fsync(file.fileno())
                    if progress:
                        progress(part.stop - self._files.get(name, 0))
                    self._files[name] = part.stop
                    self._write()
        except OSError as error:
            raise BadInput(
                f"cannot write '{path}' ({error.strerror}): make room there or ",
                "name another folder; what is done is kept",
                "gallery-not-written",
                path=str(path),
            ) from error

    def _check_room(self, needed: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise BadInput(
                f"'{self.folder}' needs {needed / 1e9:.1f} GB more and its disk has {free / 1e9:.1f} GB free: ",
                "make room, name another folder or smaller sizes",
                "gallery-without-room",
                needed=needed,
                free=free,
            )

    def _map(self, name: str, dtype: np.dtype, count: int, columns: int) -> np.ndarray:
        if self._files.get(name, 0) < count:
            raise BadInput(f"'{self.folder}' has {self._files.get(name, 0)} rows of '{name}', not {count}: make them")
        return np.asarray(np.memmap(self.folder / name, dtype, "r", shape=(count, columns)))

    def _read(self) -> dict[str, int]:
        path = self.folder / STATE
        if not path.exists():
            if any(self.folder.iterdir()):
                raise BadInput(f"'{self.folder}' is not empty and holds no {STATE}: name a new or an empty folder")
            return {}
        try:
            found = json.loads(path.read_text())
            files = {str(name): int(rows) for name, rows in found["files"].items()}
            for name in files:
                if name != ROWS and not _CODES.fullmatch(name):
                    raise ValueError(f"unknown file '{name}'")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"'{path}' cannot be read ({error}): remove the folder, it is made anew") from error
        if found.get("source") != self.source.described():
            problem = f"'{self.folder}' holds a gallery of another bundle, encoder or seed: "
            raise BadInput(problem, "name another folder", "gallery-of-another", folder=str(self.folder))
        for name, rows in files.items():
            whole = self.folder / name
            size = whole.stat().st_size if whole.is_file() else 0
            if size < rows * self._row_bytes(name):
                raise BadInput(f"'{whole}' is shorter than {STATE} says: remove the folder '{self.folder}'")
        return files

    def _row_bytes(self, name: str) -> int:
        return 4 * self.source.dimensions if name == ROWS else width(int(name.split("-")[-2]))

    def _write(self) -> None:
        state = {"source": self.source.described(), "files": self._files}
        write_whole(json.dumps(state, indent=1).encode(), self.folder / STATE)


def _code_file(method: HashMethod) -> str:
    """The file of a method's codes; the digest tells fits apart."""
    digest = hashlib.sha256()
    for name, array in sorted(method.state().items()):
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return f"codes-{method.name}-{method.bits}-{digest.hexdigest()[:12]}"
