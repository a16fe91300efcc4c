from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.accumulate import ROWS, Kept, accumulate_ranking, judge_rankings
from core.metrics.ideal import ideal_rows, ideal_sums
from core.metrics.registry import METRICS
from core.metrics.tables import Judgements
from tests import reference
from tests.core.metrics.hand import LABELS, RANKING, judge
from tests.core.search.worlds import quick

PLAIN = {name: metric.compute for name, metric in METRICS.items() if metric.compute}


def random_judgements(rng, classes, queries, count, depth):
    upper = rng.random((classes, classes)) * 0.9
    similarity = np.maximum(np.eye(classes), np.maximum(upper, upper.T))
    labels = rng.integers(0, classes, count)
    ideal = ideal_sums(similarity, np.bincount(labels, minlength=classes), depth, False)
    return Judgements(rng.integers(0, classes, queries), labels, similarity, ideal)


def test_sums_by_hand():
    sums = judge(RANKING, LABELS, [1, 3, 6])
    assert sums.relevant.tolist() == [5]
    assert sums["hits"].tolist() == [[1, 2, 3]]
    assert sums["ap_sum"][0] == pytest.approx([1, 5 / 3, 13 / 6], abs=1e-15)
    assert sums["ap_per_hit"][0] == pytest.approx([1, 5 / 6, 13 / 18], abs=1e-15)
    assert sums["shared"].tolist() == [[1, 3, 6]]


@quick
@given(st.integers(0, 2**32 - 1), st.integers(2, 25), st.integers(1, 5), st.booleans(), st.data())
def test_rankings_equal_the_loops_at_every_k(seed, count, classes, leave_one_out, data):
    rng = np.random.default_rng(seed)
    upper = np.round(rng.random((classes, classes)), 1) * 0.9
    similarity = np.maximum(np.eye(classes), np.maximum(upper, upper.T))
    labels = rng.integers(0, classes, count)
    queries = rng.integers(0, count, 4) if leave_one_out else np.full(4, -1)
    query_labels = labels[queries] if leave_one_out else rng.integers(0, classes, 4)
    size = count - leave_one_out
    every = np.array([rng.permutation(np.delete(np.arange(count), q if q >= 0 else [])) for q in queries], np.int32)
    exact = np.array([rng.permutation(ranking) for ranking in every], np.int32)
    ks = sorted(data.draw(st.sets(st.integers(1, size), min_size=1)))
    counts = np.bincount(labels, minlength=classes)
    judgements = Judgements(query_labels, labels, similarity, ideal_sums(similarity, counts, ks[-1], leave_one_out))
    sums = judge_rankings(every, exact, judgements, ks, 1)
    for q in range(4):
        for column, k in enumerate(ks):
            expected = reference.metrics(
                every[q].tolist(), k, query_labels[q], labels, similarity, queries[q], exact[q].tolist()
            )
            for name, compute in PLAIN.items():
                assert compute(sums)[q, column] == pytest.approx(expected[name], abs=1e-12), (name, k)


@quick
@given(st.integers(1, 70), st.integers(0, 2**32 - 1), st.data())
def test_no_other_k_changes_a_bit(depth, seed, data):
    """Each k by itself, some and all of them; and whether rankings and ideal sums are deeper than the last k."""
    rng = np.random.default_rng(seed)
    judgements = random_judgements(rng, 3, 3, 80, depth)
    ids, exact = (np.array([rng.permutation(80)[:depth] for _ in range(3)], np.int32) for _ in range(2))
    every = judge_rankings(ids, exact, judgements, np.arange(1, depth + 1), 1)
    some = sorted(data.draw(st.sets(st.integers(1, depth), min_size=1)))
    for ks in (some, some[:1], some[-1:]):
        found = judge_rankings(ids, exact, judgements, ks, 1)
        assert np.array_equal(found.values, every.values[:, :, np.array(ks) - 1])


def test_neither_threads_nor_parts_of_the_queries_change_a_bit():
    rng, count = np.random.default_rng(0), 2 * ROWS + 7
    judgements = random_judgements(rng, 4, count, 50, 20)
    ids, exact = (np.array([rng.permutation(50) for _ in range(count)], np.int32) for _ in range(2))
    ks = np.array([1, 5, 20])
    expected = judge_rankings(ids, exact, judgements, ks, 1).values
    assert not np.isnan(expected).any()
    assert np.array_equal(judge_rankings(ids, exact, judgements, ks, 3).values, expected)
    kept = Kept(ks, judgements.relevant)
    for part in (slice(ROWS + 3, count), slice(0, ROWS + 3)):  # the first of each has a place of its own
        accumulate_ranking(ids[part], exact[part], judgements[part], kept, 2, part.start)
    assert np.array_equal(kept.sums.values, expected)


def test_blocks_go_to_whoever_takes_them_with_the_place_of_their_first_query():
    class Listener:
        ks = np.array([1, 2])
        heard = ()

        def take(self, first, sums):
            self.heard += ((first, sums.shape),)

    rng, listener = np.random.default_rng(1), Listener()
    judgements = random_judgements(rng, 2, ROWS + 5, 9, 2)
    ids = np.array([rng.permutation(9) for _ in range(ROWS + 5)], np.int32)
    accumulate_ranking(ids, ids, judgements, listener, 1, 3 * ROWS)
    assert listener.heard == ((3 * ROWS, (ROWS, 9, 2)), (4 * ROWS, (5, 9, 2)))


def test_queries_of_one_class_may_have_rows_of_their_own():
    """Both rankings are class 0, then class 1; the first query's class has one item to find, the second's two."""
    ideal = ideal_rows(np.eye(2), np.array([2, 1]), 2, np.array([0, 0]), np.array([0, 1]))
    judgements = Judgements(np.array([0, 0]), np.array([0, 1, 0]), np.eye(2), ideal, np.array([0, 1]))
    ids = np.array([[0, 1], [0, 1]], np.int32)
    sums = judge_rankings(ids, ids, judgements, [1, 2], 1)
    assert sums.relevant.tolist() == [1, 2]
    assert sums["hp"].tolist() == [[1, 1], [1, 0.5]]
    later = judge_rankings(ids[1:], ids[1:], judgements[1:], [2], 1)
    assert later.relevant.tolist() == [2]
    assert later["hp"].tolist() == [[0.5]]
