"""The Export page's table of the source system: its published figures beside ours, and what its code did otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import streamlit as st

from core.engine.engine import Engine
from core.errors import BadInput
from core.exports.of_studies import usual_encoders
from core.settings import Setting
from core.studies.original_system.published import DIFFERENCES, REPORT, REPOSITORY
from core.studies.original_system.table import check_bundle, fitting_ks, own_rows, published_rows, source_settings
from core.studies.original_system.text import DIFFERENCES_TITLE
from dashboard.shared import latency
from dashboard.shared.downloads import request_of
from dashboard.shared.refusals import worded
from dashboard.shared.state import View

NAME = "source system"


def draw(view: View, offer: Callable[..., None]) -> None:
    """The table by `offer`, with its notes and the command that prints it; one line where the data is other data."""
    try:
        check_bundle(view.bundle)
    except BadInput as error:
        line = worded(error)
        st.info(f"{line[:1].upper()}{line[1:]}.", icon=":material/info:")
        return
    settings = {setting.encoder: setting for setting in source_settings(view.bundle)}
    chosen = st.multiselect(
        "Encoders",
        list(settings),
        usual_encoders(request_of(view)),
        key="export_source_encoders",
        help="Each takes some seconds: its codes are those of its own layer where it has one, else random hyperplanes.",
    )
    frames = [published_rows()]
    for name in chosen:
        setting = settings[name]
        depth = fitting_ks(view.engine, setting)[-1]
        times = latency.query_times(replace(view, setting=setting, k=depth))
        frames.append(_own_rows(*view.version, setting, times, view.engine))
    request = request_of(view, encoders=tuple(chosen))
    offer(view, "original-system", request, pd.concat(frames, ignore_index=True), key=NAME)
    st.caption(
        "The rows of `test-vs-test` have the same embeddings and codes without the query in the gallery and with the "
        "divisor min(R, k): the difference is what the protocol alone was worth. A shortlist 'for all k' is one list, "
        f"cut at each k, as the source system reads its figures. {latency.how_measured()} Published figures: README "
        f"and report ({REPORT}) of [the source system]({REPOSITORY})."
    )
    st.markdown("\n".join([f"**{DIFFERENCES_TITLE}**", "", *(f"- {line}" for line in DIFFERENCES)]))
    only = f" --encoder {chosen[0]}" if len(chosen) == 1 else ""
    # The table has a setting of its own: of the sidebar's only the bundle counts.
    command = view.command("source-table").partition(" --encoder ")[0]
    st.caption("And this prints the table with its notes, of all encoders unless one is named, and writes it:")
    st.code(f"{command}{only} --out source.csv", "bash", wrap_lines=True)


@st.cache_data(max_entries=16, show_spinner="Judging every query by both protocols …")
def _own_rows(path: str, version: str, setting: Setting, times: dict[str, float], _engine: Engine) -> pd.DataFrame:
    return own_rows(_engine, setting, times)
