"""A sum by a function of the ranking: by hand, and equal to the compiled loops where both keep the same sum."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics import accumulate, own_sums
from core.metrics.accumulate import Kept, accumulate_ranking, accumulate_shortlists
from core.metrics.ideal import ideal_sums
from core.metrics.judged_ranks import JudgedRanks
from core.metrics.tables import Judgements
from tests.core.metrics.hand import LABELS, RANKING, SIMILARITY


def hits(ranked: JudgedRanks) -> np.ndarray:
    return np.cumsum(ranked.relevant, axis=1)[:, ranked.ks - 1]


def hp(ranked: JudgedRanks) -> np.ndarray:
    return (np.cumsum(ranked.similarity, axis=1) / ranked.best)[:, ranked.ks - 1]


def first_hit(ranked: JudgedRanks) -> np.ndarray:
    inverse = ranked.relevant / np.arange(1, ranked.ks[-1] + 1)
    return np.maximum.accumulate(inverse, axis=1)[:, ranked.ks - 1]


def judged_by(query_labels, labels, similarity, depth):
    counts = np.bincount(labels, minlength=len(similarity))
    return Judgements(
        np.asarray(query_labels), np.asarray(labels), similarity, ideal_sums(similarity, counts, depth, False)
    )


def test_reciprocal_rank_by_hand():
    """Relevance 1,0,1,0,0,1 to class 0, and 0,1,0,1,1,0 to class 1; no item is of class 2."""
    judgements = judged_by([0, 1, 2], LABELS, np.eye(3), 6)
    ids = np.tile(np.array(RANKING, np.int32), (3, 1))
    found = own_sums.sums_of_ranking(first_hit, ids, judgements, np.array([1, 3, 6]))
    assert found.tolist() == [[1, 1, 1], [0, 0.5, 0.5], [0, 0, 0]]


def test_a_query_without_relevant_items_counts_0_whatever_the_function_says():
    judgements = judged_by([2, 0], [0, 1, 0], SIMILARITY, 2)
    ids = np.array([[0, 1], [1, 2]], np.int32)
    found = own_sums.sums_of_ranking(lambda ranked: np.ones((len(ranked.total), 2)), ids, judgements, np.array([1, 2]))
    assert found.tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize("cells", [1, 40, 10**6])  # one query at a time, a few, all
def test_both_ways_keep_the_same_sums_in_every_search(monkeypatch, cells):
    monkeypatch.setattr(own_sums, "_CELLS", cells)
    monkeypatch.setattr(accumulate, "OWN", {"own hits": hits, "own hp": hp})
    monkeypatch.setattr("core.metrics.sums.SUMS", (*accumulate.KEPT, "own hits", "own hp"))
    monkeypatch.setattr(accumulate, "SUMS", (*accumulate.KEPT, "own hits", "own hp"))
    rng = np.random.default_rng(0)
    gallery, queries = (rng.integers(-3, 4, (count, 4)).astype(np.float32) for count in (60, 9))  # many equal
    judgements = judged_by(rng.integers(0, 3, 9), rng.integers(0, 3, 60), SIMILARITY, 25)
    ks, shortlists = np.array([1, 2, 7, 25]), np.array([2, 3, 20, 60])
    near = np.stack([rng.permutation(60) for _ in queries]).astype(np.int32)
    exact = np.argsort(-(queries @ gallery.T), axis=1, kind="stable").astype(np.int32)
    plain, listed = Kept(ks, judgements.relevant), Kept(ks, judgements.relevant)
    accumulate_ranking(near, exact, judgements, plain, 1)
    accumulate_shortlists(queries, gallery, near, shortlists, exact, judgements, listed, 1)
    for sums in (plain.sums, listed.sums):
        assert np.array_equal(sums["own hits"], sums["hits"])
        assert sums["own hp"] == pytest.approx(sums["hp"], abs=1e-14)
    assert np.array_equal(listed.sums["hits"][:, 3], exact_hits(exact, judgements, 25))  # its list is the gallery


def exact_hits(exact, judgements, k):
    return (judgements.gallery_labels[exact[:, :k]] == judgements.query_labels[:, None]).sum(axis=1)
