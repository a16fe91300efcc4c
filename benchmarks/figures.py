"""The figures that a benchmark measures: printed one a line as they come, and kept for a CSV."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from core.reports.tables import write_csv
from core.runtime.pinning import machine


class Figures:
    """Figures of one run, each with its unit and the machine."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, float, str, str]] = []
        self._machine = machine()
        print(self._machine)

    def add(self, what: str, value: float, unit: str) -> None:
        """Keep a figure and print it."""
        self._rows.append((what, value, unit, self._machine))
        print(f"  {what:66s} {value:10.3f} {unit}", flush=True)

    def write(self, path: Path | None) -> None:
        """Write what was kept as a CSV, if a path was given."""
        if path is not None:
            write_csv(pd.DataFrame(self._rows, columns=["what", "value", "unit", "machine"]), path)
