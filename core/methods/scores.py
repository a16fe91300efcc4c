"""The scores that methods are compared by: a measure's value of every query, by method, length and protocol.

Ties of whole code distances are averaged over wherever the product has that average (average precision); elsewhere
they are settled by the gallery's order, as in every ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.codes.codes import bits_for, usable_hashes
from core.codes.distances import distance_of
from core.engine.engine import Engine
from core.engine.evaluation import Progress
from core.engine.task import relevant_counts
from core.engine.whole_gallery import can_judge, whole_result
from core.errors import BadInput
from core.hashing.info import LEARNED_BITS
from core.hashing.registry import CONTROLS, get_hash
from core.metrics.registry import METRICS, get_metric
from core.metrics.ties import expected_ap_sum
from core.search.kinds import search_kind
from core.settings import ALL, Setting

EXACT = "exact"  # in place of a hash: the ranking by similarity itself
BEST = "best-possible"  # in place of a hash: a perfect ranking
YARDSTICKS = (*CONTROLS, EXACT, BEST)


@dataclass(frozen=True)
class Measure:
    """A metric of a search at k, a number or 'all', the whole gallery."""

    search: str
    metric: str
    k: int | str

    def __post_init__(self) -> None:
        kind = search_kind(self.search)
        if get_metric(self.metric).hamming_only:
            base = METRICS[self.metric].base
            raise BadInput(f"measure '{self.metric}' is '{base}' with ties averaged: give '{base}', which does it")
        if self.k == ALL and not can_judge("hamming", [self.metric]):
            raise BadInput(f"metric '{self.metric}' is not judged over the whole gallery here: give a number for k")
        if self.k == ALL and kind.shortlisted:
            raise BadInput("k 'all' is not defined for hashed search: give a number, or another search")

    @property
    def name(self) -> str:
        """One word a measure: `hamming:ap_trec@all`."""
        return f"{self.search}:{self.metric}@{self.k}"

    @property
    def label(self) -> str:
        """For headings: `mAP (÷ R)@all`."""
        return f"{METRICS[self.metric].label}@{self.k}"

    @property
    def base(self) -> Measure:
        """The same of exact search, which a method without codes is judged by."""
        return replace(self, search=EXACT)


SHIPPED_MEASURES = (
    Measure("hamming", "ap_trec", ALL),
    Measure("hamming", "ap", 100),
    Measure("hamming", "ahp", 250),
    Measure("asymmetric", "ap_trec", ALL),
)


def has_measure(name: str, measure: Measure) -> bool:
    """Whether a hash can be judged by a measure: asymmetric search takes real values."""
    if name in (EXACT, BEST):
        return True
    return not search_kind(measure.search).of_values or get_hash(name).asymmetric


def resolved(name: str, measure: Measure) -> str:
    """The metric that a hash is judged by: averaged over ties where Hamming search has that average."""
    averaged = f"{measure.metric}_expected"
    tied = search_kind(measure.search).tied and averaged in METRICS and distance_of(name).whole
    return averaged if tied else measure.metric


def query_scores(engine: Engine, setting: Setting, measure: Measure, progress: Progress | None = None) -> np.ndarray:
    """Values float64 (Q,) of a measure; `setting.hash` may be `exact` or `best-possible`.

    Raises BadInput for a hash that cannot be used, or not by this search, and for a k above the gallery.
    """
    at = engine.at(plain_setting(engine, setting))
    size = at.task.size
    k = size if measure.k == ALL else int(measure.k)
    if not 1 <= k <= size:
        raise BadInput(f"k {k} is outside 1 to {size}, the gallery's size")
    if setting.hash == BEST:
        return best_scores(engine, setting, measure)
    if setting.hash == EXACT and measure.k == ALL:
        return whole_result(at, EXACT, progress).at(measure.metric, k)
    if setting.hash == EXACT:
        return engine.result(EXACT, plain_setting(engine, setting), [k], progress=progress).at(measure.metric, k)
    metric = resolved(setting.hash, measure)
    if measure.k == ALL and metric == measure.metric:
        return whole_result(engine.at(setting), measure.search, progress, ties=False).at(metric, k)
    if metric != measure.metric:
        return _averaged(engine, setting, metric, k)
    return engine.result(measure.search, setting, [k], progress=progress).at(metric, k)


def best_scores(engine: Engine, setting: Setting, measure: Measure) -> np.ndarray:
    """What a perfect ranking scores on every query, float64 (Q,); a query with R = 0 scores 0."""
    task = engine.at(plain_setting(engine, setting)).task
    k = task.size if measure.k == ALL else int(measure.k)
    relevant = relevant_counts(task)
    ceiling = get_metric(measure.metric).ceiling
    reach = np.ones(len(relevant)) if ceiling is None else ceiling(relevant, np.array([k]))[:, 0]
    return np.where(relevant > 0, reach, 0.0)


def _averaged(engine: Engine, setting: Setting, metric: str, k: int) -> np.ndarray:
    """Average precision over random order inside ties, from the counts at each distance alone: nothing is ranked."""
    at = engine.at(setting)
    levels, base = at.levels(k), METRICS[metric].base
    assert levels is not None and base is not None  # asked where distances tie, of what averages over them
    every, relevant = levels
    sums = expected_ap_sum(every, relevant, np.array([k]), engine.threads)[:, 0]
    count = relevant_counts(at.task)
    divisor = {"ap": np.minimum(count, k), "ap_trec": count, "ap_source": np.full(len(count), k)}
    return sums / np.maximum(divisor[base], 1)


def plain_setting(engine: Engine, setting: Setting) -> Setting:
    """The setting with a hash that the registry knows: exact search depends on none."""
    return replace(setting, hash=engine.bundle.defaults["hash"]) if setting.hash in (EXACT, BEST) else setting


def compared_methods(engine: Engine, encoder: str) -> list[str]:
    """What is compared on an encoder: every hash it can have, then the yardsticks."""
    names = [name for name in usable_hashes(engine.bundle, encoder) if name not in YARDSTICKS]
    usable = usable_hashes(engine.bundle, encoder)
    return [*names, *(name for name in YARDSTICKS if name in usable or name in (EXACT, BEST))]


def method_lengths(engine: Engine, encoder: str, name: str, wanted: Sequence[int] = LEARNED_BITS) -> list[int]:
    """The lengths that a method is compared at: those wanted that it has, or all it has where it has none of them.

    A code that was trained so that each beginning of it is one (`nested`) is compared at every length it has.
    """
    if name in (EXACT, BEST):
        return []
    offered, info = bits_for(engine.bundle, encoder, name), get_hash(name)
    if info.prefix and info.slow_fit:
        return offered
    return [bits for bits in offered if bits in wanted] or offered


def nearest_length(engine: Engine, encoder: str, name: str, bits: int) -> int | None:
    """The length of a method nearest to `bits`, the shorter of two; None for what has no codes."""
    if name in (EXACT, BEST):
        return None
    return min(bits_for(engine.bundle, encoder, name), key=lambda length: (abs(length - bits), length))
