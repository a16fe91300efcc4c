from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from core.reports.figures.palette import CATEGORICAL, DIVERGING, INK, NEUTRAL, PAPER, SEQUENTIAL
from core.reports.figures.style import BUNDLE_LOOKS, PIN_LOOKS

CONFIG = Path(__file__).parents[4] / ".streamlit" / "config.toml"


@pytest.fixture(scope="module")
def themes():
    return tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"]


@pytest.mark.parametrize("dark", [False, True])
def test_streamlit_has_the_same_palette(themes, dark):
    theme = themes["dark" if dark else "light"]
    assert theme["chartCategoricalColors"] == [colour.on(dark) for colour in CATEGORICAL]
    assert theme["chartSequentialColors"] == list(SEQUENTIAL[dark])
    assert theme["chartDivergingColors"] == list(DIVERGING[dark])
    assert (theme["textColor"], theme["backgroundColor"]) == (INK.on(dark), PAPER.on(dark))


def luminance(colour):
    """Relative luminance (WCAG 2)."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("dark", [False, True])
def test_every_line_stands_out_from_the_page(dark):
    lines = [colour.on(dark) for colour in CATEGORICAL] + [look.colour(dark) for look in (*PIN_LOOKS, *BUNDLE_LOOKS)]
    for colour in (*lines, NEUTRAL):
        low, high = sorted((luminance(colour), luminance(PAPER.on(dark))))
        assert (high + 0.05) / (low + 0.05) >= 3, colour
