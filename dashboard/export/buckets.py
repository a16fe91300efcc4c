"""The Export page's study of candidates: cells and hash tables beside exact ranking, and what was published of them."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.hashing.registry import get_hash
from core.runtime.cache import ByteCache
from core.runtime.shared_types import Json
from core.settings import Setting
from core.studies.buckets.lookups import LEARNED, lookups, without_head
from core.studies.buckets.published import DIFFERENCES, PROTOCOL, REPOSITORY
from core.studies.buckets.study import (
    ANSWERED,
    CANDIDATES,
    EXAMINED,
    FIGURES,
    FILLED,
    KEY_COST,
    OURS,
    THEIRS,
    bucket_study,
    study_setting,
)
from core.studies.buckets.text import DIFFERENCES_TITLE, MEANING
from core.tradeoff.grid import SAMPLE
from dashboard.export import bucket_charts as charts
from dashboard.shared import style
from dashboard.shared.downloads import request_of
from dashboard.shared.state import View

NAME = "bucket study"
SAMPLED, EVERY = f"Sample of {SAMPLE:,}", "All"
_SHARES = (ANSWERED, FILLED, EXAMINED)


@st.cache_resource(max_entries=4, show_spinner=False)
def _kept(path: str, version: str) -> ByteCache:
    """Tables of a bundle by their settings, shared by all sessions."""
    return ByteCache(5_000_000)


def draw(view: View, offer: Callable[..., None]) -> None:
    """The study behind a button, then its figure, its table by `offer`, and what was published."""
    setting, kept = _setting(view), _kept(*view.version)
    lacking = without_head(view.bundle, setting.encoder)
    if lacking:
        names = " and ".join(get_hash(name).label for name in lacking)
        st.caption(
            f"Not here: {names}. The bundle holds no trained head of them; `python -m core hash` makes one, and the "
            "command below fits them for itself, which takes minutes."
        )
    slot = st.empty()  # the button goes once there is something to show
    if setting not in kept and not slot.button(
        "Run the study", icon=":material/play_arrow:", key="buckets_run", type="primary"
    ):
        st.info("Nothing is computed yet: a sample takes about a minute, all queries several.", icon=":material/info:")
        _draw_notes(view, setting)
        return
    slot.empty()
    table = kept.get(setting, lambda: _run(view, setting, lacking), _size)
    ours = table[table["origin"] == "here"]
    st.caption(
        f"{view.bundle.dataset} · {setting.encoder} · {setting.protocol} · {ours['queries'].iloc[0]:,} queries · seed "
        f"{setting.seed} · bundle version {view.bundle.version}"
    )
    metric = st.segmented_control(
        "Figure", [*OURS, *THEIRS], default=OURS[0], required=True, key="buckets_metric",
        help="The last three are the published study's definitions, in which emptier buckets can score higher.",
    )  # fmt: skip
    dark = style.dark_page()
    st.plotly_chart(
        charts.scatter(ours, metric, dark), key="buckets_figure", width="stretch", alt=charts.describe(ours, metric)
    )
    st.caption(
        "Left is cheaper. What buckets hold is ranked by exact similarity, so they pass exact ranking only where they "
        "leave out images of other classes. Finding the query's cell or code costs products of its own: hover."
    )
    offer(view, "buckets", request_of(view, setting=setting), table, key=NAME, config=_config())
    _draw_notes(view, setting)


def _setting(view: View) -> Setting:
    """What is studied: the sidebar's encoder, and a protocol and a number of queries of the section's own."""
    bundle, encoder = view.bundle, view.setting.encoder
    usual = study_setting(bundle, encoder).protocol
    protocols = list(bundle.protocols)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        protocol = st.selectbox(
            "Protocol", protocols, protocols.index(usual), key="buckets_protocol", width=240,
            help="The study was of test images that query the training images.",
        )  # fmt: skip
        asked = study_setting(bundle, encoder, protocol)
        count = len(view.engine.at(asked).task.queries)
        chosen = EVERY
        if count > SAMPLE:
            chosen = st.segmented_control(
                "Queries", [SAMPLED, EVERY], default=SAMPLED, required=True, key="buckets_queries"
            )
    return study_setting(bundle, encoder, protocol, queries=None if chosen == EVERY else SAMPLE)


def _run(view: View, setting: Setting, lacking: list[str]) -> pd.DataFrame:
    """Compute, with a bar that says what is being computed."""
    learned = [name for name in LEARNED if name not in lacking]
    bar = st.progress(0.0, "Opening the embeddings …")
    try:
        rows = lookups(view.bundle, setting.encoder, learned=learned)
        return bucket_study(view.engine, setting, rows, lambda share, what: bar.progress(share, f"{what} …"))
    finally:
        bar.empty()


def _size(table: pd.DataFrame) -> int:
    return int(table.memory_usage(deep=True).sum())


def _config() -> Json:
    """How the preview writes numbers; what the caption or the parameters say already is left to the file."""
    config: Json = dict.fromkeys(("encoder", "search", "cells", "pca", "bits", "key bits", "tables", "protocol"))
    config |= {name: st.column_config.NumberColumn(format="%.4f") for name in FIGURES}
    config |= {name: st.column_config.NumberColumn(format="percent") for name in _SHARES}
    return config | {name: st.column_config.NumberColumn(format="%.0f") for name in (CANDIDATES, KEY_COST)}


def _draw_notes(view: View, setting: Setting) -> None:
    """What the columns mean, the published study's own ways, and the command."""
    st.caption(
        f"{MEANING} Published figures: README and notebook outputs of [the study]({REPOSITORY}), on features of a "
        f"ViT-L/32, protocol `{PROTOCOL}`; not to be held against these embeddings, only against its own definitions."
    )
    st.markdown("\n".join([f"**{DIFFERENCES_TITLE}**", "", *(f"- {line}" for line in DIFFERENCES)]))
    only = f" --encoder {setting.encoder} --protocol {setting.protocol}"
    only += f" --queries {setting.queries}" if setting.queries else ""
    st.caption("And this prints the table with its notes, learned methods without a head fitted, and writes it:")
    command = view.command("bucket-study").partition(" --encoder ")[0]
    st.code(f"{command}{only} --out buckets.csv", "bash", wrap_lines=True)
