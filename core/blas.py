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
            _natural[:] = [(library, library.num_threads) for library in found]
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
        library.set_num_threads(min(_asked, default=number))
