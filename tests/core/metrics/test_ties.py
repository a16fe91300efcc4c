from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.ties import expected_ap_sum, relevant_levels
from tests.core.search.worlds import quick, worlds


def expected(levels, relevant, ks):
    arrays = np.array([levels], np.int32), np.array([relevant], np.int32)
    return expected_ap_sum(*arrays, np.array(ks), 1)[0]


def ap_sum(rel, k):
    return sum((Fraction(sum(rel[: i + 1]), i + 1) for i in range(k) if rel[i]), Fraction(0))


def orders(levels, relevant):
    """Every 0/1 ranking that some order inside the blocks gives, each as often as any other."""
    blocks = []
    for n, r in zip(levels, relevant, strict=True):
        blocks.append([[int(i in chosen) for i in range(n)] for chosen in combinations(range(n), r)])
    for parts in product(*blocks):
        yield [value for part in parts for value in part]


def test_one_relevant_among_three_by_hand():
    # It stands at rank 1, 2 or 3: (1 + 1/2 + 1/3) / 3 = 11/18.
    assert expected([3], [1], [1, 2, 3]) == pytest.approx([1 / 3, (1 + 1 / 2) / 3, 11 / 18], abs=1e-15)


def test_two_relevant_among_three_by_hand():
    # 110, 101, 011: S is 2, 1 + 2/3, 1/2 + 2/3; the mean of 2, 5/3, 7/6 is 29/18.
    assert expected([3], [2], [3]) == pytest.approx([29 / 18], abs=1e-15)


def test_a_block_after_others_by_hand():
    # One relevant first, then one relevant among two at ranks 2 and 3: 1 + (2/2 + 2/3) / 2 = 11/6.
    assert expected([1, 2], [1, 1], [1, 3]) == pytest.approx([1, 11 / 6], abs=1e-15)


def test_a_cut_inside_a_block_by_hand():
    # k = 2 of three ties with one relevant, after one irrelevant item: it is at rank 2 in one order of three.
    assert expected([1, 3], [0, 1], [2]) == pytest.approx([1 / 6], abs=1e-15)


def test_the_mean_over_all_permutations_of_one_block():
    rel = [1, 0, 1, 0, 0, 1]
    for k in range(1, 7):
        values = [ap_sum(order, k) for order in permutations(rel)]
        assert expected([6], [3], [k]) == pytest.approx([float(sum(values) / len(values))], abs=1e-14)


@quick
@given(st.lists(st.integers(0, 4).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=4))
def test_the_mean_over_all_orders_inside_any_blocks(blocks):
    levels, relevant = zip(*blocks, strict=True)
    size = sum(levels)
    if not size:
        return
    every = list(orders(levels, relevant))
    ks = list(range(1, size + 1))
    means = [float(sum(ap_sum(order, k) for order in every) / len(every)) for k in ks]
    assert expected(levels, relevant, ks) == pytest.approx(means, abs=1e-12)
    assert expected(levels, relevant, ks[::2]) == pytest.approx(means[::2], abs=1e-12)


def test_without_ties_it_is_the_value_itself():
    rel = [1, 0, 1, 0, 0, 1]
    assert expected([1] * 6, rel, [1, 3, 6]) == pytest.approx([1, 5 / 3, 13 / 6], abs=1e-15)


def test_several_queries_and_threads():
    rng = np.random.default_rng(0)
    levels = rng.integers(1, 5, (300, 9)).astype(np.int32)
    relevant = rng.integers(0, levels + 1).astype(np.int32)
    ks = np.arange(1, 10)
    one = expected_ap_sum(levels, relevant, ks, 1)
    assert np.array_equal(one, expected_ap_sum(levels, relevant, ks, 3))
    assert one[17] == pytest.approx(expected(levels[17], relevant[17], ks), abs=0)


@quick
@given(worlds(), st.integers(1, 5))
def test_relevant_levels_equal_the_loops(world, classes):
    rng = np.random.default_rng(classes)
    labels = rng.integers(0, classes, len(world.gallery))
    query_labels = rng.integers(0, classes + 1, len(world.queries))  # one class may be absent from the gallery
    found = relevant_levels(*world.words, query_labels, labels, world.bits, world.exclude, world.cap, world.threads)
    cap = world.bits if world.cap is None else world.cap
    for q, code in enumerate(world.query_codes):
        distances = [
            min(cap, int(np.unpackbits(code ^ world.gallery_codes[n]).sum()))
            for n in range(len(labels))
            if n != world.exclude[q] and labels[n] == query_labels[q]
        ]
        assert found[q].tolist() == np.bincount(np.array(distances, int), minlength=world.bits + 1).tolist()
