"""Where the machine code of the kernels is kept between starts, found without importing numba.

A folder belongs to the content of the kernels' files, to numba, to Python and to the processor: code of any other is
never looked at. Its files are unpickled, so it is used only where no other user can write to it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

CORE = Path(__file__).parents[1]
_HOLDS_KERNELS = re.compile(r"^from core\.runtime\.compiled\b", re.MULTILINE)
_COMPLETE = ".complete"
_IMPORTS = re.compile(r"^from core((?:\.\w+)*) import (\w+)", re.MULTILINE)
OVERVIEW, ALL = "overview", "everything"  # parts that may be complete
KERNELS = 65  # files in the folder once everything is: the end of a progress bar


@cache
def kernel_folder() -> Path | None:
    """The folder, made if need be; None where there is none that is this user's alone."""
    root = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    try:
        folder = Path(root or Path.home() / ".cache") / "hash-retrieval-kernels" / _name()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except (OSError, RuntimeError):  # no home, no right to write, a file in its place
        return None
    others_write = found.st_mode & 0o022 or found.st_uid != os.getuid() if hasattr(os, "getuid") else False
    return None if others_write else folder


def is_complete(part: str = ALL) -> bool:
    """Whether the kernels of a part, or of all pages, are there: `python -m core prepare` has got as far."""
    folder = kernel_folder()
    return folder is not None and (folder / f"{part}{_COMPLETE}").exists()


def mark_complete(part: str = ALL) -> None:
    """Say so, for later starts."""
    folder = kernel_folder()
    if folder is not None:
        (folder / f"{part}{_COMPLETE}").touch()


def count() -> int:
    """How many kernels are there."""
    folder = kernel_folder()
    files = [] if folder is None else folder.iterdir()
    return sum(not file.name.startswith(".") and file.suffix != _COMPLETE for file in files)


def can_write() -> bool:
    """Whether kernels that are compiled now will be there at the next start."""
    folder = kernel_folder()
    try:
        if folder is not None:
            tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return folder is not None


def source_digest(files: Iterable[Path]) -> str:
    """A digest of the content of source files, the same for any line endings."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.read_text(encoding="utf-8").encode() + b"\0")
    return digest.hexdigest()[:16]


def kernel_files(core: Path = CORE) -> set[Path]:
    """The files of kernels, and those that they import: a kernel holds constants and functions of these too."""
    files = {file for file in core.rglob("*.py") if _HOLDS_KERNELS.search(file.read_text(encoding="utf-8"))}
    for file in list(files):
        for package, name in _IMPORTS.findall(file.read_text(encoding="utf-8")):
            place = core.joinpath(*package.split("."))
            files |= {path for path in (place.with_suffix(".py"), place / f"{name}.py") if path.is_file()}
    return files


def _name() -> str:
    made_by = f"{version('numba')} {sys.version_info[:2]} {sys.abiflags if hasattr(sys, 'abiflags') else ''}"
    key = f"{source_digest(kernel_files())} {made_by} {_processor()}"
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _processor() -> str:
    """The processor and its instructions."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return f"{platform.machine()} {platform.processor()}"
    lines = info.read_text().splitlines()
    told = [line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))]
    return f"{platform.machine()} {sorted(set(told))}"
