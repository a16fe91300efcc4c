"""Parts of a batch over threads, each of which computes on one core.

Threads within an operation wait for each other at the end of each, some hundred times a batch; while the machine does
anything else beside, as reading the next pictures, that takes longer than computing. Parts meet once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import torch
from threadpoolctl import ThreadpoolController

Part = TypeVar("Part")
Made = TypeVar("Made")


def spread(work: Callable[[Part], Made], parts: Sequence[Part]) -> list[Made]:
    """What `work` makes of each part, in their order, on as many threads as torch may use here.

    One part alone, or one thread, is worked on in the calling thread.
    """
    threads = min(torch.get_num_threads(), len(parts))
    if threads <= 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(threads, initializer=_keep_to_one_core) as pool:
        return list(pool.map(work, parts))


def _keep_to_one_core() -> None:
    """OpenMP's number of threads is each thread's own; `torch.set_num_threads` would set that of later ones too."""
    torch.get_num_threads()  # takes torch's number over, which would undo the next line later
    _openmp().limit(limits=1, user_api="openmp")


@cache
def _openmp() -> ThreadpoolController:
    """The libraries that are loaded now, torch's among them: to look for them takes milliseconds."""
    return ThreadpoolController()
