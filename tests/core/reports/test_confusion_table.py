from __future__ import annotations

import numpy as np

from core.reports.confusion_table import agreement_table, confusion_table


def test_queries_in_each_cell_by_judge():
    frame = agreement_table({"rank-1": np.array([0, 0, 3, 1]), "majority": np.array([2, 2, 2, 2])})
    assert frame["cell"].tolist()[:4] == ["both right", "lost by the hash", "gained by the hash", "both wrong"]
    assert frame["queries"].tolist() == [2, 1, 0, 1, 0, 0, 4, 0]
    assert frame["judge"].tolist() == ["rank-1"] * 4 + ["majority"] * 4


def test_every_pair_with_its_share_of_the_row():
    frame = confusion_table(np.array([[3, 1], [0, 0]]), ["cat", "dog"])
    assert frame.to_numpy().tolist() == [
        ["cat", "cat", 3, 0.75], ["cat", "dog", 1, 0.25], ["dog", "cat", 0, 0.0], ["dog", "dog", 0, 0.0],
    ]  # fmt: skip
