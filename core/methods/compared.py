"""What the comparison of methods consists of: which settings, judged by which measure, and what was found of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.bundle.bundle import Bundle
from core.engine.engine import Engine
from core.engine.whole_gallery import can_judge
from core.hashing.info import LEARNED_BITS
from core.hashing.registry import get_hash
from core.methods.leaderboard import Scored, leaderboard, method_label
from core.methods.scores import (
    BEST,
    EXACT,
    Measure,
    compared_methods,
    has_measure,
    method_lengths,
    nearest_length,
)
from core.methods.significance import holm
from core.methods.stored_scores import find_scores, stored_seeds
from core.metrics.bands import normal_band
from core.metrics.intervals import compare
from core.metrics.registry import get_metric
from core.search.kinds import search_kind
from core.settings import ALL, Setting

OWN_LENGTH = "own length"  # the column of methods that have none of the lengths compared
LARGEST_K = 250  # in place of 'all' where the whole gallery is not judged


@dataclass(frozen=True)
class SeedSpread:
    """Mean and sample standard deviation of a method's mean score over `count` seeds, two or more."""

    mean: float
    deviation: float
    count: int


def fitting_measure(search: str, metric: str, k: int | str, size: int) -> Measure:
    """The measure asked for, at the nearest k where the search, the metric or the gallery of `size` has not that one.

    >>> fitting_measure("hashed", "ap", "all", 10_000).name, fitting_measure("hamming", "ap", 100, 60).name
    ('hashed:ap@250', 'hamming:ap@60')
    """
    if k == ALL and (search_kind(search).shortlisted or not can_judge("hamming", [metric])):
        k = LARGEST_K
    return Measure(search, metric, k if k == ALL else min(int(k), size))


def own_measure(name: str, measure: Measure) -> Measure:
    """The measure that a method is judged by: raw similarity by exact search, codes of controls by Hamming search
    where they have no real values."""
    if name in (EXACT, BEST):
        return measure.base
    if not has_measure(name, measure) and get_hash(name).control:
        return replace(measure, search="hamming")
    return measure


def settings_near(engine: Engine, setting: Setting, measure: Measure) -> list[Setting]:
    """One setting per method that the measure fits, at its length nearest to the setting's; yardsticks always."""
    return [
        _with_method(setting, name, nearest_length(engine, setting.encoder, name, setting.bits), measure)
        for name in _fitting(engine, setting, measure)
    ]


def settings_of_all_lengths(engine: Engine, setting: Setting, measure: Measure) -> list[Setting]:
    """Every method that the measure fits at every length it is compared at, the yardsticks among them."""
    chosen = []
    for name in _fitting(engine, setting, measure):
        lengths: Sequence[int | None] = method_lengths(engine, setting.encoder, name, LEARNED_BITS) or [None]
        chosen += [_with_method(setting, name, bits, measure) for bits in lengths]
    return chosen


def score_key(setting: Setting, measure: Measure) -> tuple[str, Setting]:
    """Equal for two settings whose scores are the same: without what the measure does not depend on."""
    bits = 0 if setting.hash == EXACT else setting.bits
    tree = setting.hierarchy if get_metric(measure.metric).hierarchical else ""
    return measure.name, replace(setting, bits=bits, hierarchy=tree)


def compare_methods(scores: Mapping[Setting, np.ndarray], reference: str) -> pd.DataFrame:
    """The leaderboard of scores float (Q,) by setting, with paired tests against the method `reference`."""
    scored = [
        Scored(setting.hash, None if setting.hash in (EXACT, BEST) else setting.bits, np.asarray(values, np.float64))
        for setting, values in scores.items()
    ]
    return leaderboard(scored, reference)


def mean_scores(scores: Mapping[Setting, np.ndarray]) -> dict[Setting, float]:
    """The mean over queries of each setting's scores."""
    return {setting: float(values.mean()) for setting, values in scores.items()}


def score_band(values: np.ndarray) -> tuple[float, float, float]:
    """Mean of scores (Q,) and its 95 % normal band: mean, low, high."""
    mean, low, high = normal_band(np.asarray(values, np.float64)[:, None])
    return float(mean[0]), float(low[0]), float(high[0])


def seed_spread(bundle: Bundle, setting: Setting, measure: Measure) -> SeedSpread | None:
    """The spread over the seeds that the bundle holds valid scores of; None for fewer than two."""
    if setting.hash in (EXACT, BEST):
        return None
    own = own_measure(setting.hash, measure)
    draws = (find_scores(bundle, replace(setting, seed=seed), own) for seed in stored_seeds(bundle, setting))
    means = [values.mean() for values in draws if values is not None]
    return SeedSpread(float(np.mean(means)), float(np.std(means, ddof=1)), len(means)) if len(means) > 1 else None


def by_length(means: Mapping[Setting, float]) -> pd.DataFrame:
    """Means by method (rows, the best first) and length (columns); NaN where there is none.

    The best of a method that has none of the lengths compared stands in the column `OWN_LENGTH`.
    """
    columns = [*LEARNED_BITS]
    others = _with_own_lengths(means)
    rows: dict[str, dict[int | str, float]] = {}
    for setting, mean in means.items():
        row = rows.setdefault(method_label(setting.hash), {})
        if setting.bits in columns:
            row[setting.bits] = mean
        elif setting.hash in others:
            row[OWN_LENGTH] = max(row.get(OWN_LENGTH, -1.0), mean)
    table = pd.DataFrame.from_dict(rows, orient="index")
    table = table[[name for name in (*columns, OWN_LENGTH) if name in table]].astype(float)
    return table.loc[table.max(axis=1).sort_values(ascending=False, kind="stable").index]


def own_lengths(means: Mapping[Setting, float]) -> dict[str, list[int]]:
    """The methods that have none of the lengths compared, with those they have, ascending."""
    return {name: sorted(bits) for name, bits in _with_own_lengths(means).items()}


def asymmetric_gains(symmetric: Mapping[Setting, np.ndarray], asymmetric: Mapping[Setting, np.ndarray]) -> pd.DataFrame:
    """One row per setting that has both scores, the largest asymmetric mean first.

    Columns: label, bits, symmetric, asymmetric (means), difference, p (paired t-test over queries, Holm-corrected
    over the rows), gains and loses (whether the difference is significant at 5 %).
    """
    rows = []
    for setting, first in symmetric.items():
        if setting not in asymmetric:
            continue
        first, second = np.asarray(first, np.float64), np.asarray(asymmetric[setting], np.float64)
        found = compare(first, second)
        label = method_label(setting.hash)
        rows.append((label, setting.bits, first.mean(), second.mean(), found.difference, found.p_value))
    table = pd.DataFrame(rows, columns=["label", "bits", "symmetric", "asymmetric", "difference", "p"])
    table["p"] = holm(table["p"].to_numpy())
    significant = table["p"] < 0.05
    table = table.assign(gains=significant & (table["difference"] > 0), loses=significant & (table["difference"] < 0))
    return table.sort_values("asymmetric", ascending=False, kind="stable", ignore_index=True)


def _fitting(engine: Engine, setting: Setting, measure: Measure) -> list[str]:
    names = compared_methods(engine, setting.encoder)
    return [name for name in names if has_measure(name, own_measure(name, measure))]


def _with_method(setting: Setting, name: str, bits: int | None, measure: Measure) -> Setting:
    """The setting with another method, without what the measure does not depend on."""
    multiplier = setting.multiplier if search_kind(measure.search).shortlisted and name not in (EXACT, BEST) else "1"
    return replace(setting, hash=name, bits=bits or setting.bits, multiplier=multiplier)


def _with_own_lengths(means: Mapping[Setting, float]) -> dict[str, set[int]]:
    lengths: dict[str, set[int]] = {}
    for setting in means:
        lengths.setdefault(setting.hash, set()).add(setting.bits)
    return {name: bits for name, bits in lengths.items() if not bits & set(LEARNED_BITS)}
