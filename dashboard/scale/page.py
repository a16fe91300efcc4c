import time

import numpy as np
import pandas as pd
import streamlit as st

from core.runtime.pinning import alone
from core.runtime.shared_types import named_rows
from core.scale.curves import SMALLEST
from core.scale.findings import Models, middle, model_lines, per_query, sized, works_of
from core.scale.model import fit_models
from core.scale.points import BATCH, QUERY, SHIPPED, read_points
from core.scale.projection import PROJECTED
from dashboard.scale import charts, data
from dashboard.scale import measure_here as scale_here
from dashboard.shared import state, style
from dashboard.shared.downloads import download, request_of

ONE, MANY = "One query, one thread", "In batches, all threads"
GIVEN, HERE = "Shipped", "Measured here"
RAMS = (16, 32, 64, 128, 256, 512)
view = state.current()
dark = style.dark_page()


def choose_points() -> pd.DataFrame | None:
    """Draw what the points come from; the table, None where there is none."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        slot = st.empty()
        pressed = st.button(
            "Measure here", icon=":material/timer:", key="scale_measure",
            help=f"Up to {scale_here.LARGEST:,} images of this bundle's encoder and hash, in memory: half a minute. "
            "Larger ones: python -m core scale.",
        )  # fmt: skip
    if pressed:
        bar = st.progress(0.0, "Timing: nothing else should run on this machine now …")
        with alone():
            time.sleep(0.3)  # the browser has drawn what it got
            st.session_state[scale_here.KEY] = scale_here.measure(view, bar.progress)
        bar.empty()
        st.session_state["scale_points"] = HERE
    offered = ([GIVEN] if SHIPPED.exists() else []) + ([HERE] if scale_here.KEY in st.session_state else [])
    if not offered:
        return None
    chosen = offered[0]
    if len(offered) > 1:
        chosen = slot.segmented_control("Points", offered, default=HERE, required=True, key="scale_points")
    return st.session_state[scale_here.KEY] if chosen == HERE else read_points()


def show_size(table: pd.DataFrame, models: Models, work: str) -> None:
    """Cost as N grows."""
    of, points = middle(table), per_query(table, "n", work)
    counts = np.geomspace(SMALLEST, PROJECTED[-1], 60)
    lines = model_lines(models, work, sized(of, counts, points["side"].unique()))
    st.plotly_chart(
        charts.size_figure(points, lines, counts, dark), key="scale_size", width="stretch",
        alt="; ".join(f"{data.LABELS[row.side]} at {row.n:,}: {row.ms:.3g} ms" for row in named_rows(points)),
    )  # fmt: skip
    st.caption(
        f"Points: measured medians. Lines: the models below, {data.crossing_text(models, work, of)}. "
        "`python -m core scale` keeps the embeddings in a mapped file, of which exact search reads all and hashed "
        "search its shortlists; what does not fit into memory is read from the disk. The codes, and all that is "
        "measured here, are in memory."
    )


def show_growth(table: pd.DataFrame, models: Models) -> None:
    """Cost as bits, multiplier and k grow."""
    places = st.columns(3)
    for place, curve in zip(places, ("bits", "multiplier", "k"), strict=True):
        points = per_query(table, curve, QUERY)
        if points.empty:
            continue
        lines = model_lines(models, QUERY, works_of(points, middle(table)))
        place.plotly_chart(
            charts.growth_figure(points, curve, lines, dark), key=f"scale_{curve}", width="stretch",
            alt="; ".join(f"{data.LABELS[row.side]} at {row.at:g}: {row.ms:.3g} ms" for row in named_rows(points)),
        )  # fmt: skip
    at = int(table.loc[table["curve"] != "n", "n"].max())  # a hash of one length has no curve of bits
    st.caption(
        f"One query on one thread at N = {at:,}; signs and lines as above. Codes are kept in words of 64 bits, "
        "so the scan's cost steps there. "
        "A larger multiplier or k means a longer shortlist, M, to select and to rank again. Over length and multiplier "
        "hashed search is timed alone and finds more in the caches than where exact search takes turns with it."
    )


def show_tables(table: pd.DataFrame, models: Models) -> None:
    """Quality and memory of the batches, the models, the projection."""
    st.subheader("What a batch reaches, and its memory")
    shown = data.quality(table)
    formats = {name: "%.4f" for name in map(str, shown) if "@" in name} | {"Overlap": "%.4f"}
    formats |= {"Batch, s": "%.2f", "Queries a second": "%,.0f", "Peak memory, GB": "%.2f", "N": "%,d"}
    _draw(shown, formats, "scale_quality")
    st.caption(
        f"{int(table['batch'].max()):,} queries on {int(table['threads'].max())} threads. Peak memory: of the whole "
        "process, mapped pages of the gallery's file included. Exact and hashed search with their metrics together: "
        f"{data.evaluations_text(table)}."
    )
    st.subheader("Projection")
    ram = st.select_slider("Memory of a machine for the gallery, GB", RAMS, 64, key="scale_ram")
    formats = dict.fromkeys(("Memory, GB", "One machine, ms", "Shards at once, ms"), "%,.1f")
    formats |= {"N": "%,d", "Queries a second": "%,.1f"}
    _draw(data.projection_table(models, middle(table), ram), formats, "scale_projection")
    st.caption(
        "**A projection, not a measurement**: the models carried on. Times are of one query on one thread; 'one "
        "machine' is as if one held it all, 'shards at once' leaves out the network and the merging of the shards' "
        "answers. Queries a second are of all shards on "
        "batches. Embeddings on disk cost a read for each image of the shortlist, which these times leave out."
    )
    with st.expander("The models"):
        formats = dict.fromkeys(("Residual, %", "Largest, %", "At the largest N, %"), "%.0f")
        _draw(data.model_table(models), formats, "scale_models")
        st.caption(
            "Least squares of the relative residuals, with no part below 0, over the upper two decades of N. Residual: "
            "root mean square of (model − measured) / measured."
        )


def _draw(table: pd.DataFrame, formats: dict[str, str], key: str) -> None:
    config = {name: st.column_config.NumberColumn(format=text) for name, text in formats.items() if name in table}
    st.dataframe(table, hide_index=True, column_config=config, key=key, alt=f"{len(table)} rows")


st.caption(
    "What exact and hashed search cost over galleries far larger than the data set, and where hashing begins to pay."
)
with state.section():
    found = choose_points()
    if found is None:
        st.info("No points have been measured yet: `python -m core scale --dir DIR --out scale.csv`.")
    else:
        models = fit_models(found)
        if not found["equal"].all():
            st.error("A side did not give the plain search's result: its time says nothing.", icon=":material/error:")
        st.markdown(data.verdict(found))
        st.caption(data.facts(found))
        st.subheader("Cost as the gallery grows")
        chosen = st.segmented_control("Work", [ONE, MANY], default=ONE, required=True, key="scale_work",
                                      label_visibility="collapsed")  # fmt: skip
        show_size(found, models, QUERY if chosen == ONE else BATCH)
        st.subheader("Cost as bits, multiplier and k grow")
        show_growth(found, models)
        show_tables(found, models)
        st.caption(data.how_made(found))
        note = "Every point, with the columns of `python -m core scale --out`."
        if found is st.session_state.get(scale_here.KEY):
            note += " These are of this session: the command gives those that ship."
        download("scale", request_of(view), found, "scale_csv", note=note)
