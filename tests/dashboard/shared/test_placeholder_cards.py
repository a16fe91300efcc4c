from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import core.datasets
from dashboard.shared import placeholder_cards

TREE = Path(core.datasets.__file__).parent / "trees" / "cifar100-superclass.txt"
PAIRS = [line.split() for line in TREE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
SUPERCLASSES = [child for parent, child in PAIRS if parent == "all"]
CLASSES = [child for parent, child in PAIRS if parent != "all"]


def rgb(colour: str) -> np.ndarray:
    """Linear light of #rrggbb."""
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """WCAG 2 contrast ratio."""
    low, high = sorted(float(rgb(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def lab(colour: str) -> np.ndarray:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ rgb(colour) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_contrast_of_known_pairs():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_class_of_cifar100_has_an_emoji_of_its_own():
    assert len(CLASSES) == 100
    assert len(SUPERCLASSES) == len(placeholder_cards.COLOURS) == 20
    drawn = [placeholder_cards.emoji(name) for name in CLASSES]
    assert None not in drawn
    assert len({symbol.replace("\ufe0f", "") for symbol in drawn}) == 100


@pytest.mark.parametrize("background", [*placeholder_cards.COLOURS, placeholder_cards.NEUTRAL])
def test_the_text_of_a_card_reads(background):
    assert contrast(placeholder_cards.INK, background) >= 4.5


def test_colours_of_superclasses_are_told_apart():
    assert min(np.linalg.norm(lab(a) - lab(b)) for a, b in combinations(placeholder_cards.COLOURS, 2)) > 10


@pytest.mark.parametrize("name", ["pickup_truck", "Pickup Truck", "pickup-truck", " pickup  truck "])
def test_emoji_does_not_mind_case_or_separators(name):
    assert placeholder_cards.emoji(name) == "🛻"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("golden retriever", "GR"), ("zebra", "Ze"), ("x", "X"), ("7", "7"), ("a_b_c", "AB"), ("", "?"), ("--", "?")],
)
def test_initials(name, expected):
    assert placeholder_cards.emoji(name) is None
    assert placeholder_cards.initials(name) == expected


def test_names_of_other_scripts_keep_their_letters():
    assert placeholder_cards.initials("écureuil roux") == "ÉR"
    assert placeholder_cards.initials("犬") == "犬"


def test_colour_repeats_beyond_the_palette_and_is_grey_without_a_group():
    assert placeholder_cards.colour(0) == placeholder_cards.colour(20) == placeholder_cards.COLOURS[0]
    assert placeholder_cards.colour(np.int64(3)) == placeholder_cards.COLOURS[3]
    assert placeholder_cards.colour(None) == placeholder_cards.colour(-1) == placeholder_cards.NEUTRAL


def test_card_of_a_known_and_of_an_unknown_class():
    known = placeholder_cards.card("sweet_pepper", 4)
    assert (known.symbol, known.is_emoji, known.name) == ("🫑", True, "sweet pepper")
    assert known.background == placeholder_cards.COLOURS[4]
    unknown = placeholder_cards.card("golden_retriever", None)
    assert (unknown.symbol, unknown.is_emoji, unknown.name) == ("GR", False, "golden retriever")


def test_card_html_writes_the_name_and_escapes_it():
    assert "sweet pepper" in placeholder_cards.card_html("sweet_pepper", 4)
    drawn = placeholder_cards.card_html('<script>"&', 1, size='5rem"><b>')
    assert "<script" not in drawn
    assert "<b>" not in drawn
    assert "&lt;script&gt;&quot;&amp;" in drawn


def test_names_that_would_read_alike_stay_as_they_are():
    assert placeholder_cards.readable_names(["a_b", "a b", "c_d", "1"]) == ["a_b", "a b", "c d", "1"]
    assert placeholder_cards.readable_names(["", "x"]) == ["(no name)", "x"]
