"""What is kept of a folder's pictures between runs: features in parts, and which file has which.

A part is written beside the others and then named in the catalogue, in one transaction with what it holds: a stop at
any moment loses what was not yet named, and nothing else.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import BadInput
from core.pictures.folder import PictureFile

_TABLES = """
CREATE TABLE IF NOT EXISTS parts(id INTEGER PRIMARY KEY, file TEXT NOT NULL, rows INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS contents(digest BLOB PRIMARY KEY, part INTEGER, row INTEGER, reason TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files(path BLOB PRIMARY KEY, size INTEGER, changed INTEGER, digest BLOB) WITHOUT ROWID;
"""
_OLD = 3600  # seconds after which a part that no catalogue names was left by a run that was stopped


def default_cache() -> Path:
    """Where indexes are kept unless a folder is named."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "hash-retrieval-pictures"


def _told(work: Callable[..., Any]) -> Callable[..., Any]:
    """What goes wrong with the files of the index, as one line with the mend."""

    @wraps(work)
    def wrapped(self: IndexStore, *arguments: object) -> Any:
        try:
            return work(self, *arguments)
        except (sqlite3.Error, OSError, ValueError) as error:
            if isinstance(error, BadInput):
                raise
            raise BadInput(
                f"the index in '{self.folder}' cannot be used ({error}): make room there or remove that folder, it is "
                "made anew",
                "; or name another folder",
                "index-unusable",
                folder=str(self.folder),
            ) from error

    return wrapped


class IndexStore:
    """Features float16 by the SHA-256 of a picture's file, and the digest of each path as it was last seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._open()

    @_told
    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        # Threads that read pictures ask too, one at a time.
        self._base = sqlite3.connect(self.folder / "catalogue.sqlite", timeout=60, check_same_thread=False)
        self._base.executescript(_TABLES)
        named = {file for (file,) in self._base.execute("SELECT file FROM parts")}
        for path in self.folder.glob("*.npy"):
            if path.name not in named and time.time() - path.stat().st_mtime > _OLD:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the catalogue."""
        self._base.close()

    @_told
    def stale(self, files: Sequence[PictureFile]) -> list[PictureFile]:
        """The files that are new or have another size or time than when they were last seen."""
        question = "SELECT 1 FROM files WHERE path = ? AND size = ? AND changed = ?"
        ask = self._base.execute
        return [f for f in files if ask(question, (os.fsencode(f.path), f.size, f.changed)).fetchone() is None]

    @_told
    def knows(self, digest: bytes) -> bool:
        """Whether a picture of this content was encoded, or refused, before."""
        with self._lock:
            return self._base.execute("SELECT 1 FROM contents WHERE digest = ?", (digest,)).fetchone() is not None

    @_told
    def add(
        self, seen: Sequence[tuple[PictureFile, bytes]], digests: Sequence[bytes], features: np.ndarray | None,
        refused: Sequence[tuple[bytes, str]],
    ) -> None:  # fmt: skip
        """Keep features float16 (N, d) of N contents, the reasons why others were refused, and the files' digests."""
        part = None
        if digests and features is not None:
            part = f"part-{secrets.token_hex(8)}.npy"
            hidden = self.folder / f"{part}.tmp"
            with hidden.open("wb") as file:
                np.lib.format.write_array(file, features, allow_pickle=False)
            hidden.replace(self.folder / part)
        with self._lock, self._base:
            number = None
            if part is not None:
                row = (part, len(digests))
                number = self._base.execute("INSERT INTO parts(file, rows) VALUES (?, ?)", row).lastrowid
            rows: list[tuple[bytes, int | None, int | None, str | None]]
            rows = [(digest, number, row, None) for row, digest in enumerate(digests)]
            rows += [(digest, None, None, reason) for digest, reason in refused]
            self._base.executemany("INSERT OR IGNORE INTO contents VALUES (?, ?, ?, ?)", rows)
            places = [(os.fsencode(file.path), file.size, file.changed, digest) for file, digest in seen]
            self._base.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", places)

    @_told
    def places(self, files: Sequence[PictureFile]) -> Iterator[tuple[PictureFile, int | None, int | None, str | None]]:
        """Of each file that was taken in its part, its row there, or the reason why it was refused."""
        question = (
            "SELECT part, row, reason FROM files JOIN contents USING (digest) "
            "WHERE path = ? AND size = ? AND changed = ?"
        )
        found = []
        for file in files:
            place = self._base.execute(question, (os.fsencode(file.path), file.size, file.changed)).fetchone()
            if place is not None:
                found.append((file, *place))
        return iter(found)

    @_told
    def part_files(self) -> dict[int, Path]:
        """The file of each part."""
        return {number: self.folder / file for number, file in self._base.execute("SELECT id, file FROM parts")}

    @_told
    def forget(self, files: Sequence[PictureFile]) -> None:
        """Drop what is kept of paths that are not among `files`, and parts in which no picture is left."""
        (kept,) = self._base.execute("SELECT COUNT(*) FROM files").fetchone()
        if kept <= len(files):
            return
        with self._lock, self._base:
            self._base.execute("CREATE TEMP TABLE now(path BLOB PRIMARY KEY) WITHOUT ROWID")
            self._base.executemany("INSERT INTO now VALUES (?)", ((os.fsencode(file.path),) for file in files))
            self._base.execute("DELETE FROM files WHERE path NOT IN (SELECT path FROM now)")
            self._base.execute("DROP TABLE now")
            empty = self._base.execute(
                "SELECT id, file FROM parts WHERE id NOT IN "
                "(SELECT part FROM contents JOIN files USING (digest) WHERE part IS NOT NULL)"
            ).fetchall()
            for number, _ in empty:
                self._base.execute("DELETE FROM contents WHERE part = ?", (number,))
                self._base.execute("DELETE FROM parts WHERE id = ?", (number,))
        for _, file in empty:
            (self.folder / file).unlink(missing_ok=True)
