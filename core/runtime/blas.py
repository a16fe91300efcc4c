"""How many threads BLAS takes inside a product: the fewest that anyone in this process asks for just now.

The number is the whole process's: here no session undoes what another has asked for.
Where this project spreads work over threads of its own, each makes its products alone: after a product BLAS's threads
wait for the next one without letting go of their cores, for a tenth of a second, and what runs then has to share these.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, get_ident

from threadpoolctl import LibController, ThreadpoolController

_lock = Lock()
_asked: list[tuple[int, int]] = []  # the thread that asks, and its number
_firm: list[int] = []  # threads whose numbers alone count
_libraries: list[LibController] = []
_natural: dict[str, int] = {}  # what a library took when it was first seen


@contextmanager
def blas_threads(threads: int, firm: bool = False) -> Iterator[None]:
    """Within it BLAS takes `threads` threads, or fewer where another asks for fewer.

    Until a `firm` one ends, as of a timing, only what its own thread asks for counts.
    """
    own = get_ident()
    with _lock:
        if not _asked:
            found = ThreadpoolController().select(user_api="blas").lib_controllers
            _libraries[:] = [library for library in found if not _of_each_thread(library)]
        _asked.append((own, threads))
        _firm.extend([own] * firm)
        _apply()
    try:
        yield
    finally:
        with _lock:
            _asked.remove((own, threads))
            if firm:
                _firm.remove(own)
            _apply()


def _apply() -> None:
    counted = [number for thread, number in _asked if not _firm or thread in _firm]
    for library in _libraries:
        natural = _natural.setdefault(library.filepath, library.num_threads)
        _let_anyone_set(library)
        library.set_num_threads(min(counted, default=natural))
        _let_anyone_set(library)


def _of_each_thread(library: LibController) -> bool:
    """Whether each thread has a number of its own, that of OpenMP. Such a BLAS is faiss's, not NumPy's."""
    return getattr(library, "threading_layer", None) == "openmp"


def _let_anyone_set(library: LibController) -> None:
    """threadpoolctl, from 3.8 on, obeys the thread that set the number first, and no other until that one has done."""
    clear = getattr(library, "clear_controlling_thread", None)
    if clear is not None:
        clear(force=True)
