"""The Curves page's last part: the hashing literature's own figures. Nothing is computed while it is closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.engine.engine import Engine
from core.errors import BadInput
from core.metrics.intervals import bootstrap
from core.reports import literature
from core.reports.figures.style import SEARCH_LOOKS
from core.reports.literature import PrecisionRecall, RadiusLookup
from core.settings import Setting
from dashboard.curves import literature_charts as charts
from dashboard.shared.refusals import worded
from dashboard.shared.state import View
from dashboard.shared.style import dark_page

WHOLE = ("exact", "hamming")  # searches that can rank the whole gallery


def draw(view: View) -> None:
    """An expander with look-up within a radius, precision against recall, precision over the number returned."""
    box = st.expander(
        "The hashing literature's own figures",
        icon=":material/menu_book:",
        key="curves_literature",
        on_change="rerun",
        bind="query-params",
    )
    if not box.open:
        return
    with box:
        setting = replace(view.setting, multiplier="1")  # Hamming search does not depend on it
        version = view.version
        radius = {}
        try:
            with st.spinner("Looking up within a radius …", show_time=True):
                found = _lookup(view.engine, version, setting)
            _radius(view, found)
            radius = {"hamming": _by_radius(view.engine, version, setting)}
        except BadInput as error:  # a code without a radius still ranks the whole gallery
            st.info(worded(error), icon=":material/info:")
        _figures(view, radius, _whole(view, (*version, setting)))


def _radius(view: View, found: RadiusLookup) -> None:
    """Figures of look-up within the radius."""
    precision, average = (bootstrap(values) for values in (found.precision, found.average_precision))
    with st.container(horizontal=True):
        st.metric(f"Precision, H ≤ {found.radius}", f"{found.precision.mean():.4f}")
        st.metric(f"mAP, H ≤ {found.radius}", f"{found.average_precision.mean():.4f}")
        st.metric("Images returned, mean", f"{found.returned.mean():,.1f}")
        st.metric("Queries that found nothing", f"{found.nothing_found:.2%}")
    st.caption(
        f"Look-up of all images within Hamming radius {found.radius}. 95 % intervals: precision {_span(precision)}, "
        f"mAP {_span(average)}. A query that finds nothing counts 0; mAP divides by the hits among the images returned "
        f"(Cao et al., CVPR 2018). {view.judged_by('precision')}"
    )


def _span(interval: tuple[np.ndarray, np.ndarray]) -> str:
    return f"{interval[0][0]:.4f} to {interval[1][0]:.4f}"


def _figures(view: View, radius: dict[str, PrecisionRecall], whole: dict[str, PrecisionRecall]) -> None:
    """Precision against recall, and beside it precision over the number returned where it is computed.

    `radius` is empty for codes that have none.
    """
    dark = dark_page()
    if not radius and not whole:
        st.info("The button above ranks the whole gallery for precision against recall and over the number returned.")
        return
    left, right = st.columns(2)
    against = {**whole, **radius}
    with left:
        st.markdown("**Precision against recall**")
        title = "Precision against recall"
        chart = charts.precision_recall_figure(against, dark, radii=bool(radius))
        st.plotly_chart(chart, key="curves_pr", width="stretch", alt=charts.describe(against, title))
        points = (
            "Hamming: look-up within radius 0, 1, .. bits. Exact search, once the whole gallery is ranked: its first n "
            "images." if radius else "The first n images of each ranking."
        )  # fmt: skip
        st.caption(f"{points} {view.judged_by('precision')}")
    with right:
        st.markdown("**Precision over the number returned**")
        if not whole:
            st.info("The button above ranks the whole gallery for this figure, and adds exact search to the other.")
            return
        chart = charts.returned_figure(whole, dark)
        title = "Precision over the number returned"
        st.plotly_chart(chart, key="curves_returned", width="stretch", alt=charts.describe(whole, title))
        st.caption(
            f"The first n of each ranking, to the whole gallery of {view.task.size:,} images. "
            f"{view.judged_by('precision')}"
        )


def _whole(view: View, wanted: tuple[Any, ...]) -> dict[str, PrecisionRecall]:
    """Both searches over the whole gallery once the button was pressed for this setting; empty before."""
    kept, found = st.session_state.get("_curves_whole", (None, {}))
    slot = st.empty()
    pressed = slot.button(
        "Rank the whole gallery",
        icon=":material/play_arrow:",
        key="curves_whole",
        disabled=kept == wanted,
        help=f"Exact and Hamming search of {len(view.task.queries):,} queries over {view.task.size:,} images: some "
        "15 seconds for 10,000 images on two cores, two minutes for 50,000.",
    )
    if pressed:
        st.session_state["_curves_whole"] = (wanted, _rank(view, wanted[-1], slot))
        st.rerun()
    return found if kept == wanted else {}


def _rank(view: View, setting: Setting, slot: DeltaGenerator) -> dict[str, PrecisionRecall]:
    """Rank the whole gallery by each search, with a progress bar in place of the button."""
    found = {}
    for place, search in enumerate(WHOLE):
        text = f"Ranking the whole gallery: {SEARCH_LOOKS[search].label} …"
        bar = slot.progress(place / len(WHOLE), text)

        def advance(share: float, bar: DeltaGenerator = bar, place: int = place, text: str = text) -> None:
            bar.progress((place + share) / len(WHOLE), text)

        found[search] = literature.by_count(view.engine, search, setting, progress=advance)
    return found


@st.cache_data(max_entries=32, show_spinner=False)
def _lookup(_engine: Engine, version: tuple[str, str], setting: Setting) -> RadiusLookup:
    return literature.radius_lookup(_engine, setting)


@st.cache_data(max_entries=32, show_spinner=False)
def _by_radius(_engine: Engine, version: tuple[str, str], setting: Setting) -> PrecisionRecall:
    return literature.by_radius(_engine, setting)
