"""The files of a bundle: their sizes, their checksums, their arrays. Nothing is ever unpickled."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from core.bundle.manifest import array_specs, files, part_bytes, plain_files
from core.errors import BadInput
from core.runtime.shared_types import Json


def check_sizes(folder: Path, manifest: Json) -> None:
    """BadInput for the first file that is missing or too short for its array; reads nothing."""
    for spec in array_specs(manifest):
        for part in spec["parts"]:
            check_size(folder, part, part_bytes(spec, part))
    for entry in plain_files(manifest):
        check_size(folder, entry, 0)


def check_contents(folder: Path, manifest: Json) -> None:
    """Read every file: BadInput at the first whose checksum differs or whose array does not fit."""
    for entry in files(manifest):
        check_sum(folder, entry)
    for spec in array_specs(manifest):
        for part in spec["parts"]:
            open_part(folder, spec, part)


def check_size(folder: Path, entry: Json, least: int) -> None:
    """BadInput if the file of a manifest's entry is missing or has fewer than `least` bytes."""
    path = folder / entry["file"]
    try:
        size = path.stat().st_size
    except OSError as error:
        raise BadInput(
            f"the bundle's file '{path}' is missing ({error.strerror}): it was removed, or the bundle was "
            "replaced since it was opened; open or make it again"
        ) from error
    if size < least:
        raise BadInput(f"the bundle's file '{path}' is truncated: {size} bytes, expected more than {least}")


def check_sum(folder: Path, entry: Json) -> None:
    """BadInput if the file's SHA-256 is not the one of its manifest's entry."""
    path = folder / entry["file"]
    check_size(folder, entry, 0)
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"the bundle's file '{path}' cannot be read: {error.strerror}") from error
    if found != entry["sha256"]:
        raise BadInput(
            f"the bundle's file '{path}' has SHA-256 {found[:12]}..., its manifest says "
            f"{entry['sha256'][:12]}...: it was altered, make or fetch the bundle again"
        )


def open_part(folder: Path, spec: Json, part: Json) -> np.ndarray:
    """One part of an array, memory-mapped and read-only; BadInput unless it is what the manifest says."""
    path = folder / part["file"]
    check_size(folder, part, part_bytes(spec, part))
    try:  # open_memmap reads plain .npy only: no pickles, no object arrays
        array = np.asarray(np.lib.format.open_memmap(path, mode="r"))
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        raise BadInput(f"the bundle's file '{path}' is no readable .npy array: {error}") from error
    dtype, shape = np.dtype(spec["dtype"]), (part["rows"], *spec["shape"][1:])
    if (array.dtype, array.shape) != (dtype, shape) or not array.flags.c_contiguous:
        raise BadInput(
            f"the bundle's file '{path}' holds {array.dtype} {array.shape}, its manifest says {dtype} {shape}: "
            "one of them was altered"
        )
    return array
