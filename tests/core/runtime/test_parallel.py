from __future__ import annotations

import threading

import pytest

from core.errors import BadInput
from core.runtime.parallel import available_threads, blocks, check_threads, run_blocks


def test_blocks_cover_all_in_order():
    assert list(blocks(7, 3)) == [slice(0, 3), slice(3, 6), slice(6, 7)]
    assert list(blocks(6, 3)) == [slice(0, 3), slice(3, 6)]
    assert list(blocks(0, 3)) == []


@pytest.mark.parametrize("threads", [1, 2, 5, None])
def test_every_block_runs_once(threads):
    seen, lock = [], threading.Lock()

    def work(block):
        with lock:
            seen.extend(range(block.start, block.stop))

    heard = []
    run_blocks(work, 20, threads, size=3, progress=heard.append)
    assert sorted(seen) == list(range(20))
    assert heard == [done / 7 for done in range(1, 8)]


def test_no_queries_is_no_work():
    run_blocks(lambda block: pytest.fail("called"), 0, 2)


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_reaches_the_caller(threads):
    def work(block):
        raise BadInput(f"block {block.start}")

    with pytest.raises(BadInput, match="block 0"):
        run_blocks(work, 10, threads, size=2)


def test_threads():
    assert available_threads() >= 1
    assert check_threads(None) == available_threads()
    assert check_threads(3) == 3
    for wrong in (0, -2):
        with pytest.raises(BadInput, match=f"threads {wrong} is below 1"):
            check_threads(wrong)
