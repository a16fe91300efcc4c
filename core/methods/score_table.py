"""Scores for a table: those that a bundle holds, the others computed, and their means by method and length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from core.bundle.bundle import Bundle
from core.engine.engine import Engine
from core.errors import BadInput
from core.methods.compared import own_measure, score_band, seed_spread
from core.methods.leaderboard import method_label
from core.methods.scores import BEST, EXACT, Measure, best_scores, query_scores
from core.methods.stored_scores import find_scores, fit_seconds
from core.settings import Setting


def scores_of(
    engine: Engine,
    settings: Sequence[Setting],
    measure: Measure,
    stored_only: bool = False,
    say: Callable[[str], object] | None = None,
) -> dict[Setting, np.ndarray]:
    """Values float (Q,) by setting: those that the bundle holds, the others computed (as float32) or, with
    `stored_only`, left out. A method that cannot be scored here is left out, too, and `say` is told why."""
    found = {}
    for setting in settings:
        try:
            values = _scores(engine, setting, own_measure(setting.hash, measure), stored_only)
        except BadInput as error:
            if say:
                say(f"{method_label(setting.hash)}, {setting.bits} bits, is left out: {error}")
            continue
        if values is not None:
            found[setting] = values
    return found


def _scores(engine: Engine, setting: Setting, measure: Measure, stored_only: bool) -> np.ndarray | None:
    if setting.hash == BEST:
        return best_scores(engine, setting, measure)
    values = find_scores(engine.bundle, setting, measure)
    if values is None and not stored_only:
        values = query_scores(engine, setting, measure).astype(np.float32)
    return values


def length_table(scores: Mapping[Setting, np.ndarray]) -> pd.DataFrame:
    """One row a method and length, in the order of `scores`: method, label, bits (empty for what has no codes), mean
    over queries and its 95 % normal band. `scores` are values float (Q,) by setting."""
    rows = [
        (
            setting.hash,
            method_label(setting.hash),
            None if setting.hash in (EXACT, BEST) else setting.bits,
            *score_band(values),
        )
        for setting, values in scores.items()
    ]
    return pd.DataFrame(rows, columns=["method", "label", "bits", "value", "low", "high"]).astype({"bits": "Int64"})


def detail_table(bundle: Bundle, settings: Sequence[Setting], measure: Measure) -> pd.DataFrame:
    """One row a setting: method, label, bits, seconds to fit, and mean and deviation of the mean score over seeds, of
    which the bundle has `seeds`; empty what is not known, and with fewer than two seeds."""
    rows = []
    for setting in settings:
        coded = setting.hash not in (EXACT, BEST)
        spread = seed_spread(bundle, setting, measure)
        of_seeds = (None, None, None) if spread is None else (spread.mean, spread.deviation, spread.count)
        seconds = fit_seconds(bundle, setting) if setting.hash != BEST else None
        label, bits = method_label(setting.hash), setting.bits if coded else None
        rows.append((setting.hash, label, bits, seconds, *of_seeds))
    columns = ["method", "label", "bits", "fit_seconds", "seed_mean", "seed_deviation", "seeds"]
    kinds = {"bits": "Int64", "seeds": "Int64"} | dict.fromkeys(("fit_seconds", "seed_mean", "seed_deviation"), float)
    return pd.DataFrame(rows, columns=columns).astype(kinds)
