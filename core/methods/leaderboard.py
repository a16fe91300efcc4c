"""Methods in the order of their mean score, with intervals and paired tests against one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.hashing.registry import get_hash
from core.methods.scores import BEST, EXACT, YARDSTICKS
from core.methods.significance import against
from core.metrics.intervals import bootstrap

LABELS = {EXACT: "Raw similarity, exact (control)", BEST: "Best possible (control)"}
COLUMNS = (
    "method", "label", "control", "bits", "value", "low", "high",
    "difference", "difference_low", "difference_high", "wins", "ties", "losses", "effect", "p", "p_holm",
)  # fmt: skip


@dataclass(frozen=True)
class Scored:
    """A method's values of every query, float (Q,); `bits` its true length, None for what has no codes."""

    method: str
    bits: int | None
    values: np.ndarray


def method_label(name: str) -> str:
    """What a method, or a yardstick, is called."""
    return LABELS.get(name) or get_hash(name).label


def leaderboard(scored: Sequence[Scored], reference: str, seed: int = 0) -> pd.DataFrame:
    """One row a method, best mean first, `COLUMNS` wide; the columns of the comparison are empty for the reference.

    Compared are all others with the reference, the best possible ranking left out: nobody doubts it. Holm's
    correction counts these comparisons. BadInput where the reference is not among those scored.
    """
    by_name = {each.method: each for each in scored}
    if reference not in by_name:
        raise BadInput(f"method '{reference}' is not scored here: compare with one of {', '.join(by_name)}")
    values = np.stack([each.values for each in scored], axis=1)
    low, high = bootstrap(values, seed)
    others = [place for place, each in enumerate(scored) if each.method not in (reference, BEST)]
    tests = dict(zip(others, against(by_name[reference].values, values[:, others], seed), strict=True))
    rows = []
    for place, each in enumerate(scored):
        row = [each.method, method_label(each.method), each.method in YARDSTICKS, each.bits]
        row += [values[:, place].mean(), low[place], high[place]]
        test = tests.get(place)
        if test is None:
            row += [np.nan] * 9
        else:
            c = test.comparison
            row += [c.difference, c.low, c.high, c.wins, c.ties, c.losses, c.effect, c.p_value, test.p_holm]
        rows.append(row)
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"bits": "Int64"})
    return frame.sort_values("value", ascending=False, kind="stable", ignore_index=True)
