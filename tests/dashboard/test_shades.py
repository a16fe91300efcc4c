"""Numbers in coloured cells."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.charts.shades import SCALES, add_cells, reads_white


def test_text_of_cells_reads_on_both_pages():
    for dark, scale in SCALES.items():
        assert [reads_white(value, 0, 1, scale) for value in (0.0, 1.0)] == ([True, False] if dark else [False, True])
    assert reads_white(1, 1, 1, SCALES[True])  # one value: no division by zero


@pytest.mark.parametrize("dark", [True, False])
def test_each_cell_is_drawn_once(dark):
    values = np.array([[0.0, 1.0], [np.nan, 0.5]])
    figure = go.Figure()
    add_cells(figure, values, "%{z}", dark)
    white, black = (np.array(trace.z, float) for trace in figure.data)
    assert (np.isfinite(white).astype(int) + np.isfinite(black)).tolist() == [[1, 1], [0, 1]]
    assert np.isfinite(white if dark else black)[0].tolist() == [True, False]
