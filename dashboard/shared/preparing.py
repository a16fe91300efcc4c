"""At the first start on a computer a process of its own compiles the kernels; whatever computes waits for it.

If it cannot be started, or ends before it is done, the pages compile for themselves: slower, but with the same result.
"""

from __future__ import annotations

import atexit
import subprocess
import sys
from pathlib import Path
from threading import Lock, Thread
from time import sleep

import streamlit as st

from core.runtime import kernel_folder

_STEP = 0.1  # seconds
_LOCK = Lock()
_process: subprocess.Popen[bytes] | None = None


def start() -> None:
    """Begin, unless it has begun, everything is compiled already, or nothing could be kept."""
    global _process
    with _LOCK:
        if _process is not None or kernel_folder.is_complete() or not kernel_folder.can_write():
            return
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "core", "prepare"],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            return
        _process = process
    atexit.register(process.terminate)
    # It ends when nobody reads its lines any more: with this server, however that ends.
    assert process.stdout is not None  # a pipe, as asked for above
    Thread(target=process.stdout.read, name="preparing", daemon=True).start()


def ready(part: str = kernel_folder.ALL) -> bool:
    """Whether nothing more of a part will be compiled beside this process."""
    return _process is None or _process.poll() is not None or kernel_folder.is_complete(part)


def wait_unseen(part: str = kernel_folder.ALL) -> None:
    """Wait on a thread that draws nothing."""
    while not ready(part):
        sleep(_STEP)


def wait(part: str = kernel_folder.ALL) -> None:
    """Wait in a page, with a bar that says what for; a run that is asked for meanwhile takes over."""
    if ready(part):
        return
    place = st.empty()
    while not ready(part):
        done, most = kernel_folder.count(), kernel_folder.KERNELS
        share = min(done / most, 1.0)
        place.progress(share, f"Preparing this computer, once: {min(done, most)} of {most}")
        sleep(_STEP)
    place.empty()
