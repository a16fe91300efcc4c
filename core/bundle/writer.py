"""Make or change a bundle so that a stopped build leaves the old one intact.

Files are named by their content's hash, so none of an old bundle is written over; replacing `manifest.json`
in one step commits the change, and only then files that nothing names any more are removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from core.bundle import manifest as manifests
from core.errors import BadInput
from core.runtime.shared_types import Json

PART_BYTES = 25_000_000
_HEADER_ROOM = 4096
_ARRAYS, _FILES = "arrays", "files"
# Only names of these shapes are ever removed.
_OWN = {
    _ARRAYS: re.compile(r"[0-9a-f]{16}\.npy|\.tmp-[0-9a-f]+"),
    _FILES: re.compile(r".+-[0-9a-f]{16}(\.[A-Za-z0-9]+)?|\.tmp-[0-9a-f]+"),
}


def check_target(path: str | Path) -> None:
    """BadInput if `path` is a file, or a folder that holds something other than a bundle."""
    folder = Path(path)
    if folder.is_file() or (folder.is_symlink() and not folder.exists()):
        raise BadInput(f"'{folder}' is a file: expected a folder to write the bundle to")
    if not folder.is_dir() or _is_bundle(folder):
        return
    strange = next(_strange(folder), None)
    if strange is not None:
        raise BadInput(
            f"'{folder}' holds '{strange}' and is no bundle: expected a new folder, an empty one or a bundle, "
            "so that nothing of yours is mixed with it"
        )


class Rows(Protocol):
    """An array (N,) or (N, d), or what is read like one, a slice of rows at a time."""

    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def ndim(self) -> int: ...
    @property
    def size(self) -> int: ...
    def __len__(self) -> int: ...
    def __getitem__(self, rows: slice, /) -> np.ndarray: ...


class BundleWriter:
    """`with BundleWriter(path) as writer:` add arrays and files, then `commit` the manifest that names them.

    Left without a commit (an error, a stop), it takes away what it added.
    """

    def __init__(self, path: str | Path) -> None:
        check_target(path)
        self.path = Path(path)
        self._new: list[Path] = []  # files and folders that this writer made
        self._committed = False

    def __enter__(self) -> BundleWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._committed:
            self._discard()

    def add_array(self, array: Rows) -> Json:
        """Write an array (N,) or (N, d) in parts of at most 25 MB; returns its entry for the manifest."""
        if array.dtype.hasobject or array.ndim not in (1, 2) or array.size == 0:
            raise BadInput(f"cannot store an array {array.dtype} {array.shape}: expected numbers (N,) or (N, d), N > 0")
        dtype = array.dtype.newbyteorder("<")
        rows = (PART_BYTES - _HEADER_ROOM) // (dtype.itemsize * (array.size // len(array)))
        if rows < 1:
            raise BadInput(f"cannot store rows of {array.shape[1]} numbers: one exceeds {PART_BYTES} bytes")
        parts = []
        for first in range(0, len(array), rows):
            part = np.ascontiguousarray(array[first : first + rows], dtype=dtype)
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, part, version=(1, 0), allow_pickle=False)
            data = buffer.getvalue()
            digest = hashlib.sha256(data).hexdigest()
            file = f"{_ARRAYS}/{digest[:16]}.npy"
            self._write(file, data)
            parts.append({"file": file, "rows": len(part), "sha256": digest})
        return {"shape": list(array.shape), "dtype": dtype.name, "parts": parts}

    def add_file(self, name: str, data: bytes) -> Json:
        """Write another file (a tree, weights) under `name` with its content's hash put in; returns its entry."""
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):
            raise BadInput(f"cannot store a file named '{name}': expected letters, digits, '_', '-' and '.' only")
        digest = hashlib.sha256(data).hexdigest()
        given = Path(name)
        file = f"{_FILES}/{given.stem}-{digest[:16]}{given.suffix}"
        self._write(file, data)
        return {"file": file, "sha256": digest}

    def commit(self, manifest: Json) -> None:
        """Check `manifest`, put it in place in one step, then remove files that it does not name."""
        data = manifests.dump(manifest)
        needed = {entry["file"] for entry in manifests.files(manifest)}
        missing = sorted(file for file in needed if not (self.path / file).is_file())
        if missing:
            raise BadInput(
                f"'{self.path / missing[0]}' is gone or was never added ({len(missing)} such files): "
                "another build may have written here meanwhile, run this one again"
            )
        self._write(manifests.NAME, data)
        self._committed = True
        for path in _own_files(self.path):
            if path.relative_to(self.path).as_posix() not in needed:
                path.unlink(missing_ok=True)

    def _write(self, file: str, data: bytes) -> None:
        path = self.path / file
        temporary = path.parent / f".tmp-{secrets.token_hex(8)}"
        try:
            self._make_folder(path.parent)
            if file != manifests.NAME and not path.exists():
                self._new.append(path)
            try:
                temporary.write_bytes(data)
                os.replace(temporary, path)  # noqa: PTH105 the one step that readers see
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise BadInput(f"cannot write '{path}': {error.strerror or error}") from error

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make_folder(folder.parent)
            folder.mkdir(exist_ok=True)
            self._new.append(folder)

    def _discard(self) -> None:
        # Another build may have committed files that this one made too: those stay.
        source = self.path / manifests.NAME
        with contextlib.suppress(OSError, BadInput):
            kept = {e["file"] for e in manifests.files(manifests.parse(source.read_bytes()))} if source.exists() else ()
            for path in reversed(self._new):
                if path.is_dir():
                    with contextlib.suppress(OSError):  # not empty: not ours alone
                        path.rmdir()
                elif path.relative_to(self.path).as_posix() not in kept:
                    path.unlink(missing_ok=True)


def _is_bundle(folder: Path) -> bool:
    """Whether the folder's manifest is one of a bundle, of whatever format version."""
    try:
        manifest = json.loads((folder / manifests.NAME).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and {"format", "encoders", "splits"} <= manifest.keys()


def _own_files(folder: Path) -> Iterator[Path]:
    for name, pattern in _OWN.items():
        if (folder / name).is_dir() and not (folder / name).is_symlink():
            yield from (path for path in sorted((folder / name).iterdir()) if pattern.fullmatch(path.name))


def _strange(folder: Path) -> Iterator[str]:
    """Names in a folder that no build of a bundle leaves behind when it is stopped."""
    for path in sorted(folder.iterdir()):
        if path.name not in _OWN or not path.is_dir():
            if not re.fullmatch(r"\.tmp-[0-9a-f]{16}", path.name):
                yield path.name
        else:
            inside = sorted(entry.name for entry in path.iterdir())
            yield from (f"{path.name}/{name}" for name in inside if not _OWN[path.name].fullmatch(name))
