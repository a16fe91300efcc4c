"""A person's own data: files that are dropped on the page, and bundle folders that the page may read."""

from __future__ import annotations

import atexit
import re
import shlex
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import streamlit as st

from core.datasets.array_files import SUFFIXES, read_array
from core.datasets.arrays import import_arrays
from core.errors import BadInput
from core.settings import BITS_RANGE
from dashboard.launch import allowed, launch

_ARRAY_KINDS = tuple(suffix.removeprefix(".") for suffix in SUFFIXES)


@dataclass(frozen=True)
class Role:
    """What a file is for. `key` is the argument of `import_arrays`, `array` its name inside .npz and .parquet."""

    key: str
    label: str
    array: str | None
    kinds: tuple[str, ...]
    help: str

    @property
    def side(self) -> str:
        """`gallery` or `query` for arrays."""
        return self.key.split("_")[0]


def _array_roles(side: str) -> tuple[Role, ...]:
    title = side.capitalize()
    return (
        Role(f"{side}_embeddings", f"{title} embeddings", "embeddings", _ARRAY_KINDS, "Floats, shape (N, dimensions)."),
        Role(f"{side}_labels", f"{title} labels", "labels", _ARRAY_KINDS, "Integers from 0, shape (N,)."),
        Role(
            f"{side}_codes",
            f"{title} codes",
            "codes",
            _ARRAY_KINDS,
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
    """A file at hand: where it lies, what its owner calls it, what it holds. `problem` says why it cannot be used."""

    role: Role
    path: Path
    name: str
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    problem: str | None = None


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda folder: shutil.rmtree(folder, True))
def session_folder() -> Path:
    """The session's own temporary folder on this server, removed when the session ends or the server stops."""
    folder = Path(tempfile.mkdtemp(prefix="binary-hashes-"))
    atexit.register(shutil.rmtree, folder, True)
    return folder


def save_upload(folder: Path, role: Role, name: str, content: BinaryIO) -> Upload:
    """Write an uploaded file under a name of ours (the person's own is only shown), and look what it holds."""
    suffix = Path(name).suffix.lower()
    if suffix.removeprefix(".") not in role.kinds:
        wanted = f"expected a file of type {', '.join(role.kinds)}"
        return Upload(role, folder, name, problem=f"{role.label} '{name}': {wanted}")
    path = folder / f"{role.key}{suffix}"
    fresh = path.with_suffix(f"{suffix}.new")
    with fresh.open("wb") as file:
        shutil.copyfileobj(content, file)
    fresh.replace(path)  # an earlier file of the same name may still be mapped
    return look(role, path, name)


def look(role: Role, path: Path, name: str) -> Upload:
    """What a file holds; never unpickled."""
    try:
        if role.array is None:
            lines = path.read_text(encoding="utf-8-sig").rstrip().splitlines()
            return Upload(role, path, name, (len(lines),), "lines of text")
        array = read_array(path, role.array, role.label.lower())
    except BadInput as error:
        return Upload(role, path, name, problem=_in_own_words(str(error), {path: name}))
    except (OSError, UnicodeDecodeError):
        return Upload(role, path, name, problem=f"{role.label} '{name}' is no UTF-8 text: save it as plain text")
    return Upload(role, path, name, array.shape, str(array.dtype))


def with_companions(uploads: Mapping[str, Upload]) -> dict[str, Upload]:
    """The uploads, with labels and codes that lie in the same .npz or .parquet as the embeddings."""
    found = dict(uploads)
    for embeddings, *others in (GALLERY, QUERIES):
        source = uploads.get(embeddings.key)
        if source is None or source.problem:
            continue
        inside = array_names(source.path)
        for role in others:
            if role.key not in found and role.array in inside:
                found[role.key] = look(role, source.path, source.name)
    return found


def array_names(path: Path) -> tuple[str, ...]:
    """The arrays or columns that a .npz or .parquet holds; none for another or an unreadable file."""
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return tuple(arrays.files)
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq

            return tuple(pq.read_schema(path).names)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return ()
    return ()


def code_bits(uploads: Mapping[str, Upload]) -> tuple[int, int] | None:
    """The fewest and the most bits that the uploaded codes can have; None without usable codes."""
    shape = next((uploads[key].shape for key in ("gallery_codes", "query_codes") if key in uploads), None)
    if shape is None or len(shape) != 2:
        return None
    least, most = max(BITS_RANGE[0], 8 * (shape[1] - 1) + 1), min(BITS_RANGE[1], 8 * shape[1])
    return (least, most) if least <= most else None


def missing(uploads: Mapping[str, Upload]) -> list[str]:
    """What stands between these files and an import, one line each with its mend."""
    lines = [upload.problem for upload in uploads.values() if upload.problem]
    have = {key for key, upload in uploads.items() if not upload.problem}

    def need(key: str, why: str) -> None:
        if key not in uploads:
            lines.append(f"{ROLES[key].label} are missing: {why}")

    need("gallery_embeddings", "drop a .npy, .npz or .parquet file with one row an image.")
    need("gallery_labels", "drop one class number for each gallery image.")
    if uploads.keys() & {"query_labels", "query_codes"}:
        need("query_embeddings", "add them, or take the other query files away.")
    if "query_embeddings" in uploads:
        need("query_labels", "add them, or take the query embeddings away: the gallery then queries itself.")
    if "query_codes" in uploads:
        need("gallery_codes", "add them, or take the query codes away.")
    if {"gallery_codes", "query_embeddings"} <= uploads.keys():
        need("query_codes", "add them, or take the gallery codes away: hashes are then fitted here.")
    for embeddings, *others in (GALLERY, QUERIES):
        for role in others:
            if {embeddings.key, role.key} <= have:
                rows, expected = uploads[role.key].shape[0], uploads[embeddings.key].shape[0]
                if rows != expected:
                    lines.append(
                        f"{role.label}: {rows:,} rows for {expected:,} embeddings; each image needs exactly one."
                    )
    return lines


def run_import(
    uploads: Mapping[str, Upload], bits: int | None, shuffle: int | None, out: Path, similarity: str = "cosine"
) -> tuple[str, ...]:
    """Make the bundle `out` of the files; returns warnings. Raises BadInput, which names files as their owner does."""
    sources = {key: upload.path for key, upload in uploads.items()}
    names = {upload.path: upload.name for upload in uploads.values()}
    bits = bits if "gallery_codes" in sources else None
    try:
        return import_arrays(out, **sources, bits=bits, shuffle=shuffle, similarity=similarity)
    except BadInput as error:
        raise BadInput(_in_own_words(str(error), names)) from error


def import_command(
    uploads: Mapping[str, Upload], bits: int | None, shuffle: int | None, name: str, similarity: str = "cosine"
) -> str:
    """The command that makes the same bundle in a folder that stays."""
    words = ["python", "-m", "core", "import"]
    for key, upload in uploads.items():
        words += [f"--{key.replace('_', '-')}", upload.name]
    words += ["--bits", str(bits)] if "gallery_codes" in uploads else []
    words += ["--shuffle", str(shuffle)] if shuffle is not None else []
    words += ["--similarity", similarity] if similarity != "cosine" else []
    return shlex.join([*words, "--out", name])


def new_folder(folder: Path, name: str) -> Path:
    """A folder that is not there yet, named after what a person typed."""
    plain = re.sub(r"[^\w-]+", "-", name, flags=re.ASCII).strip("-")[:60] or "my-data"
    names = (plain if number == 1 else f"{plain}-{number}" for number in range(1, 10_000))
    return next(folder / taken for taken in names if not (folder / taken).exists())


def say_no_roots(purpose: str) -> None:
    """Why no folder can be named, and how to start the dashboard so that it can: `purpose` begins 'To ...'."""
    st.info(
        "No folder was named when this dashboard was started, so it reads none. "
        f"{purpose}, start it again with `--root`:",
        icon=":material/lock:",
    )
    wider = replace(launch(), roots=(*launch().roots, Path("/folder/with/bundles")))
    st.code(wider.command(), "bash", wrap_lines=True)


def find_folder(text: str, roots: Sequence[Path]) -> Path:
    """The folder that a person named, absolute or below a root; BadInput where no root holds it."""
    try:
        places = [Path(text.strip()).expanduser()]
        if not places[0].is_absolute():
            places = [root / places[0] for root in roots]
        inside = [place.resolve() for place in places if allowed(place, roots)]
        existing = [place for place in inside if place.is_dir()]
    except (OSError, ValueError, RuntimeError) as error:
        raise BadInput(f"'{text}' is no path: {error}") from error
    if not inside:
        raise BadInput(
            f"'{text}' lies outside the folders that this dashboard may read ({', '.join(map(str, roots)) or 'none'}): "
            "start it with --root for the folder that holds it"
        )
    if not existing:
        raise BadInput(f"there is no folder '{inside[0]}': check its spelling")
    return existing[0]


def _in_own_words(message: str, names: Mapping[Path, str]) -> str:
    for path, name in names.items():
        message = message.replace(str(path), name)
    return message
