"""A ranked list of images as one block of HTML for `st.html`: a string in, nothing drawn here.

A hundred `st.image` calls take four times as long to paint as two such blocks. Colours of text and surfaces come from
the page (`currentColor`), those of the marks hold at least 3:1 against a light and a dark page, so one string
serves both themes. A mark never rests on colour alone: it has a sign and a border style of its own.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dashboard.shared.placeholder_cards import EMOJI_FONTS, card

Relation = Literal["same", "superclass", "wrong", "query", "unlabelled"]


@dataclass(frozen=True)
class Mark:
    """How a relation to the query looks: sign, words, colour `#rrggbb` (white text reads on it), border style."""

    sign: str
    words: str
    colour: str
    border: str


# Green, blue and vermilion of Okabe and Ito, darkened until white reads on them: told apart by every common kind of
# colour vision.
MARKS: dict[Relation, Mark] = {
    "same": Mark("✓", "same class", "#00795a", "solid"),
    "superclass": Mark("≈", "same superclass", "#1f6fb2", "dashed"),
    "wrong": Mark("✗", "another class", "#b84a00", "dotted"),
    "query": Mark("Q", "the query", "#6b5b95", "double"),
    "unlabelled": Mark("", "", "#6b7280", "solid"),
}


@dataclass(frozen=True)
class Tile:
    """One image of a ranked list.

    `rank` counts from 1. `rank_change` is rank in the other list minus rank here: above 0 it moved up; None where
    the other list does not hold it. `superclass_index` picks the card's colour (None: grey). `picture` is a data URI.
    """

    index: int
    class_name: str
    superclass_index: int | None = None
    similarity: float | None = None
    distance: float | None = None
    rank: int | None = None
    rank_change: int | None = None
    relation: Relation = "unlabelled"
    picture: str | None = None


def grid_html(
    tiles: Sequence[Tile],
    title: str = "",
    *,
    compared: bool = True,
    distance: tuple[str, str] = ("H", "Hamming distance"),
    similarity: str = "similarity",
    empty: str = "No images to show.",
) -> str:
    """The tiles as a grid that wraps with the window's width, under a title.

    `compared=False` leaves rank changes out (one list alone); `distance` is the short and the long name of the
    distance shown, `similarity` the name of the other number; `empty` is said where there are no tiles.
    All text is escaped.
    """
    heading = f'<div class="hg-title" role="heading" aria-level="4">{html.escape(title)}</div>' if title else ""
    if not tiles:
        return f'{_STYLE}<div class="hg">{heading}<p class="hg-empty">{html.escape(empty)}</p></div>'
    label = html.escape(title or "Images", quote=True)
    items = "".join(_tile(tile, compared, distance, similarity) for tile in tiles)
    return f'{_STYLE}<div class="hg">{heading}<div class="hg-grid" role="list" aria-label="{label}">{items}</div></div>'


def legend_html(
    *,
    superclasses: bool = True,
    labelled: bool = True,
    compared: bool = True,
    coded: bool = True,
    distance: tuple[str, str] | None = None,
    similarity: str = "similarity",
) -> str:
    """What the signs of a grid mean, on one line that wraps; only those that a query with these properties has."""
    shown: list[Relation] = ["same", "superclass", "wrong"] if superclasses else ["same", "wrong"]
    entries = [
        f'<span class="hg-key hg-{name}"><span class="hg-box"><span class="hg-mark">{MARKS[name].sign}</span></span>'
        f"{MARKS[name].words}</span>"
        for name in (shown if labelled else [])
    ]
    entries.append(f"<span><b>0.912</b> {html.escape(similarity)}</span>")
    short, long = distance or ("H", "Hamming distance")
    if coded:
        entries.append(f"<span><b>{html.escape(short)} 5</b> {html.escape(long)}</span>")
    if compared:
        entries += [
            "<span><b>▲3</b> / <b>▼3</b> ranks up / down</span>",
            "<span><b>=</b> same rank, <b>new</b> not in the other list</span>",
        ]
    return f'{_STYLE}<div class="hg hg-legend">{"".join(entries)}</div>'


def describe(
    tile: Tile, compared: bool = True, distance_name: str = "Hamming distance", similarity_name: str = "similarity"
) -> str:
    """Everything a tile shows, in words: its tooltip and its label for screen readers."""
    parts = [f"Rank {tile.rank}"] if tile.rank is not None else []
    parts.append(card(tile.class_name).name)
    if tile.relation != "unlabelled":
        parts.append(MARKS[tile.relation].words)
    if tile.similarity is not None:
        parts.append(f"{similarity_name} {_similarity(tile.similarity)}")
    if tile.distance is not None:
        parts.append(f"{distance_name} {_distance(tile.distance)}")
    if compared and tile.rank is not None:
        parts.append(_change_words(tile.rank_change))
    return ", ".join([*parts, f"image {tile.index}"])


def change_sign(rank_change: int | None) -> str:
    """▲3 for three ranks up, ▼2 for two down, = for the same rank, `new` where the other list lacks it."""
    if rank_change is None:
        return "new"
    if rank_change == 0:
        return "="
    return f"{'▲' if rank_change > 0 else '▼'}{abs(rank_change)}"


def _change_words(rank_change: int | None) -> str:
    if rank_change is None:
        return "not in the other list"
    if rank_change == 0:
        return "at the same rank in the other list"
    ranks = "rank" if abs(rank_change) == 1 else "ranks"
    return f"{abs(rank_change)} {ranks} {'higher' if rank_change > 0 else 'lower'} than in the other list"


def _similarity(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{value:.3f}" if value == 0 or 0.0005 <= abs(value) < 1000 else f"{value:.4g}"


def _distance(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return str(int(value)) if float(value).is_integer() else f"{value:.2f}"


def _tile(tile: Tile, compared: bool, distance: tuple[str, str], similarity: str) -> str:
    short, long = distance
    words = html.escape(describe(tile, compared, long, similarity), quote=True)
    rank = "" if tile.rank is None else f'<span class="hg-rank">{tile.rank}</span>'
    change = ""
    if compared and tile.rank is not None:
        change = f'<span class="hg-change">{change_sign(tile.rank_change)}</span>'
    numbers = "" if tile.similarity is None else f"<span>{_similarity(tile.similarity)}</span>"
    if tile.distance is not None:
        numbers += f"<span>{html.escape(short)} {_distance(tile.distance)}</span>"
    mark = "" if tile.relation == "unlabelled" else f'<span class="hg-mark">{MARKS[tile.relation].sign}</span>'
    return (
        f'<div class="hg-tile hg-{tile.relation}" role="listitem" title="{words}" aria-label="{words}">'
        f'<div class="hg-head" aria-hidden="true">{rank}{change}{mark}</div>{_face(tile)}'
        f'<div class="hg-foot" aria-hidden="true">{numbers}</div></div>'
    )


def _face(tile: Tile) -> str:
    """The picture, or the card where there is none; the class name is below either."""
    drawn = card(tile.class_name, tile.superclass_index)
    name = f'<div class="hg-name">{html.escape(drawn.name)}</div>'
    if tile.picture:
        source = html.escape(tile.picture, quote=True)
        return f'<div class="hg-face" aria-hidden="true"><img class="hg-art" src="{source}" alt="">{name}</div>'
    kind = "hg-emoji" if drawn.is_emoji else "hg-initials"
    return (
        f'<div class="hg-face" aria-hidden="true" style="background:{drawn.background};color:{drawn.ink}">'
        f'<div class="hg-art {kind}">{html.escape(drawn.symbol)}</div>{name}</div>'
    )


_RULES = "".join(f".hg-{name}{{--hg-c:{mark.colour};--hg-b:{mark.border}}}" for name, mark in MARKS.items())
_STYLE = (
    "<style>"
    ".hg{font-size:.75rem;line-height:1.3;font-variant-numeric:tabular-nums}"
    ".hg-title{font-size:1rem;font-weight:600;margin-bottom:.4rem}"
    ".hg-empty{opacity:.75}"
    ".hg-grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(5.25rem,1fr));gap:.4rem}"
    ".hg-tile{min-width:0;overflow:hidden;border:3px var(--hg-b) var(--hg-c);border-radius:.4rem;"
    "background:color-mix(in srgb,currentColor 5%,transparent)}"
    ".hg-head{display:flex;align-items:center;gap:.25rem;padding:.1rem .2rem .1rem .25rem;white-space:nowrap}"
    ".hg-rank{font-weight:700}"
    ".hg-change{opacity:.85}"
    ".hg-mark{margin-left:auto;min-width:1.1rem;text-align:center;border-radius:.25rem;font-weight:700;"
    "background:var(--hg-c);color:#fff}"
    ".hg-art{display:block;width:100%;aspect-ratio:1;image-rendering:pixelated}"
    f".hg-emoji,.hg-initials{{display:grid;place-items:center;font-size:2.5rem;line-height:1;font-family:{EMOJI_FONTS}}}"
    ".hg-initials{font-size:1.75rem;font-weight:600;font-family:inherit}"
    ".hg-name{padding:0 .2rem .1rem;text-align:center;font-weight:600;white-space:nowrap;overflow:hidden;"
    "text-overflow:ellipsis}"
    ".hg-foot{display:flex;justify-content:space-between;flex-wrap:wrap;padding:.1rem .25rem;white-space:nowrap}"
    ".hg-legend{display:flex;flex-wrap:wrap;gap:.35rem 1.1rem;align-items:center}"
    ".hg-key{display:inline-flex;align-items:center;gap:.35rem}"
    ".hg-box{border:3px var(--hg-b) var(--hg-c);border-radius:.3rem;padding:.1rem}"
    ".hg-box .hg-mark{display:block}"
    f"{_RULES}.hg-unlabelled{{border-width:1px}}</style>"
)
