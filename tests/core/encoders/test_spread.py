import threading

import pytest
import torch

from core.encoders.spread import spread


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _threads(_):
    return torch.get_num_threads(), threading.current_thread()


def test_parts_keep_their_order(two_threads):
    assert spread(lambda part: part * 2, range(7)) == [0, 2, 4, 6, 8, 10, 12]
    assert spread(lambda part: part, []) == []


def test_each_thread_keeps_to_one_core_and_no_other_does(two_threads):
    assert {threads for threads, _ in spread(_threads, range(6))} == {1}
    assert torch.get_num_threads() == 2
    later = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert later == [2]


def test_a_part_alone_has_all_the_cores(two_threads):
    assert spread(_threads, [0]) == [(2, threading.current_thread())]


def test_one_thread_is_the_callers(two_threads):
    torch.set_num_threads(1)
    assert spread(_threads, [0, 1]) == [(1, threading.current_thread())] * 2


def test_what_goes_wrong_is_told(two_threads):
    with pytest.raises(ZeroDivisionError):
        spread(lambda part: 1 // part, [1, 0, 2])
