"""A picture, what the encoder sees of it and what it takes it for, as one block of HTML for `st.html`."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Shares:
    """The likeliest names under a title, and their probabilities from 0 to 1."""

    title: str
    names: Sequence[str]
    values: Sequence[float]


def picture_html(
    original: str, seen: str, size: tuple[int, int], side: int, shares: Sequence[Shares], cut: float = 1.0
) -> str:
    """The picture (a data URI) of `size` (width, height) with the square that is cut out of it; what the encoder sees
    (a data URI), `side` pixels wide, drawn without smoothing; a list of bars for each of `shares`.

    `cut` is the side of that square as a share of the largest that fits.
    It wraps with the window's width. All text is escaped; one string serves both themes.
    """
    width, height = size
    words = "" if width == height and cut == 1 else ", its middle square"
    smooth = "" if max(size) > 2 * side else ' class="pq-seen"'
    first = f'<img{smooth} src="{html.escape(original, quote=True)}" alt="Your picture">{_frame(width, height, cut)}'
    second = f'<img class="pq-seen" src="{html.escape(seen, quote=True)}" alt="Your picture as the encoder sees it">'
    return (
        f'{_STYLE}<div class="pq"><div class="pq-pictures">'
        f"{_figure(first, 'Your picture', f'{width:,} × {height:,} pixels')}"
        f"{_figure(second, 'As the encoder sees it', f'{side} × {side} pixels{words}')}</div>"
        f"{''.join(_list(each) for each in shares)}</div>"
    )


def _figure(picture: str, title: str, words: str) -> str:
    return (
        f'<figure><div class="pq-frame"><div class="pq-box">{picture}</div></div>'
        f"<figcaption><b>{title}</b><br>{words}</figcaption></figure>"
    )


def _frame(width: int, height: int, cut: float) -> str:
    """The outline of the middle square; nothing for a picture that is one."""
    if width == height and cut == 1:
        return ""
    edge = cut * min(width, height)
    left, top = 50 * (width - edge) / width, 50 * (height - edge) / height
    return f'<span class="pq-cut" style="inset:{top:.3f}% {left:.3f}%"></span>'


def _list(shares: Shares) -> str:
    rows = "".join(
        f'<div class="pq-row" role="listitem"><span class="pq-name">{html.escape(name)}</span>'
        f'<span class="pq-track"><span class="pq-bar" style="width:{100 * value:.2f}%"></span></span>'
        f'<span class="pq-value">{100 * value:.1f} %</span></div>'
        for name, value in zip(shares.names, shares.values, strict=True)
    )
    title = html.escape(shares.title, quote=True)
    return f'<div class="pq-list" role="list" aria-label="{title}"><b>{title}</b>{rows}</div>'


_STYLE = (
    "<style>"
    ".pq{display:flex;flex-wrap:wrap;gap:1.25rem 2rem;font-size:.8rem;line-height:1.35;"
    "font-variant-numeric:tabular-nums}"
    ".pq-pictures{display:flex;gap:1rem}"
    ".pq figure{margin:0;width:10rem}"
    ".pq-frame{height:10rem;display:flex;align-items:center}"
    ".pq-box{position:relative;width:fit-content}"
    ".pq img{display:block;max-width:10rem;max-height:10rem;border-radius:.25rem}"
    ".pq img.pq-seen{width:10rem;height:10rem;object-fit:contain;image-rendering:pixelated}"
    ".pq-cut{position:absolute;border:2px solid #fff;outline:2px solid #1f5f99;border-radius:2px}"
    ".pq figcaption{margin-top:.35rem}"
    ".pq-list{flex:1 1 14rem;max-width:24rem;display:grid;gap:.45rem;align-content:start}"
    ".pq-row{display:grid;"
    "grid-template-columns:minmax(0,9rem) minmax(2.5rem,1fr) 3.2rem;gap:.5rem;align-items:center}"
    ".pq-name{overflow-wrap:anywhere}"
    ".pq-track{height:.55rem;border-radius:.3rem;background:color-mix(in srgb,currentColor 14%,transparent)}"
    ".pq-bar{display:block;height:100%;min-width:1px;border-radius:.3rem;background:#2f7abb}"
    ".pq-value{text-align:right}"
    "@media(max-width:480px){.pq figure{width:8rem}.pq-frame{height:8rem}"
    ".pq img{max-width:8rem;max-height:8rem}.pq img.pq-seen{width:8rem;height:8rem}}"
    "</style>"
)
