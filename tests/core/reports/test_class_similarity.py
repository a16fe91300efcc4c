"""Class similarities of embeddings against loops and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reports.class_similarity import (
    between_classes,
    by_level,
    class_order,
    embedding_similarity,
    image_split,
    pair_table,
    rank_correlation,
    rank_shares,
)

TREE = np.array([[1, 0.5, 0, 0], [0.5, 1, 0, 0], [0, 0, 1, 0.5], [0, 0, 0.5, 1]])


def symmetric(values, size=4, diagonal=1.0):
    matrix = np.eye(size) * diagonal
    matrix[np.triu_indices(size, 1)] = values
    return matrix + matrix.T - np.diag(matrix.diagonal())


def test_by_hand():
    # class 0: two images at right angles; class 1: one image like the first; class 2: none
    embeddings = np.array([[1, 0], [0, 1], [1, 0]], np.float32)
    found = embedding_similarity(embeddings, np.array([0, 0, 1]), 3)
    assert found[0, 0] == 0.0  # the two images of class 0, each with the other alone
    assert found[0, 1] == found[1, 0] == 0.5
    assert np.isnan(found[1, 1])  # one image has no other of its class
    assert np.isnan(found[2]).all()


@given(st.integers(0, 10_000))
def test_equals_a_loop_over_all_pairs(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, 15)
    x = rng.normal(size=(15, 3))
    found = embedding_similarity(x, labels, 4)
    for a in range(4):
        for b in range(4):
            pairs = [x[i] @ x[j] for i in range(15) for j in range(15) if i != j and (labels[i], labels[j]) == (a, b)]
            expected = np.mean(pairs) if pairs else np.nan
            assert found[a, b] == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_pairs_of_different_classes_are_taken_once():
    assert between_classes(np.arange(9).reshape(3, 3)).tolist() == [1, 2, 5]


def test_rank_correlation_by_hand():
    # pairs 01 02 03 12 13 23: ranks of the tree 5.5 2.5 2.5 2.5 2.5 5.5, of these 6 1 2 3 4 5
    found = symmetric([0.9, 0.1, 0.2, 0.3, 0.4, 0.5])
    one, other = np.array([6, 1, 2, 3, 4, 5]), np.array([5.5, 2.5, 2.5, 2.5, 2.5, 5.5])
    assert rank_correlation(found, TREE) == pytest.approx(np.corrcoef(one, other)[0, 1])
    assert rank_correlation(TREE, TREE) == pytest.approx(1.0)
    assert rank_correlation(-TREE, TREE) == pytest.approx(-1.0)
    # what stands on the diagonal plays no part, nor does a scale that keeps the order
    changed = np.exp(found)
    np.fill_diagonal(changed, -7)
    assert rank_correlation(changed, TREE) == pytest.approx(rank_correlation(found, TREE))


def test_no_rank_correlation_where_nothing_differs():
    assert rank_correlation(TREE, np.eye(4)) is None
    assert rank_correlation(TREE[:2, :2], TREE[:2, :2]) is None  # one pair
    unknown = symmetric([0.9, np.nan, np.nan, np.nan, np.nan, 0.5])
    assert rank_correlation(unknown, TREE) is None  # the two known pairs are equal in the tree
    unknown[0, 2] = unknown[2, 0] = 0.1
    assert rank_correlation(unknown, TREE) == pytest.approx(0.8660254)  # ranks 3 1 2 against 2.5 1 2.5


def test_rank_shares():
    shares = rank_shares(TREE)
    assert between_classes(shares).tolist() == pytest.approx([0.9, 0.3, 0.3, 0.3, 0.3, 0.9])  # (5.5 - 1) / 5, 1.5 / 5
    np.testing.assert_array_equal(shares, shares.T)
    assert np.isnan(shares.diagonal()).all()
    assert np.nanmax(rank_shares(symmetric([1, 2, 3, 4, 5, 6]))) == 1.0
    assert np.isnan(rank_shares(symmetric([0.9, np.nan, 0, 0, 0, 0]))[0, 2])


def test_by_level_by_hand():
    found = symmetric([0.9, 0.1, 0.2, 0.3, 0.4, 0.5], diagonal=0.95)
    levels = by_level(found, TREE)
    assert levels["level"].tolist() == [0.0, 0.5, 1.0]
    assert levels["pairs"].tolist() == [4, 2, 4]
    assert levels["mean"].tolist() == pytest.approx([0.25, 0.7, 0.95])
    assert levels["median"].tolist() == pytest.approx([0.25, 0.7, 0.95])
    assert levels["lower"].tolist() == pytest.approx([0.175, 0.6, 0.95])
    assert levels["low"].iloc[1] == pytest.approx(0.5 + 0.05 * 0.4)


def test_order_and_split_of_a_bundle(tiny_bundle):
    assert image_split(tiny_bundle) == "test"
    order = class_order(tiny_bundle)
    assert sorted(order) == list(range(10))
    assert (np.diff(tiny_bundle.superclass_of[order]) >= 0).all()


def test_pairs_as_a_table():
    similarity = np.array([[0.9, 0.1, 0.5], [0.1, 0.8, 0.3], [0.5, 0.3, 0.7]])
    tree = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.5, 1.0]])
    table = pair_table(similarity, tree, ["a", "b", "c"])
    assert (table["class"] + table["other"]).tolist() == ["aa", "ab", "ac", "bb", "bc", "cc"]
    assert table["similarity"].tolist() == [0.9, 0.1, 0.5, 0.8, 0.3, 0.7]
    assert table["tree"].tolist() == [1.0, 0.0, 0.0, 1.0, 0.5, 1.0]
    assert table["similarity_rank"].tolist()[1:3] == [0.0, 1.0] and np.isnan(table["similarity_rank"][0])
    assert table["tree_rank"].tolist()[1:3] == [0.25, 0.25]  # equal ones share their mean rank
