from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from core.engine.results import Curve
from core.reports.figures import curves
from core.reports.figures.curves import Line, thin
from core.reports.figures.style import SEARCH_LOOKS
from core.settings import curve_ks


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


def test_curves_in_words():
    words = curves.describe([line(), line("hashed", [1, 50, 250])], 100, "mAP@k")
    assert words == (
        "mAP@k over k with 95 % bands. Exact 0.0500 at k = 100; Hashed (shortlist, exact re-rank) 0.0250 at k = 50."
    )


def test_panels_share_a_legend_and_draw_every_point():
    long = line(ks=range(1, 301))
    figure = curves.panels_figure([("mAP at k", [long]), ("P at k", [long, line("hamming")])], "a title")
    bands, lines = figure.data[::2], figure.data[1::2]
    assert [len(trace.x) for trace in lines] == [300, 300, 250]
    assert [trace.showlegend for trace in lines] == [True, False, True]
    assert [trace.xaxis for trace in lines] == ["x", "x2", "x2"]
    assert all(trace.fill == "toself" for trace in bands)
    assert [note.text for note in figure.layout.annotations] == ["mAP at k", "P at k"]
    assert figure.layout.title.text == "a title"


def test_a_line_of_one_point_is_seen():
    (_, drawn) = curves.panels_figure([("mAP at k", [line(ks=[5])])], "").data
    assert list(drawn.x) == [5]
    assert "markers" in drawn.mode


def test_a_command_that_draws_nothing_does_not_load_plotly():
    imports = "import sys, core.cli.plot, core.reports.figures.style"
    code = f"{imports}; print('plotly' in sys.modules, 'streamlit' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["False", "False"]
