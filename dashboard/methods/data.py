"""Scores of the Methods page: those that the bundle holds, and those that were computed on demand and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import BadInput
from core.methods.compared import compare_methods, own_measure, score_band, score_key, seed_spread
from core.methods.scores import BEST, EXACT, Measure, best_scores, query_scores
from core.methods.stored_scores import find_scores
from core.runtime.cache import ByteCache
from core.settings import Setting
from dashboard.shared.refusals import worded
from dashboard.shared.state import View

KEPT_BYTES = 120_000_000
_STORED = ByteCache(60_000_000)  # scores that bundles hold
_BANDS = ByteCache(4000)  # so many settings'
_SPREADS = ByteCache(4000)  # likewise


@dataclass(frozen=True)
class Scores:
    """What is known of some settings: values float (Q,) by setting, and the settings that still have to be scored."""

    values: dict[Setting, np.ndarray]
    missing: list[Setting]
    computed: bool = False  # some of them here, and not by the bundle's maker


def known(view: View, settings: Sequence[Setting], measure: Measure) -> Scores:
    """What is there of these settings, without computing anything but the best possible, which takes no search."""
    kept = _kept(*view.version)
    values: dict[Setting, np.ndarray] = {}
    missing: list[Setting] = []
    computed = False
    for setting in settings:
        own = own_measure(setting.hash, measure)
        if setting.hash == BEST:
            found: np.ndarray | None = best_scores(view.engine, setting, own)
        elif score_key(setting, own) in kept:
            computed = True
            found = kept.get(score_key(setting, own), lambda: None, lambda _: 0)
        else:
            found = _stored(view, setting, own)
        if found is None:
            missing.append(setting)
        else:
            values[setting] = found
    return Scores(values, missing, computed)


def _computed(view: View, setting: Setting, measure: Measure) -> np.ndarray:
    return query_scores(view.engine, setting, measure).astype(np.float32)


def compute(view: View, settings: Sequence[Setting], measure: Measure) -> list[str]:
    """Score settings with a progress bar and keep what they have; returns a line for each that cannot be scored."""
    kept, problems = _kept(*view.version), []
    bar = st.progress(0.0, "Scoring …")
    for place, setting in enumerate(settings):
        own = own_measure(setting.hash, measure)
        text = f"Scoring {setting.hash}{'' if setting.hash == EXACT else f', {setting.bits} bits'} …"
        bar.progress(place / len(settings), text)
        try:
            kept.get(
                score_key(setting, own),
                partial(_computed, view, setting, own),
                lambda values: values.nbytes,
            )
        except BadInput as error:
            problems.append(f"{setting.hash}, {setting.bits} bits: {worded(error)}")
    bar.empty()
    return problems


def board(view: View, scores: Scores, reference: str, measure: Measure) -> pd.DataFrame:
    """The leaderboard of what is known, with paired tests against the reference."""
    names = tuple(scores.values)
    return _board(scores, (*view.version, measure.name, names, view.setting.hierarchy), reference)


def seeds_text(view: View, setting: Setting, measure: Measure) -> str:
    """Mean and deviation over the seeds of a method that the bundle has scores of; empty for fewer than two."""
    key = (*view.version, score_key(setting, own_measure(setting.hash, measure)))
    found = _SPREADS.get(key, lambda: seed_spread(view.bundle, setting, measure), lambda _: 1)
    return "" if found is None else f"{found.mean:.4f} ± {found.deviation:.4f} ({found.count})"


def band(view: View, setting: Setting, measure: Measure, scores: Scores) -> tuple[float, float, float]:
    """Mean of a setting that is known, and its 95 % normal band over queries."""
    key = (*view.version, score_key(setting, own_measure(setting.hash, measure)))
    return _BANDS.get(key, lambda: score_band(scores.values[setting]), lambda _: 1)


def _stored(view: View, setting: Setting, measure: Measure) -> np.ndarray | None:
    """What the bundle holds, looked up once: a page asks for some two hundred at every move."""
    return _STORED.get(
        (*view.version, score_key(setting, measure)),
        lambda: find_scores(view.bundle, setting, measure),
        lambda found: 1000 if found is None else found.nbytes,
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _board(_scores: Scores, key: tuple[Any, ...], reference: str) -> pd.DataFrame:
    return compare_methods(_scores.values, reference)


@st.cache_resource(max_entries=4, show_spinner=False)
def _kept(path: str, version: str) -> ByteCache:
    """Scores computed on demand, of one version of a bundle, shared by all sessions."""
    return ByteCache(KEPT_BYTES)
