"""An engine in a file, which outlives the process; it can kill the process at an insert of a given number."""

from __future__ import annotations

import os
import signal
import sqlite3
from typing import Self

import numpy as np

from core.search.engines.engine import Collection
from tests.core.search.engines.memory_engine import MemoryEngine


class FileEngine(MemoryEngine):
    """`address` is the file; $KILL_AT such as `3 before` or `3 after` says when, by the commit of the third insert."""

    name = "file"

    def __init__(self, address: str) -> None:
        super().__init__()
        self.file = sqlite3.connect(address)
        self.file.execute("CREATE TABLE IF NOT EXISTS made (name TEXT PRIMARY KEY, kind TEXT, width INT)")
        self.file.execute("CREATE TABLE IF NOT EXISTS rows (name TEXT, id INT, bytes BLOB, PRIMARY KEY (name, id))")
        at, _, self.when = os.environ.get("KILL_AT", "0 ").partition(" ")
        self.left = int(at)

    @classmethod
    def connect(cls, address: str) -> Self:
        return cls(address)

    def held(self, name: str) -> Collection | None:
        made = self.file.execute("SELECT kind, width FROM made WHERE name = ?", (name,)).fetchone()
        count = self.file.execute("SELECT count(*) FROM rows WHERE name = ?", (name,)).fetchone()[0]
        return None if made is None else Collection(name, *made, count)

    def create(self, collection: Collection) -> None:
        with self.file:
            self.file.execute("INSERT INTO made VALUES (?, ?, ?)", (collection.name, collection.kind, collection.width))

    def present(self, collection: Collection, first: int, stop: int) -> np.ndarray:
        asked = "SELECT id FROM rows WHERE name = ? AND id >= ? AND id < ? ORDER BY id"
        return np.array([row[0] for row in self.file.execute(asked, (collection.name, first, stop))], np.int64)

    def insert(self, collection: Collection, ids: np.ndarray, rows: np.ndarray) -> None:
        self.left -= 1
        with self.file:
            each = [(collection.name, int(i), row.tobytes()) for i, row in zip(ids, rows, strict=True)]
            self.file.executemany("INSERT INTO rows VALUES (?, ?, ?)", each)
            self._die_if("before")
        self._die_if("after")

    def read(self, collection: Collection, ids: np.ndarray) -> np.ndarray:
        asked = "SELECT bytes FROM rows WHERE name = ? AND id = ?"
        kept = [self.file.execute(asked, (collection.name, int(i))).fetchone()[0] for i in ids]
        return np.stack([np.frombuffer(row, np.float32 if collection.kind == "vectors" else np.uint8) for row in kept])

    def _die_if(self, when: str) -> None:
        if self.left == 0 and self.when == when:
            os.kill(os.getpid(), signal.SIGKILL)


ENGINE = FileEngine
