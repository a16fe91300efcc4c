"""The headline of the overview: one plain sentence on what hashing costs and gains in the current setting."""

from __future__ import annotations

from core.metrics.intervals import Comparison
from core.reports.outcome import Outcome, Score, meaning, pace, quality

MINUS = "−"
MEANINGS = {
    "free-speed": "the speed is free",
    "wins": "it wins on both counts",
    "light-loss": "the loss is slight for that speed",
    "loss": "weigh the loss against the speed",
    "heavy-loss": "the loss is heavy: try more bits or a larger multiplier",
    "better-but-slower": "the better ranking costs time",
    "better-for-free": "it ranks better at no cost",
    "no-difference": "there is nothing to gain or to lose here",
    "exact-wins": "exact search is the better choice here",
}


def verdict(outcome: Outcome) -> str:
    """What the outcome means, as one sentence."""
    shortlist = f"shortlist of all {outcome.shortlist:,}" if outcome.whole else f"shortlist of {outcome.shortlist:,}"
    start = f"Hashed search ({outcome.hash_label}, {outcome.bits} bits, {shortlist}) {_quality_clause(outcome.score)}"
    if outcome.ratio is None:
        return f"{start}."
    return f"{start} and {_speed_clause(outcome.ratio)}; {_meaning(outcome)}."


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
    if score.kept is None:
        return f"has {metric} {score.hashed:.4f} where exact search has 0 ({difference})"
    if found == "worse":
        return f"keeps {percent(score.kept)} of exact {metric} ({difference})"
    return f"beats exact {metric} by {percent(score.kept - 1)} ({difference})"


def _speed_clause(ratio: float) -> str:
    return {
        "faster": f"answers one query {ratio:.1f} times as fast",
        "slower": f"takes {1 / ratio:.1f} times as long for one query",
        "same": "takes about as long for one query",
    }[pace(ratio)]


def _meaning(outcome: Outcome) -> str:
    found, kept = meaning(outcome), outcome.second.kept
    if found == "second-falls" and kept is not None:
        return f"but it keeps only {percent(kept)} of exact {outcome.second.metric}"
    return MEANINGS[str(found)]
