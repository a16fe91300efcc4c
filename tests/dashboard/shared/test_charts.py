from __future__ import annotations

import numpy as np
import pytest

from core.reports.literature import PrecisionRecall
from dashboard.curves import class_charts as classes
from dashboard.curves import literature_charts as literature
from dashboard.encoders import charts as encoders
from dashboard.shared import confusion_charts
from dashboard.timing import charts as timing


def test_means_by_group_by_hand():
    exact, hashed = np.array([1.0, 0.5, 0.25, 1.0]), np.array([0.5, 0.5, 0.75, 0.0])
    frame = classes.by_group(exact, hashed, np.array([2, 2, 0, 3]), ["a_b", "none", "c", "d"])
    assert frame["group"].tolist() == ["d", "c", "a b"]
    assert frame["queries"].tolist() == [1, 2, 1]
    assert frame["exact"].tolist() == [1.0, 0.75, 0.25]
    assert frame["hashed"].tolist() == [0.0, 0.5, 0.75]
    assert frame["difference"].tolist() == [-1.0, -0.25, 0.5]


def test_equal_losses_come_by_name_and_either_end_can_be_picked():
    values = np.array([0.5, 0.5, 0.5])
    frame = classes.by_group(values, values, np.array([0, 1, 2]), ["b", "c", "a"])
    assert frame["group"].tolist() == ["a", "b", "c"]
    assert classes.pick(frame, classes.ORDERS[0], 2)["group"].tolist() == ["a", "b"]
    assert classes.pick(frame, classes.ORDERS[1], 2)["group"].tolist() == ["c", "b"]


def test_bars_of_both_searches_with_the_difference_beside():
    frame = classes.by_group(np.array([1.0, 0.5]), np.array([0.5, 0.5]), np.array([0, 1]), ["a", "b"])
    exact, hashed = classes.bars_figure(frame, "mAP@100").data
    assert list(exact.x) == [1.0, 0.5]
    assert list(hashed.text) == ["-0.5000", "+0.0000"]
    assert hashed.marker.pattern.shape == "/"
    assert classes.describe(frame, "mAP@100").endswith(
        "a: exact 1.0000, hashed 0.5000; b: exact 0.5000, hashed 0.5000."
    )


# Plotly would read the first as numbers, the second as dates; the third's first two read alike in words.
TRICKY_NAMES = (["1", "2", "10"], ["2024-01-01", "2023-06-30", "2024-01-02"], ["a_b", "a b", "c"])


def shown(axis) -> list[str]:
    """What an axis writes at its categories, in order; it must show each once."""
    assert axis.type == "category"
    assert len(set(axis.categoryarray)) == len(axis.categoryarray)
    return [axis.labelalias[place] for place in axis.categoryarray]


@pytest.mark.parametrize("names", TRICKY_NAMES)
def test_each_class_has_a_bar_of_its_own(names):
    exact, hashed = np.array([0.9, 0.8, 0.7]), np.array([0.1, 0.4, 0.6])
    frame = classes.by_group(exact, hashed, np.arange(3), names)
    figure = classes.bars_figure(frame, "mAP@100")
    assert shown(figure.layout.yaxis) == names
    for bars, values in zip(figure.data, (exact, hashed), strict=True):
        assert bars.y == figure.layout.yaxis.categoryarray
        assert list(bars.x) == pytest.approx(list(values))


@pytest.mark.parametrize("names", TRICKY_NAMES)
def test_each_class_has_a_row_and_a_column_of_its_own(names):
    share = np.arange(9.0).reshape(3, 3)
    for figure in (
        confusion_charts.superclass_confusion(share, names, dark=False),
        confusion_charts.class_confusion(share, names, None),
        confusion_charts.class_confusion(share, names, ["1", "1", "2"]),
        encoders.similarity_map(share, names, None, (0, 8)),
        encoders.similarity_map(share, names, ["1", "1", "2"], (0, 8)),
    ):
        assert shown(figure.layout.xaxis) == shown(figure.layout.yaxis) == names
        for trace in figure.data:
            assert trace.x == figure.layout.xaxis.categoryarray and trace.y == figure.layout.yaxis.categoryarray
        told = next(trace for trace in figure.data if trace.type == "heatmap" and trace.text)
        assert told.text[0][1].startswith(names[0]) and names[1] in told.text[0][1]


def test_figures_of_the_literature():
    radius = PrecisionRecall(np.arange(3), np.array([0.9, 0.5, 0.1]), np.array([0.1, 0.5, 1.0]))
    count = PrecisionRecall(np.array([1, 10, 100]), np.array([0.8, 0.6, 0.1]), np.array([0.0, 0.5, 1.0]))
    figure = literature.precision_recall_figure({"exact": count, "hamming": radius})
    assert list(figure.data[1].x) == [0.1, 0.5, 1.0]
    assert "radius" in figure.data[1].hovertemplate
    assert "first" in figure.data[0].hovertemplate
    over = literature.returned_figure({"exact": count})
    assert over.layout.xaxis.type == "log"
    assert list(over.data[0].x) == [1, 10, 100]
    assert "from precision 0.9000 at recall 0.1000 to 0.1000 at 1.0000" in literature.describe(
        {"hamming": radius}, "PR"
    )


def test_stages_stand_in_the_order_of_the_work():
    order = list(timing.STAGES)
    assert order.index("product") < order.index("select") < order.index("gather and re-rank")


def test_names_of_superclasses_stand_on_one_line():
    names = ["large_man-made_outdoor_things", "fish"]
    figure = confusion_charts.superclass_confusion(np.full((2, 2), 0.5), names, dark=False)
    assert shown(figure.layout.xaxis) == ["large man-made outdoor things", "fish"]
