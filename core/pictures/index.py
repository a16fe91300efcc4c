"""The index of a folder: features of all its pictures, kept between runs, made only for what is new.

A file that has the path, size and time it had is not opened; else its content decides, so that a picture which was
moved, copied or merely touched is not encoded again. Features are float16, in files: memory holds a batch.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.errors import BadInput
from core.pictures.encoder import PictureEncoder
from core.pictures.file import read_picture
from core.pictures.folder import PictureFile, PictureFolder, Skipped
from core.pictures.index_store import IndexStore, default_cache

PART_ROWS = 1024  # and a part is written at least every so many seconds, which is all that a stop can lose:
PART_SECONDS = 20.0
MOST_BYTES = 500_000_000  # of a picture's file
READERS = 4  # threads that read and decode; each holds a picture
_FORMAT = "float16, 2"

Progress = Callable[[int, int], object]  # pictures done, of so many to do


@dataclass(frozen=True, eq=False)
class PictureIndex:
    """Pictures in the order of their paths, and where the features of each are; `encoded` of them were made just now.

    `part` and `row` int32 (N,): of picture i the features are row `row[i]` of the file `parts[part[i]]`.
    """

    folder: PictureFolder
    files: list[PictureFile]
    skipped: list[Skipped]
    parts: dict[int, Path]
    part: np.ndarray
    row: np.ndarray
    dimensions: int
    encoded: int

    def __len__(self) -> int:
        return len(self.files)

    def features(self, places: np.ndarray) -> np.ndarray:
        """Float16 (n, d) of the pictures at `places` int (n,); one part at a time is open."""
        result = np.empty((len(places), self.dimensions), dtype=np.float16)
        parts = self.part[places]
        for number in np.unique(parts):
            chosen = np.flatnonzero(parts == number)
            result[chosen] = self._part(int(number))[self.row[places[chosen]]]
        return result

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Places int64 (n,) and their features float16 (n, d), each picture once, part by part."""
        order = np.argsort(self.part, kind="stable")
        bounds = np.flatnonzero(np.diff(self.part[order])) + 1
        for places in np.split(order, bounds):
            yield places, self._part(int(self.part[places[0]]))[self.row[places]]

    def _part(self, number: int) -> np.ndarray:
        path = self.parts[number]
        try:
            return np.lib.format.open_memmap(path, mode="r")
        except (OSError, ValueError) as error:
            raise BadInput(f"the index's file '{path}' cannot be read ({error}): remove its folder") from error


class _Read(NamedTuple):
    """What a reader made of a file: its digest, and the prepared picture or the reason why there is none."""

    file: PictureFile
    digest: bytes | None
    prepared: object | None
    reason: str | None


def index_folder(
    folder: PictureFolder, encoder: PictureEncoder, cache: str | Path | None = None, progress: Progress | None = None
) -> PictureIndex:
    """The index of a folder by an encoder, brought up to date; BadInput where not one picture can be read.

    `cache`: the folder that indexes are kept in. A run that was stopped is gone on with.
    """
    name = hashlib.sha256(f"{folder.root}\n{encoder.key}\n{_FORMAT}".encode(errors="surrogateescape")).hexdigest()[:20]
    store = IndexStore((default_cache() if cache is None else Path(cache)) / f"{encoder.name}-{name}")
    try:
        todo = store.stale(folder.files)
        unread, encoded = _take_in(store, folder, todo, encoder, progress or (lambda done, total: None))
        store.forget(folder.files)
        return _opened(store, folder, unread, encoded)
    finally:
        store.close()


def _take_in(
    store: IndexStore, folder: PictureFolder, todo: Sequence[PictureFile], encoder: PictureEncoder, progress: Progress
) -> tuple[list[Skipped], int]:
    """Encode what is new; returns the files that could not be read at all, and how many pictures were encoded."""
    taken = _Taken(store, encoder)
    progress(0, len(todo))
    for done, read in enumerate(_read_all(folder, todo, encoder, store), start=1):
        taken.take(read)
        progress(done, len(todo))
    taken.write()
    return taken.unread, taken.encoded


class _Taken:
    """What was read and is not yet kept: a batch to encode, and encoded batches that make a part."""

    def __init__(self, store: IndexStore, encoder: PictureEncoder) -> None:
        self.store, self.encoder = store, encoder
        self.unread: list[Skipped] = []
        self.encoded = 0
        self._clear()

    def take(self, read: _Read) -> None:
        """One file; writes a part when there is enough for one."""
        if read.digest is None:  # asked again the next time: what it may read can change without the file
            self.unread.append(Skipped(read.file.path, read.reason or ""))
            return
        self.seen.append((read.file, read.digest))
        if read.reason is not None:
            self.refused.append((read.digest, read.reason))
        elif read.prepared is not None and read.digest not in self.held:
            self.held.add(read.digest)
            self.waiting.append((read.digest, read.prepared))
            if len(self.waiting) >= self.encoder.batch:
                self._encode()
        if len(self.seen) >= PART_ROWS or time.monotonic() - self.started > PART_SECONDS:
            self.write()

    def write(self) -> None:
        """Encode what waits and keep all."""
        self._encode()
        if self.seen:
            features = np.concatenate(self.features) if self.features else None
            self.store.add(self.seen, self.digests, features, self.refused)
        self._clear()

    def _encode(self) -> None:
        if not self.waiting:
            return
        vectors = self.encoder.encode([prepared for _, prepared in self.waiting])
        most = np.finfo(np.float16).max
        finite = np.isfinite(vectors).all(axis=1)
        for (digest, _), good in zip(self.waiting, finite, strict=True):
            if not good:
                self.refused.append((digest, "its features are not finite"))
        self.features.append(np.clip(vectors[finite], -most, most).astype(np.float16))
        self.digests += [digest for (digest, _), good in zip(self.waiting, finite, strict=True) if good]
        self.encoded += len(self.waiting)
        self.waiting.clear()

    def _clear(self) -> None:
        self.seen: list[tuple[PictureFile, bytes]] = []
        self.refused: list[tuple[bytes, str]] = []
        self.waiting: list[tuple[bytes, object]] = []
        self.held: set[bytes] = set()
        self.digests: list[bytes] = []
        self.features: list[np.ndarray] = []
        self.started = time.monotonic()


def _read_all(
    folder: PictureFolder, todo: Sequence[PictureFile], encoder: PictureEncoder, store: IndexStore
) -> Iterator[_Read]:
    """Read files in threads, a batch or two ahead, in their order."""
    waiting: deque[Future[_Read]] = deque()
    pool = ThreadPoolExecutor(min(READERS, os.cpu_count() or 1))
    try:
        for file in todo:
            waiting.append(pool.submit(_read, folder, file, encoder, store))
            if len(waiting) >= 2 * encoder.batch:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _read(folder: PictureFolder, file: PictureFile, encoder: PictureEncoder, store: IndexStore) -> _Read:
    path = folder.full_path(file.path)
    if file.size > MOST_BYTES:
        return _Read(file, None, None, f"{file.size:,} bytes, more than {MOST_BYTES:,}")
    try:
        data = path.read_bytes()
    except OSError as error:
        return _Read(file, None, None, f"cannot be read: {error.strerror}")
    digest = hashlib.sha256(data).digest()
    if store.knows(digest):
        return _Read(file, digest, None, None)
    try:
        return _Read(file, digest, encoder.prepare(read_picture(data, path.name)), None)
    except BadInput as error:
        return _Read(file, digest, None, str(error).removeprefix(f"'{path.name}' "))


def _opened(store: IndexStore, folder: PictureFolder, unread: list[Skipped], encoded: int) -> PictureIndex:
    """What the catalogue has of the folder's files now."""
    files, places = [], []
    skipped = [*folder.skipped, *unread]
    for file, part, row, reason in store.places(folder.files):
        if part is None:
            skipped.append(Skipped(file.path, reason or "refused"))
        else:
            files.append(file)
            places.append((part, row))
    if not files:
        raise BadInput(
            f"none of the {len(folder.files)} pictures in '{folder.root}' can be read "
            f"(the first: {skipped[0].path} {skipped[0].reason})"
        )
    part, row = np.array(places, dtype=np.int32).T
    parts = store.part_files()
    width = np.lib.format.open_memmap(parts[int(part[0])], mode="r").shape[1]
    return PictureIndex(folder, files, sorted(skipped), parts, part, row, width, encoded)
