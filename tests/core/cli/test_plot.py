"""The picture of the curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.cli import plot
from core.engine.engine import Engine
from core.errors import BadInput
from core.reports.figures.style import SEARCH_LOOKS
from core.settings import Setting

SETTING = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")


def test_curves_are_the_engines(tiny_bundle):
    engine = Engine(tiny_bundle)
    figure = plot.draw_curves(engine, SETTING, ("exact", "hamming"), ("ap", "ap_expected"), 20)
    lines = [trace for trace in figure.data if not trace.fill]
    assert [trace.name for trace in lines] == ["exact", "hamming", "hamming"]  # exact has no expected AP
    curve = engine.curves("exact", SETTING, range(1, 21))["ap"]
    assert np.array_equal(lines[0].x, np.arange(1, 21))
    assert np.array_equal(lines[0].y, curve.mean)
    assert [trace.showlegend for trace in lines] == [True, True, False]
    assert lines[1].line.color == SEARCH_LOOKS["hamming"].light  # as on the pages


def test_html_needs_no_network(tiny_bundle):
    figure = plot.draw_curves(Engine(tiny_bundle), SETTING, ("exact",), ("ap",), 1)
    page = plot.picture_bytes(figure, Path("x.html")).decode()
    assert '<script src="http' not in page
    assert 'id="curves"' in page


def test_png_without_kaleido_says_what_to_do(monkeypatch):
    monkeypatch.setattr(plot.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"kaleido.*\.html"):
        plot.check_picture(Path("x.png"))
    plot.check_picture(Path("x.html"))
    plot.check_picture(None)
