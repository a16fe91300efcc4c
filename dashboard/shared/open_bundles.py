"""Bundles that the server has open: a page runs at every move, and reads no manifest again that has not changed."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.bundle import manifest
from core.bundle.bundle import Bundle, load_bundle

OPEN = 8  # bundles that are kept, in all sessions


def read_bundle(path: str | Path) -> Bundle:
    """The bundle in a folder as it is now; raises BadInput as `load_bundle` does."""
    try:
        found = (Path(path) / manifest.NAME).stat()
    except OSError:
        return load_bundle(path)  # says what is missing
    return _read(str(path), (found.st_mtime_ns, found.st_size, found.st_ino))


@st.cache_resource(max_entries=OPEN, show_spinner=False)
def _read(path: str, stamp: tuple[int, ...]) -> Bundle:
    """`stamp` changes when the manifest is replaced, which is what commits a change of a bundle."""
    return load_bundle(path)
