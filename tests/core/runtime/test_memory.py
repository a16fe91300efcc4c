"""In processes of their own: what is asked of the C library applies to a whole process."""

import platform
import subprocess
import sys

import pytest

from core.runtime import memory

on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked")

_START = """
import resource
import threading
import numpy as np
from core.runtime.memory import keep_freed_memory, release_freed_memory

def faults(times=5):
    "Page faults while 64 MB are allocated, written to and freed, after one round that does not count."
    for time in range(times + 1):
        if time == 1:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        np.frombuffer(bytearray(64 << 20), np.uint8)[::4096].sum()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20  # MB
"""


def _run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", _START + code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@on_glibc
def test_large_blocks_are_reused_when_kept():
    _run("""
before = faults()
keep_freed_memory()
assert faults() < before / 10, before
""")


@on_glibc
def test_freed_memory_of_all_threads_is_released():
    _run("""
kept = []
def fill():
    held = [bytearray(b"x") * 100_000 for _ in range(300)]  # too small to be mapped one by one
    kept.append(bytes(1000))  # lies above them: the heap cannot shrink past it

threads = [threading.Thread(target=fill) for _ in range(3)]
before = resident()
for thread in [*threads]:
    thread.start()
for thread in threads:
    thread.join()
fill()
within = resident()
release_freed_memory()
after = resident()
assert within > before + 20, (before, within)
assert after < before + 10, (before, within, after)
""")


def test_other_c_libraries_are_left_alone(monkeypatch):
    monkeypatch.setattr(memory, "_glibc", lambda: None)
    memory.release_freed_memory()
    memory.keep_freed_memory()
