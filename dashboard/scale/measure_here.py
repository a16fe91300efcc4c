"""Points measured now, at sizes that fit into memory."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from core.scale.measure import Effort
from core.scale.points import to_table
from core.scale.subject import Subject
from dashboard.shared.state import View

KEY = "scale_here"
LARGEST = 100_000
QUERIES = 200
EFFORT = Effort(runs=(5, 60), query_seconds=0.7, batch_runs=1, batch_seconds=0.7)


def measure(view: View, progress: Callable[[float, str], object]) -> pd.DataFrame:
    """The points of the session's encoder, hash, bits, multiplier and k; BadInput for what cannot be timed at scale."""
    subject = Subject(view.engine, view.setting, QUERIES)
    plan = subject.plan([LARGEST], view.k, effort=EFFORT)

    def told(done: int, total: int, what: str) -> None:
        progress(done / total, f"Timing {what} …")

    return to_table(subject.measure_in_memory(plan, told), subject.described())
