"""In processes of their own: what is asked of the C library counts for the whole of one."""

import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked")

_START = """
import resource, threading
import numpy as np
from dashboard.memory import freed_arrays_kept, return_freed_arrays

def faults(times=20):
    "Pages that are mapped while 2 MB are taken and freed again and again, after once that does not count."
    for time in range(times + 1):
        if time == 1:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        np.empty(2 << 20, np.uint8).fill(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20  # MB

assert return_freed_arrays()
"""


def _run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", _START + code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_freed_blocks_are_mapped_anew_but_within():
    _run("""
outside = faults()
with freed_arrays_kept():
    within = faults()
assert within < outside / 10, (within, outside)
assert faults() > outside / 2
""")


def test_all_goes_back_at_the_end():
    _run("""
def fill():
    held = [np.ones(1 << 18) for _ in range(50)]  # 2 MB each
    small = [bytes(100) for _ in range(100)]  # above them, and kept
    return small

before = resident()
with freed_arrays_kept():
    kept = [fill()]
    threads = [threading.Thread(target=lambda: kept.append(fill())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    within = resident()
after = resident()
assert within > before + 90, (before, within)
assert after < before + 20, (before, after)
""")


def test_the_last_of_several_gives_back():
    _run("""
with freed_arrays_kept():
    try:
        with freed_arrays_kept():
            faults()
            raise KeyError
    except KeyError:
        pass
    within = faults()
assert within < faults() / 10
""")
