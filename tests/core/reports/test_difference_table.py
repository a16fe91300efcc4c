from __future__ import annotations

from core.metrics.intervals import Comparison
from core.reports.difference_table import PAIRED, difference_table, paired_table
from core.reports.overview import Row

LOST = Comparison(-0.1, -0.2, -0.05, 1, 2, 3, -0.5, 0.01)
WON = Comparison(0.3, 0.2, 0.4, 5, 0, 1, 1.5, 0.002)
AS_ROW = [-0.1, -0.2, -0.05, 1, 2, 3, -0.5, 0.01]


def test_a_row_for_each_search_that_is_compared():
    frame = difference_table([Row("mAP@5", 0.5, 0.4, 0.8, LOST, WON)])
    assert frame["search"].tolist() == ["hashed", "hamming"]
    assert frame[["value", "exact"]].to_numpy().tolist() == [[0.4, 0.5], [0.8, 0.5]]
    assert frame.loc[0, list(PAIRED)].tolist() == AS_ROW
    assert frame["wins"].tolist() == [1, 5]


def test_paired_with_what():
    frame = paired_table([("ITQ", "mAP@5", LOST), ("ITQ", "mAHP@5", WON)])
    assert frame["against"].tolist() == ["ITQ", "ITQ"] and frame["metric"].tolist() == ["mAP@5", "mAHP@5"]
    assert frame.loc[0, list(PAIRED)].tolist() == AS_ROW
    assert paired_table([]).columns.tolist() == ["against", "metric", *PAIRED]
