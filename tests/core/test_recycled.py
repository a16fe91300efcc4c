from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from core import recycled

MEGABYTE = 1 << 20
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def nothing_ready(monkeypatch):
    gc.collect()
    monkeypatch.setattr(recycled, "_free", [])


def place(array):
    return array.__array_interface__["data"][0]


def test_shape_dtype_and_writing():
    array = recycled.empty((3, MEGABYTE), np.int32)
    assert (array.shape, array.dtype, array.flags.c_contiguous, array.flags.writeable) == (
        (3, MEGABYTE), np.int32, True, True,
    )  # fmt: skip
    array[:] = np.arange(3)[:, None]
    assert array.sum() == 3 * MEGABYTE


def test_memory_is_used_again_only_once_no_view_is_left():
    array = recycled.empty((2 * MEGABYTE,), np.uint8)
    first, view = place(array), array[5:9]
    view[:] = 7
    del array
    other = recycled.empty((2 * MEGABYTE,), np.uint8)
    other[:] = 1
    assert place(other) != first
    assert view.tolist() == [7] * 4
    del view
    assert place(recycled.empty((MEGABYTE, 2), np.uint8)) == first


def test_a_block_serves_what_fills_at_least_a_third_of_it():
    first = place(recycled.empty((6 * MEGABYTE,), np.uint8))
    assert place(recycled.empty((2 * MEGABYTE - 1,), np.uint8)) != first
    assert place(recycled.empty((2 * MEGABYTE,), np.uint8)) == first
    assert place(recycled.empty((6 * MEGABYTE + 1,), np.uint8)) != first


def test_the_smallest_that_fits_is_taken():
    arrays = [recycled.empty((size * MEGABYTE,), np.uint8) for size in (4, 3)]
    places = [place(array) for array in arrays]
    arrays.clear()
    assert [place(recycled.empty((3 * MEGABYTE,), np.uint8)) for _ in range(1)] == [places[1]]


def test_no_more_than_the_bound_lies_ready():
    arrays = [recycled.empty((50 * MEGABYTE,), np.uint8) for _ in range(3)]
    newest = place(arrays[-1])
    while arrays:
        del arrays[0]
    assert [block.nbytes for block in recycled._free] == [50 * MEGABYTE]
    assert place(recycled.empty((50 * MEGABYTE,), np.uint8)) == newest
    recycled.empty((100 * MEGABYTE,), np.uint8)
    assert sum(block.nbytes for block in recycled._free) <= recycled._SPARE


def test_small_arrays_are_numpys_own():
    assert recycled.empty((10,), np.float64).base is None
    assert recycled.empty((0, 5), np.float64).shape == (0, 5)


def test_threads_never_share_memory():
    wrong = []

    def work(number):
        for _ in range(200):
            array = recycled.empty((MEGABYTE,), np.uint8)
            array[::4096] = number
            if not (array[::4096] == number).all():
                wrong.append(number)

    threads = [Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not wrong


def test_a_collector_that_runs_while_the_lock_is_held_waits_for_nothing():
    array = recycled.empty((MEGABYTE,), np.uint8)
    with recycled._lock:
        del array
    assert recycled._free == []


def test_arrays_that_outlive_the_modules_say_nothing():
    script = "import gc; gc.disable(); from core import recycled; a = [recycled.empty((1 << 20,), 'u1')]; a.append(a)"
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
