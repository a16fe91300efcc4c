"""A picture and what the encoder makes of it, as HTML."""

from __future__ import annotations

import pytest

from dashboard.retrieval.picture_html import Shares, picture_html
from dashboard.retrieval.picture_query import milliseconds

URI = "data:image/png;base64,AAAA"


def test_the_outline_is_the_middle_square():
    wide = picture_html(URI, URI, (400, 200), 32, [])
    assert "inset:0.000% 25.000%" in wide
    assert "32 × 32 pixels, its middle square" in wide
    tall = picture_html(URI, URI, (100, 1000), 32, [])
    assert "inset:45.000% 0.000%" in tall


def test_a_square_is_seen_whole():
    square = picture_html(URI, URI, (300, 300), 32, [])
    assert 'class="pq-cut"' not in square
    assert "middle square" not in square


def test_small_pictures_are_drawn_without_smoothing():
    assert picture_html(URI, URI, (32, 32), 32, []).count('<img class="pq-seen"') == 2
    assert picture_html(URI, URI, (640, 480), 32, []).count('<img class="pq-seen"') == 1


def test_bars_have_their_value_in_words_and_text_is_escaped():
    drawn = picture_html(URI, URI, (1, 1), 32, [Shares("Predicted class", ["<i>cat</i>", "dog"], [0.625, 0.05])])
    assert "width:62.50%" in drawn
    assert "62.5 %" in drawn
    assert "&lt;i&gt;cat&lt;/i&gt;" in drawn
    assert "<i>" not in drawn
    assert 'role="list" aria-label="Predicted class"' in drawn


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123, "12.3 µs"), (1.2345, "1.23 ms"), (159.5, "160 ms"), (999.7, "1 s"), (1250, "1.25 s")]
)
def test_times_have_three_digits(value, text):
    assert milliseconds(value) == text
