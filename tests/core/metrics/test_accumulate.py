from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.accumulate import Judgements, accumulate_ranking, empty
from core.metrics.ideal import ideal_rows, ideal_sums
from core.metrics.registry import METRICS
from tests import reference
from tests.core.metrics.hand import LABELS, RANKING, judge
from tests.core.search.worlds import quick

PLAIN = {name: metric.compute for name, metric in METRICS.items() if metric.compute}


def test_sums_by_hand():
    sums = judge(RANKING, LABELS, [1, 3, 6])
    assert sums.relevant.tolist() == [5]
    assert sums.hits.tolist() == [[1, 2, 3]]
    assert sums.ap_sum[0] == pytest.approx([1, 5 / 3, 13 / 6], abs=1e-15)
    assert sums.hp_first.tolist() == [[1, 1, 1]]
    assert sums.shared.tolist() == [[1, 3, 6]]


def test_empty_has_the_shapes_and_types():
    ideal = ideal_sums(np.eye(2), np.array([3, 4]), 5, False)
    judgements = Judgements(np.array([0, 1, 1]), np.array([0, 0, 0, 1, 1, 1, 1]), np.eye(2), ideal)
    sums = empty(np.array([1, 5]), judgements)
    assert sums.relevant.tolist() == [3, 4, 4]
    assert {array.shape for array in sums[2:]} == {(3, 2)}
    assert [array.dtype.name for array in sums] == ["int64", "int64", "int32", *["float64"] * 6, "int32"]


def test_judgements_of_some_queries():
    ideal = ideal_sums(np.eye(2), np.array([1, 1]), 2, False)
    judgements = Judgements(np.array([0, 1, 1]), np.array([0, 1]), np.eye(2), ideal)
    assert judgements[1:].query_labels.tolist() == [1, 1]
    assert judgements[1:].gallery_labels is judgements.gallery_labels


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
    sums = empty(np.array(ks), judgements)
    accumulate_ranking(every, exact, judgements, sums, 1)
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
    """Each k by itself, some and all of them: a k's sums are found in another way where every rank ends a column."""
    rng = np.random.default_rng(seed)
    labels, query_labels = rng.integers(0, 3, 80), rng.integers(0, 3, 3)
    upper = rng.random((3, 3)) * 0.9
    similarity = np.maximum(np.eye(3), np.maximum(upper, upper.T))
    ids, exact = (np.array([rng.permutation(80)[:depth] for _ in range(3)], np.int32) for _ in range(2))

    def judged(ks):
        counts = np.bincount(labels, minlength=3)
        judgements = Judgements(query_labels, labels, similarity, ideal_sums(similarity, counts, ks[-1], False))
        sums = empty(np.array(ks), judgements)
        accumulate_ranking(ids, exact, judgements, sums, 1)
        return sums

    every = judged(range(1, depth + 1))
    some = sorted(data.draw(st.sets(st.integers(1, depth), min_size=1)))
    for ks in (some, some[:1], some[-1:]):
        for found, expected in zip(judged(ks)[2:], every[2:], strict=True):
            assert np.array_equal(found, expected[:, np.array(ks) - 1])


def test_queries_of_one_class_may_have_rows_of_their_own():
    """Both rankings are class 0, then class 1; the first query's class has one item to find, the second's two."""
    ideal = ideal_rows(np.eye(2), np.array([2, 1]), 2, np.array([0, 0]), np.array([0, 1]))
    judgements = Judgements(np.array([0, 0]), np.array([0, 1, 0]), np.eye(2), ideal, np.array([0, 1]))
    sums = empty(np.array([1, 2]), judgements)
    ids = np.array([[0, 1], [0, 1]], np.int32)
    accumulate_ranking(ids, ids, judgements, sums, 1)
    assert sums.relevant.tolist() == [1, 2]
    assert sums.hp.tolist() == [[1, 1], [1, 0.5]]
    later = empty(np.array([2]), judgements[1:])
    accumulate_ranking(ids[1:], ids[1:], judgements[1:], later, 1)
    assert later.relevant.tolist() == [2] and later.hp.tolist() == [[0.5]]
