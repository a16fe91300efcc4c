"""The most memory that the process held, and its reset."""

from __future__ import annotations

import sys
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def reset_peak() -> None:
    """Begin to watch anew; where the system cannot, the peak is that of the whole run."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return


def peak_mb() -> float | None:
    """Most resident memory since the reset, MB, mapped file pages included; None where the system does not tell."""
    if _STATUS.exists():
        lines = (line.split() for line in _STATUS.read_text().splitlines())
        return next((int(words[1]) * 1024 / 1e6 for words in lines if words and words[0] == "VmHWM:"), None)
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
