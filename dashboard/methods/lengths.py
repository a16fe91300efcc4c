"""The Methods page's view over lengths: a heat map of all methods, curves of those chosen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.hashing.registry import CONTROLS, get_hash
from core.methods.compared import OWN_LENGTH, by_length, mean_scores, own_lengths
from core.methods.leaderboard import method_label
from core.methods.scores import BEST, EXACT, YARDSTICKS, Measure
from core.settings import Setting
from dashboard.methods import charts
from dashboard.methods.data import Scores, band
from dashboard.shared.state import View
from dashboard.shared.style import dark_page

MOST_LINES = 6  # drawn at first


def draw(view: View, measure: Measure, scores: Scores) -> None:
    """The heat map, then the curves."""
    values = {each: mean for each, mean in mean_scores(scores.values).items() if each.hash not in (EXACT, BEST)}
    if not values:
        st.info("No method is scored at any length yet.", icon=":material/calculate:")
        return
    table = by_length(values)
    st.plotly_chart(
        charts.heat_figure(table, dark_page()), key="methods_heat", width="stretch",
        alt=f"{measure.label} by method and length. Best: {best_words(table)}",
    )  # fmt: skip
    st.caption(
        f"{measure.label}, protocol {view.protocol}. Empty: a length that the method does not have, or that is not "
        f"scored yet. '{OWN_LENGTH}': the best of those that a method without any of these has "
        f"({own_lengths_text(values)})."
    )
    draw_curves(view, measure, scores, table)


def draw_curves(view: View, measure: Measure, scores: Scores, table: pd.DataFrame) -> None:
    """Curves over the length of the methods chosen, the best at first; yardsticks across."""
    flat_names = (*(name for name in CONTROLS if get_hash(name).class_bits is not None), EXACT, BEST)
    lines: dict[str, list[Setting]] = {}
    for each in scores.values:
        if each.hash not in flat_names:
            lines.setdefault(each.hash, []).append(each)
    several = [name for name, own in lines.items() if len({each.bits for each in own}) > 1]
    best = table.max(axis=1).sort_values(ascending=False).index
    ranked = sorted((n for n in several if n not in YARDSTICKS), key=lambda n: list(best).index(method_label(n)))
    start = list(dict.fromkeys([*(n for n in ranked if n == "nested"), *ranked]))[:MOST_LINES]
    chosen = st.multiselect(
        "Methods drawn", ranked, start, key=f"methods_lines_{measure.name}", format_func=lambda n: get_hash(n).label,
        help="The best at some length at first, and the nested code, whose every length is a beginning of one code.",
    )  # fmt: skip
    drawn = {}
    for name in [*chosen, *(n for n in several if n in CONTROLS)]:
        own = sorted(lines[name], key=lambda each: each.bits)
        mean, low, high = np.array([band(view, each, measure, scores) for each in own]).T
        drawn[method_label(name)] = (np.array([each.bits for each in own]), mean, low, high)
    flat = {each.hash: mean for each, mean in mean_scores(scores.values).items() if each.hash in YARDSTICKS}
    levels = {name: flat[name] for name in reversed(flat_names) if name in flat}
    figure = charts.length_figure(drawn, levels, measure.label, dark_page(), [get_hash("nested").label])
    words = "; ".join(f"{name} {line[1][-1]:.4f} at {line[0][-1]} bits" for name, line in drawn.items())
    st.plotly_chart(figure, key="methods_curves", width="stretch", alt=f"{measure.label} over bits. {words}")
    st.caption("Bars: 95 % normal intervals over queries. Across: controls whose length is not the question.")


def own_lengths_text(values: dict[Setting, float]) -> str:
    """The methods that have none of the columns' lengths, with those they have."""
    each = (f"{method_label(name)} {', '.join(map(str, bits))}" for name, bits in own_lengths(values).items())
    return "; ".join(each) or "none"


def best_words(table: pd.DataFrame) -> str:
    """The best method at each length, for those who do not see the figure."""
    return "; ".join(f"{bits}: {table[bits].idxmax()} {table[bits].max():.4f}" for bits in table)
