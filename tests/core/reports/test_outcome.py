from __future__ import annotations

import pytest

from core.engine.engine import Engine
from core.metrics.intervals import Comparison
from core.reports.outcome import Memory, Outcome, Score, meaning, memory_of, outcome_of, pace, quality
from core.reports.overview import Row
from core.settings import Setting

SETTING = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")


def score(exact, hashed, half=0.0005):
    d = hashed - exact
    return Score("mAP@100", exact, hashed, Comparison(d, d - half, d + half, 3, 2, 5, -0.1, 0.01))


def outcome(first, second=None, times=(None, None)):
    return Outcome("ITQ", 48, 200, False, first, second or first, *times)


WORSE, BETTER, SAME = score(0.7466, 0.7384), score(0.5, 0.506), score(0.7, 0.6999)


def test_quality_follows_the_interval_and_speed_has_a_margin():
    assert [quality(each.comparison) for each in (WORSE, BETTER, SAME)] == ["worse", "better", "same"]
    assert [pace(ratio) for ratio in (1 / 1.05, 1.05, 2, 0.5)] == ["same", "same", "faster", "slower"]


def test_shares_and_ratios_by_hand():
    assert score(0.8, 0.6).kept == pytest.approx(0.75)
    assert score(0.0, 0.6).kept is None
    found = outcome(score(0.8, 0.6), score(0.5, 0.45), (3.0, 2.0))
    assert (found.loss, found.ratio) == (pytest.approx(0.25), 1.5)  # the larger loss of the two
    assert outcome(score(0.0, 0.6)).loss == 0
    assert outcome(WORSE, times=(1.0, None)).ratio is None


@pytest.mark.parametrize(
    ("first", "second", "times", "expected"),
    [
        (score(0.7, 0.698), None, (2, 1), "light-loss"),
        (WORSE, None, (2, 1), "loss"),
        (score(0.7, 0.3), None, (2, 1), "heavy-loss"),
        (score(0.7, 0.698), score(0.7, 0.3), (2, 1), "heavy-loss"),
        (BETTER, None, (2, 1), "wins"),
        (SAME, None, (2, 1), "free-speed"),
        (SAME, WORSE, (2, 1), "second-falls"),
        (BETTER, WORSE, (1, 2), "second-falls"),
        (WORSE, None, (1, 2), "exact-wins"),
        (WORSE, None, (1, 1), "exact-wins"),
        (SAME, None, (1, 2), "exact-wins"),
        (SAME, None, (1, 1.05), "no-difference"),
        (BETTER, None, (1, 2), "better-but-slower"),
        (BETTER, None, (1, 1), "better-for-free"),
        (WORSE, None, (None, 1), None),
    ],
)
def test_what_it_means(first, second, times, expected):
    assert meaning(outcome(first, second, times)) == expected


def test_the_outcome_of_a_setting():
    same = Comparison(0.0, 0.0, 0.0, 0, 1, 0, 0.0, 1.0)
    rows = [Row(label, 0.5, 0.4, 0.3, same, same) for label in ("mAP@10", "mAHP@10", "Overlap@10")]
    found = outcome_of(SETTING, 10, 59, rows, {"exact": 2.0, "hashed": 1.0})
    assert (found.shortlist, found.whole, found.ratio) == (20, False, 2.0)
    assert (found.score.metric, found.second.metric) == ("mAP@10", "mAHP@10")
    assert outcome_of(SETTING, 30, 59, rows).whole  # 60 of 59
    assert outcome_of(SETTING, 30, 59, rows).ratio is None


def test_memory_of_an_image(tiny_bundle):
    task = Engine(tiny_bundle, 1).at(SETTING).task
    found = memory_of(tiny_bundle, SETTING, task)
    assert found == Memory(64, 32, "float16", 2)  # 16 dimensions, searched as float32; 16 bits
