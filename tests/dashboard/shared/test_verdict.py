from __future__ import annotations

from typing import get_args

import pytest

from core.metrics.intervals import Comparison
from core.reports.outcome import Meaning, Outcome, Score
from dashboard.shared.verdict import MEANINGS, interval, percent, signed, verdict


def score(exact, hashed, half=0.0005, metric="mAP@100"):
    d = hashed - exact
    if d == 0 and half == 0:
        return Score(metric, exact, hashed, Comparison(0.0, 0.0, 0.0, 0, 10, 0, 0.0, 1.0))
    return Score(metric, exact, hashed, Comparison(d, d - half, d + half, 3, 2, 5, -0.1, 0.01))


def outcome(first, second=None, times=(None, None), whole=False):
    second = second or score(first.exact, first.hashed, metric="mAHP@100")
    return Outcome("ITQ", 48, 200, whole, first, second, *times)


WORSE, BETTER, SAME = score(0.7466, 0.7384), score(0.5, 0.506), score(0.7, 0.6999)


def test_worse_and_faster():
    assert verdict(outcome(WORSE, times=(1.22, 0.2))) == (
        "Hashed search (ITQ, 48 bits, shortlist of 200) keeps 98.9 % of exact mAP@100 (−0.0082 [−0.0087, −0.0077]) "
        "and answers one query 6.1 times as fast; weigh the loss against the speed."
    )


@pytest.mark.parametrize(
    ("first", "times", "expected"),
    [
        (score(0.7, 0.698), (2, 1), "the loss is slight for that speed"),
        (score(0.7, 0.3), (2, 1), "the loss is heavy: try more bits or a larger multiplier"),
        (BETTER, (2, 1), "it wins on both counts"),
        (SAME, (2, 1), "the speed is free"),
        (WORSE, (1, 2), "exact search is the better choice here"),
        (WORSE, (1, 1), "exact search is the better choice here"),
        (SAME, (1, 2), "exact search is the better choice here"),
        (SAME, (1, 1.05), "there is nothing to gain or to lose here"),
        (BETTER, (1, 2), "the better ranking costs time"),
        (BETTER, (1, 1), "it ranks better at no cost"),
    ],
)
def test_what_it_means(first, times, expected):
    assert verdict(outcome(first, times=times)).endswith(f"; {expected}.")


def test_quality_in_words():
    assert "beats exact mAP@100 by 1.2 % (+0.0060 [+0.0055, +0.0065])" in verdict(outcome(BETTER))
    assert "cannot be told apart from exact search by mAP@100 (−0.0001 [" in verdict(outcome(SAME))
    equal = verdict(outcome(score(0.7, 0.7, 0), whole=True))
    assert equal == (
        "Hashed search (ITQ, 48 bits, shortlist of all 200) scores what exact search scores on every query "
        "(mAP@100 0.7000)."
    )
    assert "has mAP@100 0.1000 where exact search has 0 (" in verdict(outcome(score(0, 0.1)))


def test_slower_and_equal_speed_in_words():
    assert " and takes 2.5 times as long for one query; " in verdict(outcome(WORSE, times=(1, 2.5)))
    assert " and takes about as long for one query; " in verdict(outcome(WORSE, times=(1, 1.02)))


def test_without_times_it_says_nothing_of_speed():
    text = verdict(outcome(WORSE))
    assert text.endswith("−0.0077]).") and "query" not in text


@pytest.mark.parametrize("first", [BETTER, SAME])
def test_a_second_metric_that_falls_is_not_kept_silent(first):
    fallen = score(0.6353, 0.5309, metric="mAHP@100")
    assert verdict(outcome(first, fallen, (2, 1))).endswith("; but it keeps only 83.6 % of exact mAHP@100.")


def test_the_larger_loss_of_the_two_counts():
    fallen = score(0.6353, 0.5309, metric="mAHP@100")
    assert "the loss is heavy" in verdict(outcome(score(0.7, 0.698), fallen, (2, 1)))


def test_numbers_as_text():
    assert [signed(v) for v in (0.00374, -0.00374, 0.0, -0.00001)] == ["+0.0037", "−0.0037", "0.0000", "0.0000"]
    assert signed(-394, 0) == "−394"
    assert [percent(v) for v in (0.989, 0.99996, 1, 0, 0.0002, 0.9999999)] == [
        "98.9 %", "99.996 %", "100.0 %", "0.0 %", "0.02 %", "100.000 %",
    ]  # fmt: skip
    assert interval(WORSE.comparison) == "−0.0082 [−0.0087, −0.0077]"


def test_every_meaning_has_words():
    assert {*MEANINGS, "second-falls"} == set(get_args(Meaning))
