from typing import Any

import pandas as pd
import streamlit as st

from core.codes.codes import usable_hashes
from core.codes.distances import distance_of
from core.hashing.registry import get_hash
from core.metrics.registry import get_metric
from core.reports.curve_lines import MORE_METRICS
from core.reports.difference_table import paired_table
from core.reports.figures import curves
from core.reports.figures.style import CONTROL_LOOKS
from core.reports.pins import MOST, Pin
from core.runtime.shared_types import named_rows
from dashboard.curves import class_losses as curves_classes
from dashboard.curves import literature as curves_literature
from dashboard.curves import other_bundles as curves_bundles
from dashboard.curves import pins, series
from dashboard.curves import table as curves_csv
from dashboard.curves.other_bundles import Beside
from dashboard.curves.series import Series
from dashboard.shared import state, style
from dashboard.shared.downloads import request_of

INTERVAL = "95 % interval"
view = state.current()
bundle, setting, k = view.bundle, view.setting, view.k
dark = style.dark_page()


def options() -> tuple[bool, list[Series], list[Beside], dict[str, Any]]:
    """Draw the controls of the page; whether k is logarithmic, the series that are drawn, other bundles, and what is
    chosen as `Request` has it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        axis = st.segmented_control(
            "k axis", ["linear", "log"], default="linear", required=True, key="curves_axis", bind="query-params"
        )
        names = [name for name in CONTROL_LOOKS if name in usable_hashes(bundle, setting.encoder)]
        controls = st.multiselect(
            "Controls",
            [name for name in names if name != setting.hash],
            key="curves_controls",
            bind="query-params",
            placeholder="None drawn",
            help="Yardsticks beside any hash. " + " ".join(f"{get_hash(name).description}" for name in names),
            width=320,
        )
        tied = distance_of(setting.hash).whole
        expected = st.toggle(
            "Ties averaged",
            key="curves_ties",
            bind="query-params",
            disabled=not tied,
            help="Hamming search's mAP, in expectation over a random order inside each distance, as a line of its own. "
            "Not for codes whose distances are no whole numbers: they hardly tie.",
        )
        possible = series.allows_asymmetric(view)
        asymmetric = st.toggle(
            "Asymmetric search",
            key="curves_asymmetric",
            bind="query-params",
            disabled=not possible,
            help="Ranks codes by the query's real values, not cut to bits. Not for codes without such values.",
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        besides = curves_bundles.choose(view)
        kept, notes = pins.current(bundle)
        pin_buttons(kept)
    for note in notes:
        st.warning(note, icon=":material/link:")
    pinned = series.of_pins(view, kept)
    drawn = series.of_setting(view, asymmetric and possible, expected and tied)
    others = curves_bundles.series_of(besides)
    chosen = {
        "pins": tuple(pin.text(bundle) for pin in kept),
        "beside": tuple(f"{each.name}={each.view.bundle.path}" for each in besides),
        "controls": tuple(controls),
        "ties": expected and tied,
        "asymmetric": asymmetric and possible,
    }
    return axis == "log", [*drawn, *series.of_controls(view, controls), *pinned, *others], besides, chosen


def pin_buttons(kept: list[Pin]) -> None:
    """The button that pins the setting, and one for each pin that takes it away."""
    own = Pin.of(setting, bundle)
    st.button(
        "Pin this setting",
        icon=":material/keep:",
        key="curves_pin",
        disabled=own in kept or len(kept) == MOST,
        on_click=pins.add,
        args=(own,),
        help=f"Keeps the hashed curve of {own.label(bundle)} while another setting is tried: up to {MOST}. "
        "The link of this page holds them.",
    )
    for place, pin in enumerate(kept):
        label = pin.label(bundle)
        key = f"curves_unpin_{place}"
        st.button(label, icon=":material/close:", key=key, on_click=pins.remove, args=(pin,), help="Unpin")


def figure(drawn: list[Series], metric: str, logarithmic: bool, key: str) -> None:
    """One metric over k, of every series that has it."""
    title = f"{get_metric(metric).label}@k"
    lines = [
        curves.Line(each.label, each.look, series.curve(view, each, name))
        for each in drawn
        if (name := each.metric(metric))
    ]
    ceiling = series.ceiling(view, drawn[0], metric)
    st.plotly_chart(
        curves.metric_figure(lines, k, title, ceiling, logarithmic, dark),
        key=key,
        width="stretch",
        alt=curves.describe(lines, k, title),
    )


def values_table(drawn: list[Series], metrics: list[str]) -> None:
    """Every series' values at the current k, with bootstrap intervals."""
    rows = []
    for each in drawn:
        row: dict[str, object] = {"Search": each.label}
        for metric in metrics:
            name, title = each.metric(metric), f"{get_metric(metric).label}@{k}"
            if name is None or (each.own_view is not None and each.own_view.k != k):  # a smaller gallery
                row |= {title: None, f"{title}, {INTERVAL}": None}
                continue
            mean, low, high = series.at_k(view, each, name)
            row |= {title: mean, f"{title}, {INTERVAL}": f"{low:.4f} to {high:.4f}"}
        rows.append(row)
    table = pd.DataFrame(rows)
    numbers = {name: st.column_config.NumberColumn(format="%.4f") for name in map(str, table) if name.endswith(f"@{k}")}
    st.dataframe(
        table, height="content", hide_index=True, column_config=numbers, key="curves_values",
        alt=f"Values at k = {k}",
    )  # fmt: skip


def differences_table(drawn: list[Series], metrics: list[str]) -> None:
    """The current setting against each pinned one, paired by query."""
    own = next(each for each in drawn if each.search == "hashed")
    found = paired_table(
        (
            each.label.removeprefix("Pinned: "),
            f"{get_metric(metric).label}@{k}",
            series.difference(view, each, own, metric),
        )
        for each in drawn
        if each.label.startswith("Pinned: ")
        for metric in metrics
    )
    if found.empty:
        return
    rows = [
        {
            "Against": row.against,
            "Metric": row.metric,
            "Difference": row.difference,
            INTERVAL: f"{row.low:+.4f} to {row.high:+.4f}",
            "Win / tie / loss": f"{row.wins:,} / {row.ties:,} / {row.losses:,}",
            "Effect size": row.effect,
            "p": f"{row.p:.4f}" if row.p >= 0.0001 else "< 0.0001",
        }
        for row in named_rows(found)
    ]
    st.subheader("This setting against the pinned ones")
    formats = {"Difference": "%+.4f", "Effect size": "%+.3f"}
    config = {name: st.column_config.NumberColumn(format=text) for name, text in formats.items()}
    table = pd.DataFrame(rows)
    st.dataframe(table, hide_index=True, column_config=config, key="curves_differences", alt="Paired differences")
    st.caption(
        f"Hashed search of this setting less that of the pinned one at k = {k}, on the same queries "
        f"({len(view.task.queries):,}). Interval: percentile bootstrap over queries. Win: queries on which this "
        "setting is better. Effect size: mean difference over its standard deviation (Cohen's d_z). p: two-sided "
        "paired t-test."
    )


own = Pin.of(setting, bundle).label(bundle)
st.caption(
    f"{own} · {len(view.task.queries):,} queries on {view.task.size:,} images · "
    f"{view.judged_by(view.mahp_metric)} Shaded: 95 % normal bands over queries."
)
logarithmic, drawn, besides, chosen = options()
curves_bundles.draw_notes(view, besides)
headline = [view.map_metric, view.mahp_metric]
with state.section(), st.spinner("Searching and judging at every k …", show_time=True):
    # Many lines have a tall legend, which leaves half a page's width too little room.
    places = st.columns(2) if len(drawn) <= 5 else [st.container(), st.container()]
    for place, metric in zip(places, headline, strict=True):
        with place:
            figure(drawn, metric, logarithmic, f"curves_{get_metric(metric).family}")
            st.caption(get_metric(metric).description)
with state.section():
    st.subheader(f"At k = {k}")
    values_table(drawn, headline)
    st.caption("Intervals: percentile bootstrap over queries, 1,000 resamples. " + series.note(view, drawn))
with state.section():
    differences_table(drawn, headline)
with state.section():
    st.subheader("Other metrics")
    other = st.selectbox(
        "Metric",
        MORE_METRICS,
        key="curves_metric",
        bind="query-params",
        width=280,
    )
    with st.spinner("Judging …", show_time=True):
        figure(drawn, other, logarithmic, "curves_other")
    st.caption(f"{get_metric(other).description} {view.judged_by(other)}")
    curves_csv.offer(view, drawn, [*headline, other], request_of(view, metric=other, **chosen))
with state.section():
    curves_classes.draw(view)
with state.section():
    curves_literature.draw(view)
