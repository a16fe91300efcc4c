"""What the Trade-off page computes: grids kept between reruns, their points with costs, and sentences about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.codes.codes import bits_for, usable_hashes
from core.reports.figures.style import CONTROL_LOOKS
from core.runtime.cache import ByteCache
from core.runtime.shared_types import named_rows
from core.settings import Setting
from core.timing.timed_grid import GridTimes
from core.tradeoff.choice import Choice
from core.tradeoff.grid import SAMPLE, Grid, quality_grids, with_current
from core.tradeoff.table import timed_points
from dashboard.shared.state import View

BYTES, MEASURED = "Bytes read", "Measured time"
TIMES = "tradeoff_times"


@st.cache_resource(max_entries=4, show_spinner=False)
def _kept(path: str, version: str) -> ByteCache:
    """Grids of a bundle, shared by all sessions. A cache of its own: a grid is made with a progress bar."""
    return ByteCache(20_000_000)


def grids_of(view: View, wanted: list[tuple[Setting, list[int]]], progress: Callable[[float], object]) -> list[Grid]:
    """Grids of some settings and lengths at the view's k, from the cache where they are there."""
    multipliers = with_current(view.setting.multiplier)
    same = tuple((replace(setting, bits=0, multiplier="1"), tuple(lengths)) for setting, lengths in wanted)
    return _kept(*view.version).get(
        (same, view.k, multipliers),
        lambda: quality_grids(view.engine, wanted, view.k, multipliers, progress),
        lambda grids: 2 * sum(values.nbytes for grid in grids for values in grid.means.values()),
    )


def sampled(view: View, every: bool) -> Setting:
    """The setting with all queries, or with a seeded sample where there are more than that."""
    count = view.bundle.count(view.task.protocol.query_split)
    return replace(view.setting, queries=None if every or count <= SAMPLE else SAMPLE)


def offered(view: View) -> list[int]:
    """The lengths of the grid: all that the hash offers."""
    return bits_for(view.bundle, view.setting.encoder, view.setting.hash)


def controls_of(view: View, setting: Setting) -> list[tuple[Setting, list[int]]]:
    """The controls to draw: random codes of the current length, and the predicted class."""
    wanted = []
    for name in usable_hashes(view.bundle, setting.encoder):
        if name in CONTROL_LOOKS and name != setting.hash:
            lengths = bits_for(view.bundle, setting.encoder, name)
            length = setting.bits if setting.bits in lengths else lengths[-1]
            wanted.append((replace(setting, hash=name, bits=length), [length]))
    return wanted


def points_of(grid: Grid, metric: str, times: GridTimes | None = None, control: bool = False) -> pd.DataFrame:
    """The points of a grid with their time in ms (NaN where not measured), hover text and whether it is a control."""
    known = None if times is None or control else times.by_setting
    points = timed_points(grid, metric, known).assign(control=control)
    points["hover"] = [
        f"{row.hash}, {row.bits} bits × {row.multiplier}: {row.quality:.4f}"
        f"<br>{row.difference:+.4f} ± {row.margin:.4f} to exact search"
        f"<br>{row.bytes:,} bytes read, {row.shortlist:,} images re-ranked"
        + ("" if np.isnan(row.ms) else f"<br>{1000 * row.ms:.1f} µs a query")
        for row in named_rows(points)
    ]
    return points


@dataclass(frozen=True)
class TimedGrid:
    """Measured times with what they belong to."""

    depends_on: tuple[Any, ...]
    times: GridTimes
    machine: str
    when: str


def times_depend_on(view: View) -> tuple[Any, ...]:
    """What measured times of a grid belong to; length and multiplier are the grid's own."""
    setting = view.setting
    gallery = (setting.protocol, setting.near_duplicates)
    return (*view.version, setting.encoder, setting.hash, *gallery, view.k)


def choice_text(choice: Choice, exact: float, title: str, percent: float, cost: str) -> str:
    """The sentence about the cheapest setting that is good enough, or the nearest where none is."""
    row, change = choice.row, f"{_signed(-100 * choice.loss)} %"
    if not choice.good_enough:
        return (
            f"No setting of this grid comes within {percent:g} % of exact search's {title} {exact:.4f}. Nearest is "
            f"**{row['bits']} bits × {row['multiplier']}** with {row['quality']:.4f} ({change})."
        )
    share = choice.cost_share
    spent = f"{row['bytes']:,} bytes read a query" if cost == "bytes" else f"{1000 * row['ms']:.1f} µs a query"
    how = f"{100 * share:.1f} % of exact search's" if share <= 1 else f"{share:.1f} times exact search's: no gain"
    return (
        f"**{row['bits']} bits × {row['multiplier']}** is the cheapest setting within {percent:g} % of exact "
        f"search: {title} {row['quality']:.4f} against {exact:.4f} ({change}), with {spent}, {how}."
    )


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−").replace("+0.00", "0.00").replace("−0.00", "0.00")
