from __future__ import annotations

import tomllib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from dashboard.shared.image_grid import MARKS, Tile, change_sign, describe, grid_html, legend_html

CONFIG = Path(__file__).parents[3] / ".streamlit" / "config.toml"
PIXEL = "data:image/png;base64,iVBORw0KGgo="


class Elements(HTMLParser):
    """Start tags with their attributes, text outside <style>; tags must close in order."""

    def __init__(self, source: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(source)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    def with_role(self, role):
        return [attrs for _, attrs in self.elements if attrs.get("role") == role]


def pear(**changes) -> Tile:
    values = {
        "index": 12,
        "class_name": "pear",
        "superclass_index": 4,
        "similarity": 0.91249,
        "distance": 5.0,
        "rank": 3,
        "rank_change": 2,
        "relation": "same",
    }
    return Tile(**(values | changes))


def contrast(a: str, b: str) -> float:
    def light(colour: str) -> float:
        value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((light(a), light(b)))
    return (high + 0.05) / (low + 0.05)


def test_a_tile_shows_rank_change_mark_name_similarity_and_distance():
    assert Elements(grid_html([pear()])).text == ["3", "▲2", "✓", "🍐", "pear", "0.912", "H 5"]


def test_its_tooltip_and_label_say_everything_in_words():
    (item,) = Elements(grid_html([pear()])).with_role("listitem")
    words = (
        "Rank 3, pear, same class, similarity 0.912, Hamming distance 5, "
        "2 ranks higher than in the other list, image 12"
    )
    assert item["title"] == item["aria-label"] == words


def test_a_grid_is_a_named_list_of_items():
    page = Elements(grid_html([pear(index=i) for i in range(50)], "Exact search"))
    assert [attrs["aria-label"] for attrs in page.with_role("list")] == ["Exact search"]
    assert len(page.with_role("listitem")) == 50
    assert page.text[0] == "Exact search"


def test_an_empty_grid_says_so():
    page = Elements(grid_html([], "Hits", empty="Nothing <here>"))
    assert page.text == ["Hits", "Nothing <here>"]
    assert not page.with_role("list")


def test_all_text_is_escaped():
    nasty = '<script>alert("x")</script>'
    tile = pear(class_name=nasty, picture='data:image/png;base64,"><script>')
    for source in (
        grid_html([tile], nasty, distance=(nasty, nasty)),
        grid_html([pear(class_name=nasty)], nasty),
        grid_html([], nasty, empty=nasty),
        legend_html(distance=(nasty, nasty)),
    ):
        assert "<script" not in source
        assert all(tag in {"style", "div", "span", "img", "p", "b"} for tag, _ in Elements(source).elements)
    (item,) = Elements(grid_html([tile])).with_role("listitem")
    assert nasty in item["title"]


@pytest.mark.parametrize("relation", list(MARKS))
def test_every_relation_has_its_class_and_sign(relation):
    page = Elements(grid_html([pear(relation=relation)]))
    (item,) = page.with_role("listitem")
    assert f"hg-{relation}" in item["class"].split()
    if relation == "unlabelled":  # nothing is said of a class that has nothing to be compared with
        assert not any(mark.sign in page.text for mark in MARKS.values() if mark.sign)
    else:
        assert MARKS[relation].sign in page.text
        assert MARKS[relation].words in item["title"]


def test_marks_do_not_rest_on_colour_alone():
    assert len({mark.sign for mark in MARKS.values()}) == len(MARKS)
    assert len({MARKS[name].border for name in ("same", "superclass", "wrong")}) == 3
    assert len({mark.colour for mark in MARKS.values()}) == len(MARKS)


@pytest.mark.parametrize("relation", list(MARKS))
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_are_seen_on_either_page(relation, theme):
    page = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"][theme]["backgroundColor"]
    colour = MARKS[relation].colour
    assert contrast(colour, "#ffffff") >= 4.5  # its sign is white
    assert contrast(colour, page) >= 3.0


@pytest.mark.parametrize(("change", "sign"), [(3, "▲3"), (-2, "▼2"), (0, "="), (None, "new")])
def test_change_sign(change, sign):
    assert change_sign(change) == sign
    assert sign in Elements(grid_html([pear(rank_change=change)])).text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (1, "1 rank higher than in the other list"),
        (-2, "2 ranks lower than in the other list"),
        (0, "at the same rank in the other list"),
        (None, "not in the other list"),
    ],
)
def test_change_in_words(change, words):
    assert words in describe(pear(rank_change=change))


def test_one_list_alone_and_the_query_show_no_change():
    alone = grid_html([pear(rank_change=None)], compared=False)
    assert "new" not in Elements(alone).text
    assert "other list" not in alone
    query = Elements(grid_html([Tile(7, "pear", 4, relation="query", picture=PIXEL)]))
    assert query.text == ["Q", "pear"]
    assert query.with_role("listitem")[0]["title"] == "pear, the query, image 7"


def test_a_picture_takes_the_place_of_the_card():
    page = Elements(grid_html([pear(picture=PIXEL)]))
    assert [attrs["src"] for tag, attrs in page.elements if tag == "img"] == [PIXEL]
    assert "🍐" not in page.text
    assert "pear" in page.text
    assert "image-rendering:pixelated" in grid_html([pear(picture=PIXEL)])


def test_a_class_without_an_emoji_shows_initials():
    assert "GR" in Elements(grid_html([pear(class_name="golden_retriever")])).text


@pytest.mark.parametrize(("distance", "shown"), [(0, "H 0"), (17.0, "H 17"), (2.345, "H 2.35"), (float("nan"), "H –")])
def test_distances(distance, shown):
    assert shown in Elements(grid_html([pear(distance=distance)])).text


def test_what_is_unknown_is_left_out():
    assert Elements(grid_html([pear(similarity=None, distance=None)])).text == ["3", "▲2", "✓", "🍐", "pear"]
    assert "–" in Elements(grid_html([pear(similarity=float("nan"))])).text


def test_numpy_numbers_look_like_python_numbers():
    numpy_tile = pear(
        index=np.int64(12),
        similarity=np.float32(0.91249),
        distance=np.uint8(5),
        rank=np.int64(3),
        rank_change=np.int64(2),
    )
    assert grid_html([numpy_tile]) == grid_html([pear()])


def test_another_distance_has_its_own_name():
    source = grid_html([pear(distance=2.5)], distance=("D", "estimated distance"))
    assert "D 2.50" in Elements(source).text
    assert "estimated distance 2.50" in source


def test_legend_names_every_sign():
    text = " ".join(Elements(legend_html()).text)
    for sign in ("✓", "≈", "✗", "▲3", "▼3", "=", "new", "H 5", "same superclass"):
        assert sign in text
    short = " ".join(Elements(legend_html(superclasses=False, compared=False)).text)
    assert "≈" not in short
    assert "new" not in short


def test_charts_have_the_ten_colours_streamlit_needs():
    theme = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"]
    for name in ("light", "dark"):
        colours = theme[name]["chartCategoricalColors"]
        assert len(colours) == len(set(colours)) == 10
        assert all(contrast(colour, theme[name]["backgroundColor"]) >= 3.0 for colour in colours)
        assert len(theme[name]["chartSequentialColors"]) == len(theme[name]["chartDivergingColors"]) == 10


def test_an_inner_product_is_named_and_shown_at_any_size():
    tiles = [pear(similarity=value) for value in (12.5, 4321.0, 54321.0, 0.00031, 0.0, -0.25)]
    source = grid_html(tiles, similarity="inner <product>")
    assert [text for text in Elements(source).text if text[0] in "-0123456789" and len(text) > 2] == [
        "12.500", "4321", "5.432e+04", "0.00031", "0.000", "-0.250",
    ]  # fmt: skip
    (item, *_) = Elements(source).with_role("listitem")
    assert "inner <product> 12.500, Hamming" in item["title"]
    legend = legend_html(similarity="inner <product>")
    assert "inner <product>" in " ".join(Elements(legend).text) and "<product>" not in legend
