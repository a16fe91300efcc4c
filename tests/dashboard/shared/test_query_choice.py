"""Choosing a query."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.shared import query_choice as choice

LABELS = np.array([1, 0, 1, 2, 1])


def test_members_are_all_or_those_of_a_class():
    assert choice.members(LABELS, None).tolist() == [0, 1, 2, 3, 4]
    assert choice.members(LABELS, 1).tolist() == [0, 2, 4]
    assert choice.members(LABELS, 9).tolist() == []


@pytest.mark.parametrize(("current", "after", "before"), [(0, 2, 4), (1, 2, 0), (2, 4, 0), (3, 4, 2), (4, 0, 2)])
def test_steps_go_round_and_need_not_start_on_a_member(current, after, before):
    places = np.array([0, 2, 4])
    assert choice.following(places, current) == after
    assert choice.preceding(places, current) == before


def test_a_single_query_is_its_own_neighbour():
    assert choice.following(np.array([3]), 3) == choice.preceding(np.array([3]), 3) == 3


def test_a_seed_settles_the_draw():
    places = np.array([5, 7, 11])
    assert choice.drawn(places, 4) == choice.drawn(places, 4)
    assert {choice.drawn(places, seed) for seed in range(30)} == {5, 7, 11}


def test_orders_settle_ties_by_place():
    values = np.array([0.5, 0.1, 0.5, 0.1, 0.9])
    every = np.arange(5)
    assert choice.lowest_first(every, values).tolist() == [1, 3, 0, 2, 4]
    assert choice.largest_first(every, values).tolist() == [4, 0, 2, 1, 3]
    assert choice.lowest_first(np.array([2, 3, 4]), values).tolist() == [3, 2, 4]


def test_a_walk_goes_on_and_another_start_begins_anew():
    order = np.array([4, 1, 3])
    assert choice.onward(order, 1, walking=True) == 2
    assert choice.onward(order, 3, walking=True) == 0
    assert choice.onward(order, 1, walking=False) == 0
    assert choice.onward(order, 2, walking=True) == 0


@pytest.mark.parametrize(
    ("value", "index", "words"),
    [
        (3, 3, None),
        ("3", 3, None),
        ("9", 4, "query 9 is outside 0 to 4: query 4 is shown"),
        (-2, 0, "query -2 is outside 0 to 4: query 0 is shown"),
        ("x", 0, "query 'x' is no whole number from 0 to 4: query 0 is shown"),
        ("1.5", 1, "query '1.5' is no whole number from 0 to 4: query 1 is shown"),
        ("inf", 0, "query 'inf' is no whole number from 0 to 4: query 0 is shown"),
        (
            "[x](//y)",
            0,
            "query with characters that no name has is no whole number from 0 to 4: query 0 is shown",
        ),
        (None, 0, "query 'None' is no whole number from 0 to 4: query 0 is shown"),
    ],
)
def test_an_index_is_checked(value, index, words):
    assert choice.checked(value, 5) == (index, words)


@pytest.mark.parametrize(("value", "expected"), [(5, 5), ("7", 7), (0, 1), (99, 10), (None, 6), ("x", 6)])
def test_a_count_is_clamped(value, expected):
    assert choice.within(value, 1, 10, 6) == expected


def test_a_default_is_clamped_too():
    assert choice.within(None, 1, 4, 20) == 4
