"""The conditions of a timing: the machine, pinned threads, and no other timing beside it."""

from __future__ import annotations

import gc
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock

import numba
import numpy as np
from numba.np.ufunc.parallel import get_thread_count, threading_layer
from threadpoolctl import threadpool_limits

from core.errors import BadInput
from core.runtime.blas import blas_threads
from core.runtime.parallel import available_threads

_TIMING = Lock()


def machine() -> str:
    """The processor, its cores and the versions that matter for a timing."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{model}, {available_threads()} cores, Python {platform.python_version()}, NumPy {np.__version__}"


@contextmanager
def alone(wait: bool = False) -> Iterator[None]:
    """One timing at a time in this process: two would slow each other down and undo each other's threads.

    While another one runs: waits for its end, or raises BadInput at once.
    """
    if not _TIMING.acquire(blocking=wait):
        raise BadInput("another timing is running on this server: wait until it is done, then measure again")
    try:
        yield
    finally:
        _TIMING.release()


@contextmanager
def pinned(threads: int) -> Iterator[None]:
    """BLAS, OpenMP, faiss, torch and numba use that many threads inside; no garbage is collected, as in `timeit`.

    torch and numba are asked only where they have been loaded and started: neither is started for this. The kernels
    of this project take their threads as an argument.
    """
    import faiss

    before, collects = faiss.omp_get_max_threads(), gc.isenabled()
    blas, openmp = blas_threads(threads, firm=True), partial(threadpool_limits, threads, user_api="openmp")
    with blas, openmp(), _torch_threads(threads), _numba_threads(threads):
        faiss.omp_set_num_threads(threads)
        gc.collect()
        gc.disable()
        try:
            yield
        finally:
            if collects:
                gc.enable()
            faiss.omp_set_num_threads(before)


@contextmanager
def _torch_threads(threads: int) -> Iterator[None]:
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _numba_threads(threads: int) -> Iterator[None]:
    try:
        threading_layer()  # raises until a parallel function has started the threads
    except ValueError:
        yield
        return
    before = numba.get_num_threads()
    numba.set_num_threads(min(threads, get_thread_count()))
    try:
        yield
    finally:
        numba.set_num_threads(before)
