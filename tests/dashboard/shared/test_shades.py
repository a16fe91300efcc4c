"""Numbers in coloured cells."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.shared.shades import SCALES, add_cells, reads_white


def test_text_of_cells_reads_on_both_pages():
    for dark, scale in SCALES.items():
        assert [reads_white(value, 0, 1, scale) for value in (0.0, 1.0)] == ([True, False] if dark else [False, True])
    assert reads_white(1, 1, 1, SCALES[True])  # one value: no division by zero


@pytest.mark.parametrize("dark", [True, False])
def test_each_cell_says_its_value_once_in_the_colour_that_reads(dark):
    values = np.array([[0.0, 1.0], [np.nan, 0.5]])
    figure = go.Figure()
    add_cells(figure, values, ".2f", dark, hovertemplate="%{z}", x=["a", "b"])
    white, black = figure.data
    texts = [[[cell.strip() for cell in row] for row in trace.text] for trace in (white, black)]
    assert (texts[0] if dark else texts[1])[0] == ["0.00", ""]
    assert (texts[1] if dark else texts[0])[0] == ["", "1.00"]
    assert (texts[0][1][0], texts[1][1][0]) == ("", "")  # what is not known is empty
    assert sorted((texts[0][1][1], texts[1][1][1])) == ["", "0.50"]
    for trace in figure.data:  # all cells in both: the size of the text is the same
        assert np.array_equal(np.array(trace.z, float), values, equal_nan=True)
        assert trace.x == ("a", "b") and all(cell for row in trace.text for cell in row)
    assert white.hovertemplate == "%{z}" and (black.hovertemplate, black.hoverinfo) == (None, "skip")
    assert {colour for _, colour in black.colorscale} == {"rgba(0, 0, 0, 0)"}
