"""Approximate indexes that a session has measured, with the setting that each belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import streamlit as st

from core.engine.task import sample_queries
from core.runtime.pinning import machine
from core.search.engines.backend import EngineBackend
from core.search.engines.engine import ApproximateIndex, Kind, SearchEngine
from core.settings import Setting
from core.studies.approximate.index_text import index_text
from core.studies.approximate.study import BY_CODES, BY_VECTORS, RERANKED, Progress, Study, study
from core.studies.approximate.table import approximate_table
from dashboard.shared import kept_timings
from dashboard.shared.state import View

KEY, TABLE = "approximate_indexes", "approximate_table"
LABELS = {
    "exact": "Exact (this project)",
    "hashed": "Hashed (this project)",
    "hamming": "Hamming (this project)",
    BY_VECTORS: "Approximate, vectors",
    BY_CODES: "Approximate, codes alone",
    RERANKED: "Approximate, codes, re-ranked",
}


@dataclass(frozen=True)
class MeasuredIndex:
    """A study, and what it belongs to; one of vectors does not depend on the hash."""

    depends_on: dict[str, str]
    study: Study
    machine: str
    when: str


def engine_of(view: View) -> SearchEngine | None:
    """The engine outside this process that the view searches by, if it does."""
    backend = view.engine.backend
    return backend.engine if isinstance(backend, EngineBackend) else None


def depends_on(view: View, of: Kind) -> dict[str, str]:
    """What a study depends on: the hierarchy as well, since mAHP is judged by it."""
    backend, known = view.engine.backend, kept_timings.depends_on(view)
    if of == "vectors":
        known = {name: value for name, value in known.items() if name not in ("hash", "bits", "multiplier")}
    return {"engine": backend.name, **known, "hierarchy": view.setting.hierarchy}


def measure(view: View, of: Kind, indexes: Sequence[ApproximateIndex], progress: Progress) -> None:
    """Build and measure indexes that share a build, and keep them in place of earlier ones of the same build."""
    engine = engine_of(view)
    assert engine is not None  # the section is drawn for one alone
    found = study(engine, view.engine.at(view.setting), view.k, of, indexes, progress=progress)
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    new = MeasuredIndex(depends_on(view, of), found, machine(), now)
    kept = [each for each in every() if _identity(each) != _identity(new)]
    st.session_state[KEY] = [*kept, new]


def every() -> list[MeasuredIndex]:
    """All that the session has measured."""
    return st.session_state.get(KEY, [])


def current(view: View) -> list[MeasuredIndex]:
    """Those that belong to the view's setting and engine."""
    if engine_of(view) is None:
        return []
    return [each for each in every() if each.depends_on == depends_on(view, each.study.of)]


def table_of(view: View, kept: Sequence[MeasuredIndex]) -> pd.DataFrame:
    """Their table by the sidebar's definitions, this project's own searches first; made again only when it changes."""
    key = (tuple(map(id, kept)), view.setting, view.map_metric, view.mahp_metric)
    held = st.session_state.get(TABLE)
    if held is None or held[0] != key:
        studies = [each.study for each in kept]
        table = approximate_table(studies, view.engine.at(view.setting), [view.map_metric, view.mahp_metric])
        held = st.session_state[TABLE] = (key, table)
    return held[1]


def points(view: View, metric: str, sample: Setting) -> pd.DataFrame:
    """Columns ms, quality and hover of the current ones: the median of one client, the mean over sampled queries."""
    rows = []
    for kept in current(view):
        for found in kept.study.found:
            values = found.result.at(metric, view.k)
            quality = float(values[sample_queries(len(values), sample.queries, sample.seed)].mean())
            times = found.clients[0]
            label = f"{LABELS[found.search]}: {kept.study.engine} {index_text(found.index)}"
            text = f"{label}<br>{quality:.4f}<br>{times.median_ms:.2f} ms a query, one client"
            rows.append((times.median_ms, quality, text))
    return pd.DataFrame(rows, columns=["ms", "quality", "hover"]).dropna()


def _identity(each: MeasuredIndex) -> tuple[object, ...]:
    first = each.study.found[0].index
    return each.depends_on, each.study.of, first.kind, first.build
