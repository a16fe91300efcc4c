"""How many threads BLAS takes inside a product: the fewest that anyone in this process asks for just now.

The number is the whole process's: here no session undoes what another has asked for.
Where this project spreads work over threads of its own, each makes its products alone: after a product BLAS's threads
wait for the next one without letting go of their cores, for a tenth of a second, and what runs then has to share these.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from threadpoolctl import LibController, ThreadpoolController

_lock = Lock()
_asked: list[int] = []
_natural: list[tuple[LibController, int]] = []  # the libraries, and their numbers when nobody asks


@contextmanager
def blas_threads(threads: int) -> Iterator[None]:
    """Within it BLAS takes at most so many threads."""
    with _lock:
        if not _asked:
            found = ThreadpoolController().select(user_api="blas").lib_controllers
            _natural[:] = [(library, library.num_threads) for library in found if not _of_each_thread(library)]
        _asked.append(threads)
        _apply()
    try:
        yield
    finally:
        with _lock:
            _asked.remove(threads)
            _apply()


def _apply() -> None:
    for library, number in _natural:
        _let_anyone_set(library)
        library.set_num_threads(min(_asked, default=number))
        _let_anyone_set(library)


def _of_each_thread(library: LibController) -> bool:
    """Whether each thread has a number of its own, that of OpenMP. Such a BLAS is faiss's, not NumPy's."""
    return getattr(library, "threading_layer", None) == "openmp"


def _let_anyone_set(library: LibController) -> None:
    """threadpoolctl, from 3.8 on, obeys the thread that set the number first, and no other until that one has done."""
    clear = getattr(library, "clear_controlling_thread", None)
    if clear is not None:
        clear(force=True)
