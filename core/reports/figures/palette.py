"""The colours of all figures, for a light and a dark page. `.streamlit/config.toml` holds the same, for Streamlit.

Lines: the colours of Okabe and Ito, told apart by every common kind of colour vision, each shifted until it holds 3:1
against its page.
"""

from __future__ import annotations

from typing import NamedTuple


class Colour(NamedTuple):
    """One colour as hex, on a light and on a dark page."""

    light: str
    dark: str

    def on(self, dark: bool) -> str:
        """The colour on a dark or a light page."""
        return self.dark if dark else self.light


BLUE = Colour("#0072b2", "#4fa3df")
VERMILION = Colour("#d55e00", "#f07f35")
GREEN = Colour("#008f68", "#2dbb90")
PINK = Colour("#b85f93", "#dd93be")
AMBER = Colour("#b07a00", "#eab92d")
SKY = Colour("#3a93cc", "#a5d8f7")
GREY = Colour("#6b7280", "#aab2bd")
NAVY = Colour("#0b3c5d", "#7f93ff")
BROWN = Colour("#7a4419", "#c99a6b")
VIOLET = Colour("#5b4a8a", "#c3b1f0")
CATEGORICAL = (BLUE, VERMILION, GREEN, PINK, AMBER, SKY, GREY, NAVY, BROWN, VIOLET)  # in the order they are taken

NEUTRAL = "#858f9a"  # of lines that help to read; holds 3:1 against either page
INK = Colour("#1c232b", "#e4e8ec")  # text
PAPER = Colour("#ffffff", "#12161b")  # the page

# By whether the page is dark. Pale to deep on a light page, dim to bright on a dark one: more is further from the page.
SEQUENTIAL = {
    False: ("#eaf2f9", "#d3e4f3", "#b3d3e9", "#8abfdd", "#60a6d1", "#3f8cc4", "#2572b2", "#125a9c", "#08457f",
            "#08306b"),
    True: ("#14263a", "#173350", "#1a4268", "#1d5383", "#24669f", "#347cb9", "#5095cd", "#76afdd", "#a3cbeb",
           "#d5e8f7"),
}  # fmt: skip
# Blue to orange around a neutral middle.
DIVERGING = {
    False: ("#0a4a7c", "#2a78ad", "#6aaed6", "#a9d0e8", "#dcebf4", "#fbe6d4", "#f6c08f", "#e8914a", "#c4601a",
            "#8a3f0a"),
    True: ("#9cd0f5", "#6aaed6", "#3f86b8", "#2a5f88", "#24405a", "#5a3d26", "#93551f", "#c4701f", "#e8914a",
           "#f9c08c"),
}  # fmt: skip
