"""The headline of the overview: one plain sentence on what hashing costs and gains in the current setting."""

from __future__ import annotations

from dataclasses import dataclass

from core.metrics.intervals import Comparison

MINUS = "−"
SAME_SPEED = 1.1  # times within this factor of each other count as equal: timings waver by as much
LIGHT_LOSS, HEAVY_LOSS = 0.01, 0.05  # shares of exact search's score


@dataclass(frozen=True)
class Score:
    """One metric by exact and by hashed search, such as mAP@100, and the paired difference of the two."""

    metric: str
    exact: float
    hashed: float
    comparison: Comparison


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


def verdict(outcome: Outcome) -> str:
    """What the outcome means, as one sentence."""
    shortlist = f"shortlist of all {outcome.shortlist:,}" if outcome.whole else f"shortlist of {outcome.shortlist:,}"
    start = f"Hashed search ({outcome.hash_label}, {outcome.bits} bits, {shortlist}) {_quality_clause(outcome.score)}"
    if outcome.exact_ms is None or outcome.hashed_ms is None:
        return f"{start}."
    pace = speed(outcome.exact_ms, outcome.hashed_ms)
    return f"{start} and {_speed_clause(outcome.exact_ms, outcome.hashed_ms)}; {_meaning(outcome, pace)}."


def quality(comparison: Comparison) -> str:
    """`same` where the 95 % interval of the difference holds 0, else `better` or `worse`."""
    if comparison.low <= 0 <= comparison.high:
        return "same"
    return "better" if comparison.difference > 0 else "worse"


def speed(exact_ms: float, hashed_ms: float) -> str:
    """`faster`, `slower` or `same`, as hashed search stands to exact search."""
    ratio = exact_ms / hashed_ms
    if 1 / SAME_SPEED < ratio < SAME_SPEED:
        return "same"
    return "faster" if ratio > 1 else "slower"


def signed(value: float, digits: int = 4) -> str:
    """A difference with its sign, a true minus; nothing but zeros has none."""
    text = f"{abs(value):.{digits}f}"
    if not float(text):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def interval(comparison: Comparison) -> str:
    """A difference with its 95 % interval: −0.0037 [−0.0045, −0.0029]."""
    low, high = signed(comparison.low), signed(comparison.high)
    return f"{signed(comparison.difference)} [{low}, {high}]"


def percent(share: float) -> str:
    """A share as a percentage, with as many decimals as it takes not to read 100 or 0 where it is neither."""
    for digits in (1, 2, 3):
        text = f"{100 * share:.{digits}f}"
        if share in (0, 1) or float(text) not in (0, 100):
            break
    return f"{text} %"


def _quality_clause(score: Score) -> str:
    comparison, metric = score.comparison, score.metric
    if not comparison.wins and not comparison.losses:
        return f"scores what exact search scores on every query ({metric} {score.exact:.4f})"
    difference = interval(comparison)
    found = quality(comparison)
    if found == "same":
        return f"cannot be told apart from exact search by {metric} ({difference})"
    if found == "worse":
        return f"keeps {percent(score.hashed / score.exact)} of exact {metric} ({difference})"
    if not score.exact:
        return f"has {metric} {score.hashed:.4f} where exact search has 0 ({difference})"
    return f"beats exact {metric} by {percent(score.hashed / score.exact - 1)} ({difference})"


def _speed_clause(exact_ms: float, hashed_ms: float) -> str:
    ratio = exact_ms / hashed_ms
    return {
        "faster": f"answers one query {ratio:.1f} times as fast",
        "slower": f"takes {1 / ratio:.1f} times as long for one query",
        "same": "takes about as long for one query",
    }[speed(exact_ms, hashed_ms)]


def _meaning(outcome: Outcome, pace: str) -> str:
    ranking, second = quality(outcome.score.comparison), outcome.second
    if ranking != "worse" and quality(second.comparison) == "worse":
        return f"but it keeps only {percent(second.hashed / second.exact)} of exact {second.metric}"
    if pace == "faster":
        gained = {"same": "the speed is free", "better": "it wins on both counts", "worse": _loss(outcome)}
        return gained[ranking]
    if ranking == "better":
        return "the better ranking costs time" if pace == "slower" else "it ranks better at no cost"
    if ranking == "same" and pace == "same":
        return "there is nothing to gain or to lose here"
    return "exact search is the better choice here"


def _loss(outcome: Outcome) -> str:
    lost = max(1 - score.hashed / score.exact for score in (outcome.score, outcome.second) if score.exact)
    if lost < LIGHT_LOSS:
        return "the loss is slight for that speed"
    if lost < HEAVY_LOSS:
        return "weigh the loss against the speed"
    return "the loss is heavy: try more bits or a larger multiplier"
