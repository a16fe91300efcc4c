"""Scores of the Methods page: those that the bundle holds, and those that were computed on demand and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import BadInput
from core.hashing.info import LEARNED_BITS
from core.methods.leaderboard import Scored, leaderboard
from core.methods.scores import (
    BEST,
    EXACT,
    Measure,
    best_scores,
    compared_methods,
    has_measure,
    method_lengths,
    nearest_length,
    query_scores,
)
from core.methods.stored_scores import find_scores, stored_seeds
from core.metrics.bands import normal_band
from core.metrics.registry import get_metric
from core.runtime.cache import ByteCache
from core.settings import Setting
from dashboard.shared.refusals import worded
from dashboard.shared.state import View

KEPT_BYTES = 120_000_000
_STORED = ByteCache(60_000_000)  # scores that bundles hold
_BANDS = ByteCache(4000)  # so many settings'


@dataclass(frozen=True)
class Scores:
    """What is known of some settings: values float (Q,) by setting, and the settings that still have to be scored."""

    values: dict[Setting, np.ndarray]
    missing: list[Setting]


def settings_at(view: View, measure: Measure) -> list[Setting]:
    """One setting a method that the measure fits, at its length nearest to the sidebar's; yardsticks always."""
    chosen = []
    for name in compared_methods(view.engine, view.setting.encoder):
        if has_measure(name, own_measure(name, measure)):
            bits = nearest_length(view.engine, view.setting.encoder, name, view.setting.bits)
            chosen.append(_setting(view, name, bits, measure))
    return chosen


def settings_of_grid(view: View, measure: Measure) -> list[Setting]:
    """Every method at every length it is compared at, the yardsticks among them."""
    encoder, chosen = view.setting.encoder, []
    for name in compared_methods(view.engine, encoder):
        if has_measure(name, own_measure(name, measure)):
            lengths = method_lengths(view.engine, encoder, name, LEARNED_BITS) or [None]
            chosen += [_setting(view, name, bits, measure) for bits in lengths]
    return chosen


def own_measure(name: str, measure: Measure) -> Measure:
    """The measure that a method is judged by: raw similarity by exact search, codes of controls by Hamming search
    where they have no real values."""
    if name in (EXACT, BEST):
        return measure.base
    if not has_measure(name, measure) and name in ("random-codes", "predicted-class"):
        return replace(measure, search="hamming")
    return measure


def known(view: View, settings: Sequence[Setting], measure: Measure) -> Scores:
    """What is there of these settings, without computing anything but the best possible, which takes no search."""
    kept, values, missing = _kept(*view.version), {}, []
    for setting in settings:
        own = own_measure(setting.hash, measure)
        if setting.hash == BEST:
            found = best_scores(view.engine, setting, own)
        elif _key(setting, own) in kept:
            found = kept.get(_key(setting, own), lambda: None, lambda _: 0)
        else:
            found = _stored(view, setting, own)
        if found is None:
            missing.append(setting)
        else:
            values[setting] = found
    return Scores(values, missing)


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
                _key(setting, own),
                lambda setting=setting, own=own: query_scores(view.engine, setting, own).astype(np.float32),
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


def means(scores: Scores) -> dict[Setting, float]:
    """The mean of each setting that is known."""
    return {setting: float(values.mean()) for setting, values in scores.values.items()}


def seeds_text(view: View, setting: Setting, measure: Measure) -> str:
    """Mean and deviation over the draws of a method that the bundle has scores of; empty for fewer than two."""
    if setting.hash in (EXACT, BEST):
        return ""
    own = own_measure(setting.hash, measure)
    draws = [replace(setting, seed=seed) for seed in stored_seeds(view.bundle, setting)]
    found = [values.mean() for draw in draws if (values := _stored(view, draw, own)) is not None]
    return f"{np.mean(found):.4f} ± {np.std(found, ddof=1):.4f} ({len(found)})" if len(found) > 1 else ""


def band(view: View, setting: Setting, measure: Measure, scores: Scores) -> tuple[float, float, float]:
    """Mean of a setting that is known, and its 95 % normal band over queries."""
    key = (*view.version, _key(setting, own_measure(setting.hash, measure)))

    def make() -> tuple[float, float, float]:
        mean, low, high = normal_band(np.asarray(scores.values[setting], np.float64)[:, None])
        return float(mean[0]), float(low[0]), float(high[0])

    return _BANDS.get(key, make, lambda _: 1)


def _stored(view: View, setting: Setting, measure: Measure) -> np.ndarray | None:
    """What the bundle holds, looked up once: a page asks for some two hundred at every move."""
    return _STORED.get(
        (*view.version, _key(setting, measure)),
        lambda: find_scores(view.bundle, setting, measure),
        lambda found: 1000 if found is None else found.nbytes,
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _board(_scores: Scores, key: tuple, reference: str) -> pd.DataFrame:
    scored = [
        Scored(setting.hash, None if setting.hash in (EXACT, BEST) else setting.bits, np.asarray(values, np.float64))
        for setting, values in _scores.values.items()
    ]
    return leaderboard(scored, reference)


@st.cache_resource(max_entries=4, show_spinner=False)
def _kept(path: str, version: str) -> ByteCache:
    """Scores computed on demand, of one version of a bundle, shared by all sessions."""
    return ByteCache(KEPT_BYTES)


def _setting(view: View, name: str, bits: int | None, measure: Measure) -> Setting:
    """The sidebar's setting with another method, without what the measure does not depend on."""
    multiplier = view.setting.multiplier if measure.search == "hashed" and name not in (EXACT, BEST) else "1"
    return replace(view.setting, hash=name, bits=bits or view.setting.bits, multiplier=multiplier)


def _key(setting: Setting, measure: Measure) -> tuple:
    bits = 0 if setting.hash == EXACT else setting.bits
    tree = setting.hierarchy if get_metric(measure.metric).hierarchical else ""
    return measure.name, replace(setting, bits=bits, hierarchy=tree)
