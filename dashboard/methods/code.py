"""The Methods page's look at one code, the sidebar's: its distances, its bits, its time."""

from __future__ import annotations

import streamlit as st

from core.codes.distances import distance_title
from core.engine.engine import Engine
from core.hashing.registry import get_hash
from core.methods.stored_scores import fit_seconds
from core.reports.code_statistics import CodeStatistics, code_statistics
from core.reports.distance_histograms import OTHER, SAME, SUPERCLASS, DistanceHistograms, distance_histograms
from core.settings import Setting
from dashboard.methods.code_charts import RELATION_LOOKS, balance_figure, correlation_figure, histogram_figure
from dashboard.shared.state import View
from dashboard.shared.style import dark_page


def draw(view: View) -> None:
    """Histograms and statistics of the sidebar's hash at its length."""
    setting = view.setting
    with st.spinner("Counting distances …", show_time=True):
        key = view.version
        bits = view.engine.at(setting).codes.bits
        histograms = _histograms(view.engine, key, setting)
        statistics = _statistics(view.engine, key, setting)
    label = get_hash(setting.hash).label
    st.subheader(f"The code: {label}, {bits} bits", anchor=False)
    draw_distances(view, histograms, label)
    draw_bits(view, statistics, bits)


def draw_distances(view: View, histograms: DistanceHistograms, label: str) -> None:
    """Distances of pairs by relation, and the overlaps."""
    overlap = {name: histograms.overlap(SAME, name) for name in histograms.shares if name != SAME}
    title = distance_title(view.setting.hash)[1].capitalize()
    with st.container(horizontal=True):
        st.metric("Overlap, same class and other", f"{overlap[OTHER]:.4f}")
        if SUPERCLASS in overlap:
            st.metric("Overlap, same class and superclass", f"{overlap[SUPERCLASS]:.4f}")
        for relation in histograms.shares:
            st.metric(f"Mean, {relation}", f"{histograms.mean(relation):.2f}")
    words = "; ".join(f"{RELATION_LOOKS[r].label} {histograms.mean(r):.2f} on average" for r in histograms.shares)
    st.plotly_chart(
        histogram_figure(histograms, title, dark_page()), key="methods_distances", width="stretch",
        alt=f"{title} of pairs, {label}. {words}",
    )  # fmt: skip
    counted = "; ".join(f"{histograms.pairs[r]:,} {r}" for r in histograms.shares)
    st.caption(
        f"Pairs of query and image: {counted} ({histograms.queries:,} queries, protocol {view.protocol}"
        + (f"; distances in {len(histograms.at)} equal bins" if histograms.binned else "")
        + "). Overlap: the overlapping coefficient, the sum over distances of the smaller of the two shares (Weitzman "
        "1970): 0 where a threshold separates them, 1 where they are alike."
    )


def draw_bits(view: View, statistics: CodeStatistics, bits: int) -> None:
    """Even bits, independent bits, how many codes there are, and the time to fit."""
    info = get_hash(view.setting.hash)
    seconds = fit_seconds(view.bundle, view.setting)
    with st.container(horizontal=True):
        st.metric("Distinct codes", f"{statistics.distinct:,}", help=f"Of {statistics.count:,} codes of the gallery.")
        st.metric(
            "Entropy of the codes", f"{statistics.code_entropy:.2f} bits",
            help=f"Of the codes that occur; at most {statistics.most_entropy:.2f} with so many images.",
        )  # fmt: skip
        st.metric("Entropy a bit, mean", f"{statistics.bit_entropy.mean():.3f}", help="1 where a bit is even.")
        st.metric("Imbalance", f"{statistics.imbalance:.3f}", help="Mean distance of the share of ones from one half.")
        st.metric("Correlation, mean |r|", f"{statistics.mean_correlation:.3f}", help="Over all pairs of bits.")
        st.metric("Training time", "not known" if seconds is None else f"{seconds:.1f} s")
    left, right = st.columns(2)
    with left:
        st.markdown("**Share of ones of each bit**")
        st.plotly_chart(
            balance_figure(statistics, dark_page()), key="methods_balance", width="stretch",
            alt=f"Share of ones of {bits} bits, {statistics.ones.min():.1%} to {statistics.ones.max():.1%}",
        )  # fmt: skip
    with right:
        st.markdown("**Correlation of bits**")
        if bits > 1:
            st.plotly_chart(
                correlation_figure(statistics), key="methods_correlation", width="stretch",
                alt=f"|r| of pairs of bits, mean {statistics.mean_correlation:.3f}",
            )  # fmt: skip
    numbers = " The bits of this method are digits of numbers, not choices of their own."
    kind = "" if info.bits_are_choices else numbers
    st.caption(f"Of the {statistics.count:,} codes of the gallery.{kind} Protocol {view.protocol}.")


@st.cache_data(max_entries=32, show_spinner=False)
def _histograms(_engine: Engine, version: tuple[str, str], setting: Setting) -> DistanceHistograms:
    return distance_histograms(_engine, setting)


@st.cache_data(max_entries=32, show_spinner=False)
def _statistics(_engine: Engine, version: tuple[str, str], setting: Setting) -> CodeStatistics:
    codes = _engine.at(setting).codes
    return code_statistics(codes.gallery.packed, codes.bits)
