"""A person's own data: files that become a bundle, and bundle folders that the page may read."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.datasets.array_columns import Columns
from core.datasets.arrays import import_arrays
from core.errors import Message
from dashboard.shared.launch import launch
from dashboard.shared.uploads import Upload


def run_import(
    uploads: Mapping[str, Upload],
    bits: int | None,
    shuffle: int | None,
    out: Path,
    similarity: str = "cosine",
    columns: Columns | None = None,
) -> tuple[Message, ...]:
    """Make the bundle `out` of the files; returns warnings. Raises BadInput, which names files as their owner does."""
    sources = {key: upload.file for key, upload in uploads.items()}
    return import_arrays(out, **sources, bits=bits, shuffle=shuffle, similarity=similarity, columns=columns)


def import_command(
    uploads: Mapping[str, Upload],
    bits: int | None,
    shuffle: int | None,
    name: str,
    similarity: str = "cosine",
    columns: Columns | None = None,
) -> str:
    """The command that makes the same bundle in a folder that stays."""
    words, columns = ["python", "-m", "core", "import"], columns or Columns()
    for key, upload in uploads.items():
        words += [f"--{key.replace('_', '-')}", upload.name]
    for option, value in (
        ("--embeddings-column", columns.embeddings),
        ("--labels-column", columns.labels),
        ("--split-column", columns.split),
        ("--gallery-split", columns.gallery),
        ("--query-split", columns.queries),
        ("--bits", bits),
        ("--shuffle", shuffle),
    ):
        words += [] if value is None else [option, str(value)]
    words += ["--similarity", similarity] if similarity != "cosine" else []
    return shlex.join([*words, "--out", name])


def new_folder(folder: Path, name: str) -> Path:
    """A folder that is not there yet, named after what a person typed."""
    plain = re.sub(r"[^\w-]+", "-", name, flags=re.ASCII).strip("-")[:60] or "my-data"
    names = (plain if number == 1 else f"{plain}-{number}" for number in range(1, 10_000))
    return next(folder / taken for taken in names if not (folder / taken).exists())


def say_no_roots(purpose: str, example: str) -> None:
    """Why no folder can be named, and how to start the dashboard so that it can: `purpose` begins 'To ...'."""
    st.info(
        "No folder was named when this dashboard was started, so it reads none. "
        f"{purpose}, start it again with `--root`:",
        icon=":material/lock:",
    )
    wider = replace(launch(), roots=(*launch().roots, Path(example)))
    st.code(wider.command(), "bash", wrap_lines=True)
