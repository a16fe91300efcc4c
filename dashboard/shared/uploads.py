"""Files that are dropped on the page: what each is for, and where it lies until the session ends."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import streamlit as st

from core.datasets.array_files import SUFFIXES, NamedFile
from core.datasets.array_labels import LABEL_SUFFIXES
from core.errors import BadInput


@dataclass(frozen=True)
class Role:
    """What a file is for. `key` is the argument of `import_arrays`, `array` its name inside .npz and .parquet."""

    key: str
    label: str
    array: str | None
    kinds: tuple[str, ...]
    help: str


def _array_roles(side: str) -> tuple[Role, ...]:
    title = side.capitalize()
    kinds, label_kinds = ([suffix.removeprefix(".") for suffix in every] for every in (SUFFIXES, LABEL_SUFFIXES))
    return (
        Role(f"{side}_embeddings", f"{title} embeddings", "embeddings", tuple(kinds), "Floats, shape (N, dimensions)."),
        Role(
            f"{side}_labels",
            f"{title} labels",
            "labels",
            tuple(label_kinds),
            "Integers from 0, or class names, one for each row of the embeddings.",
        ),
        Role(
            f"{side}_codes",
            f"{title} codes",
            "codes",
            tuple(kinds),
            "Packed bits, uint8 of shape (N, bits / 8 rounded up), as numpy.packbits makes them.",
        ),
    )


GALLERY, QUERIES = _array_roles("gallery"), _array_roles("query")
TEXTS = (
    Role("class_names", "Class names", None, ("txt",), "One name a line, in the order of the labels."),
    Role("hierarchy_file", "Class tree", None, ("txt",), "One 'parent child' pair a line; leaves are class names."),
)
ROLES = {role.key: role for role in (*GALLERY, *QUERIES, *TEXTS)}


@dataclass(frozen=True)
class Upload:
    """A file at hand: where it lies and what its owner calls it. `problem` says why it cannot be used."""

    role: Role
    path: Path
    name: str
    problem: str | None = None

    @property
    def file(self) -> NamedFile:
        """The file as messages of the import name it."""
        return NamedFile(self.path, self.name)


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda folder: shutil.rmtree(folder, True))
def session_folder() -> Path:
    """The session's own temporary folder on this server, removed when the session ends or the server stops."""
    folder = Path(tempfile.mkdtemp(prefix="binary-hashes-"))
    atexit.register(shutil.rmtree, folder, True)
    return folder


def save_upload(folder: Path, role: Role, name: str, content: BinaryIO) -> Upload:
    """Write an uploaded file under a name of ours; the person's own is only shown."""
    suffix = Path(name).suffix.lower()
    if suffix.removeprefix(".") not in role.kinds:
        wanted = f"expected a file of type {', '.join(role.kinds)}"
        return Upload(role, folder, name, f"{role.label} '{name}': {wanted}")
    path = folder / f"{role.key}{suffix}"
    fresh = path.with_suffix(f"{suffix}.new")
    try:
        with fresh.open("wb") as file:
            shutil.copyfileobj(content, file)
        fresh.replace(path)  # an earlier file of the same name may still be mapped
    except OSError as error:
        raise BadInput(f"{role.label} '{name}' cannot be kept on the server: {error.strerror}; free space") from error
    finally:
        fresh.unlink(missing_ok=True)
    return Upload(role, path, name)
