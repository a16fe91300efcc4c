"""What hashing costs and buys at one setting: quality against exact search, speed, memory, and what follows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.bundle.bundle import Bundle
from core.engine.task import RetrievalTask
from core.hashing.registry import get_hash
from core.metrics.intervals import Comparison
from core.reports.overview import Row
from core.settings import Setting

SAME_SPEED = 1.1  # times within this factor of each other count as equal: timings waver by as much
LIGHT_LOSS, HEAVY_LOSS = 0.01, 0.05  # shares of exact search's score

Quality = Literal["same", "better", "worse"]
Pace = Literal["faster", "slower", "same"]
Meaning = Literal[
    "second-falls", "free-speed", "wins", "light-loss", "loss", "heavy-loss", "better-but-slower", "better-for-free",
    "no-difference", "exact-wins",
]  # fmt: skip


@dataclass(frozen=True)
class Score:
    """One metric by exact and by hashed search, such as mAP@100, and the paired difference of the two."""

    metric: str
    exact: float
    hashed: float
    comparison: Comparison

    @property
    def kept(self) -> float | None:
        """The share of exact search's score that hashed search has; None where exact search has 0."""
        return self.hashed / self.exact if self.exact else None


@dataclass(frozen=True)
class Outcome:
    """Hashed search against exact search, by the metric of the headline and by a second one that may disagree.
    Times in milliseconds, None until they are measured; `whole`: the shortlist is the whole gallery."""

    hash_label: str
    bits: int
    shortlist: int
    whole: bool
    score: Score
    second: Score
    exact_ms: float | None = None
    hashed_ms: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times as fast as exact search hashed search is; None until both are timed."""
        return None if self.exact_ms is None or self.hashed_ms is None else self.exact_ms / self.hashed_ms

    @property
    def loss(self) -> float:
        """The larger share of exact search's score that is lost, of the two metrics; negative where both gain."""
        return max((1 - kept for each in (self.score, self.second) if (kept := each.kept) is not None), default=0.0)


@dataclass(frozen=True)
class Memory:
    """Bytes per image: the embedding as it is searched and as it is stored, and the packed code."""

    embedding: int
    stored: int
    stored_as: str
    code: int


def outcome_of(
    setting: Setting, k: int, size: int, rows: Sequence[Row], times: Mapping[str, float] | None = None
) -> Outcome:
    """The outcome of a setting on a gallery of `size`: the first row is the headline's metric, the second the other.

    `times` are the medians of `core.timing.search_times`, None until they are measured.
    """
    shortlist = setting.shortlist(k, size)
    first, second = (Score(row.label, row.exact, row.hashed, row.hashed_difference) for row in rows[:2])
    label, times = get_hash(setting.hash).label, times or {}
    return Outcome(
        label, setting.bits, shortlist, shortlist == size, first, second, times.get("exact"), times.get("hashed")
    )


def memory_of(bundle: Bundle, setting: Setting, task: RetrievalTask) -> Memory:
    """What an image of the gallery takes; embeddings are searched as float32."""
    info = bundle.encoder_info(setting.encoder)
    stored_as, dimensions = info["embeddings"][task.protocol.gallery_split]["dtype"], info["dimensions"]
    stored = dimensions * int(stored_as.removeprefix("float")) // 8
    return Memory(4 * dimensions, stored, stored_as, math.ceil(setting.bits / 8))


def quality(comparison: Comparison) -> Quality:
    """`same` where the 95 % interval of the difference holds 0, else `better` or `worse`."""
    if comparison.low <= 0 <= comparison.high:
        return "same"
    return "better" if comparison.difference > 0 else "worse"


def pace(ratio: float) -> Pace:
    """How hashed search stands to exact search, of how many times as fast it is."""
    if 1 / SAME_SPEED < ratio < SAME_SPEED:
        return "same"
    return "faster" if ratio > 1 else "slower"


def meaning(outcome: Outcome) -> Meaning | None:
    """What quality and speed together mean for whoever chooses; None until both searches are timed."""
    if outcome.ratio is None:
        return None
    ranking, speed = quality(outcome.score.comparison), pace(outcome.ratio)
    if ranking != "worse" and quality(outcome.second.comparison) == "worse":
        return "second-falls"
    if speed == "faster":
        gained: dict[Quality, Meaning] = {"same": "free-speed", "better": "wins", "worse": _how_heavy(outcome.loss)}
        return gained[ranking]
    if ranking == "better":
        return "better-but-slower" if speed == "slower" else "better-for-free"
    return "no-difference" if ranking == speed == "same" else "exact-wins"


def _how_heavy(loss: float) -> Meaning:
    if loss < LIGHT_LOSS:
        return "light-loss"
    return "loss" if loss < HEAVY_LOSS else "heavy-loss"
