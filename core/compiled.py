"""The decorator of the compiled kernels: no GIL, and machine code kept between starts.

numba keeps a kernel's code as long as the kernel's own file is unchanged, even when a kernel that it calls has
changed. So the code is kept in a folder named by the content of every file that holds kernels.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numba

_HOLDERS = (
    "search/*.py", "metrics/*.py", "datasets/alignment.py", "machine_limits.py",
)  # fmt: skip


def _cache_folder() -> Path:
    digest = hashlib.sha256(numba.__version__.encode())
    for holder in _HOLDERS:
        for file in sorted(Path(__file__).parent.glob(holder)):
            digest.update(file.read_bytes())
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "hash-retrieval-kernels" / digest.hexdigest()[:16]


def _use_cache_folder() -> None:
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    try:
        folder = _cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        numba.config.CACHE_DIR = str(folder)
    except (OSError, RuntimeError):  # no home to write to: numba finds a place of its own
        return


_use_cache_folder()
kernel = numba.njit(nogil=True, cache=True, error_model="numpy")
# For sums that are exact whatever their order (`core.vectors`): the compiler may reorder and fuse, and so vectorise.
exact_kernel = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract"})
part = numba.njit(nogil=True, cache=True, error_model="numpy", forceinline=True)  # whose call would weigh in a loop
