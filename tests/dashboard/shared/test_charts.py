from __future__ import annotations

import numpy as np
import pytest

from core.engine.results import Curve
from core.reports.literature import PrecisionRecall
from core.settings import curve_ks
from dashboard.curves import class_charts as classes
from dashboard.curves import literature_charts as literature
from dashboard.encoders import charts as encoders
from dashboard.queries import charts as queries
from dashboard.shared import curve_charts as curves
from dashboard.shared.curve_charts import Line, thin
from dashboard.shared.style import CONTROL_LOOKS, SEARCH_LOOKS
from dashboard.timing import charts as timing


def rising(ks) -> Curve:
    ks = np.asarray(ks)
    mean = ks / 2000
    return Curve(ks, mean, mean - 0.01, mean + 0.01)


def line(search="exact", ks=range(1, 251)) -> Line:
    return Line(SEARCH_LOOKS[search].label, SEARCH_LOOKS[search], rising(ks))


@pytest.mark.parametrize("k", [1, 2, 100, 137, 250, 333, 1000])
def test_a_line_of_many_k_is_thinned_but_keeps_first_last_and_k(k):
    ks = np.array(curve_ks(k, 50_000))
    kept = ks[thin(ks, k)]
    assert {1, k, int(ks[-1])} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()
    assert len(kept) <= 121


def test_a_short_line_is_left_alone():
    assert thin(np.arange(1, 121), 3).tolist() == list(range(120))
    assert thin(np.array([5]), 5).tolist() == [0]


def test_thinned_lines_have_enough_points_on_either_axis():
    ks = np.arange(1, 251)
    kept = ks[thin(ks, 100)]
    assert np.diff(kept).max() <= 6
    assert set(range(1, 11)) <= set(kept.tolist())


def test_a_figure_has_a_band_and_a_line_for_each_search_and_marks_k():
    figure = curves.metric_figure([line("exact"), line("hamming")], 100, "mAP@k")
    bands, lines = figure.data[::2], figure.data[1::2]
    assert [trace.name for trace in lines] == ["Exact", "Hamming only"]
    assert all(trace.fill == "toself" and trace.hoverinfo == "skip" for trace in bands)
    assert lines[0].y[list(lines[0].x).index(100)] == pytest.approx(0.05)
    assert "%{y:.4f}" in lines[0].hovertemplate
    assert len({(trace.line.dash, trace.marker.symbol) for trace in lines}) == 2
    assert [shape.x0 for shape in figure.layout.shapes] == [100]
    assert figure.layout.annotations[0].text == "k = 100"
    assert figure.layout.yaxis.title.text == "mAP@k"


def test_on_a_logarithmic_axis_the_label_stands_at_the_exponent():
    figure = curves.metric_figure([line()], 100, "mAP@k", logarithmic=True)
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.annotations[0].x == pytest.approx(2)
    assert figure.layout.shapes[0].x0 == 100


def test_the_ceiling_is_drawn_where_there_is_one():
    assert len(curves.metric_figure([line()], 100, "mAP@k").data) == 2
    figure = curves.metric_figure([line()], 100, "mAP@k", ceiling=rising(range(1, 251)))
    assert figure.data[-1].name == "Ceiling (perfect ranking)"


def test_a_line_at_fewer_k_says_which_it_shows():
    figure = curves.metric_figure([line(), line("hashed", [1, 50, 250])], 100, "mAP@k")
    assert "at k" not in figure.data[1].hovertemplate
    assert figure.data[3].hovertemplate.endswith(" at k = %{x}")


def test_every_line_can_be_told_apart_without_colour():
    looks = [*SEARCH_LOOKS.values(), *CONTROL_LOOKS.values(), *curves.PIN_LOOKS, *curves.BUNDLE_LOOKS]
    assert len({look.symbol for look in looks}) == len(looks)
    assert len({look.light for look in looks}) == len({look.dark for look in looks}) == len(looks)


def test_curves_in_words():
    words = curves.describe([line(), line("hashed", [1, 50, 250])], 100, "mAP@k")
    assert words == (
        "mAP@k over k with 95 % bands. Exact 0.0500 at k = 100; Hashed (shortlist, exact re-rank) 0.0250 at k = 50."
    )


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
        queries.superclass_confusion(share, names, dark=False),
        queries.class_confusion(share, names, None),
        queries.class_confusion(share, names, ["1", "1", "2"]),
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
    figure = queries.superclass_confusion(np.full((2, 2), 0.5), names, dark=False)
    assert shown(figure.layout.xaxis) == ["large man-made outdoor things", "fish"]
