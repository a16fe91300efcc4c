"""A distance that the method tells, which here is Hamming's, so that the compiled search has to find the same."""

from __future__ import annotations

import numpy as np
import pytest

from core.codes.codes import Codes
from core.codes.hamming import HammingPair
from core.codes.own import OwnPair
from core.hashing.base import HashMethod
from core.hashing.info import HashInfo
from core.hashing.random_hyperplane import RandomHyperplane

INFO = HashInfo("own", "Own", "", "", fit=RandomHyperplane, distance="own")


class CountedBits(RandomHyperplane):
    name = "own"

    def distances(self, query: np.ndarray, codes: np.ndarray) -> np.ndarray:
        return np.unpackbits(codes ^ self.encode(query[None]), axis=1).sum(axis=1)


@pytest.fixture
def world():
    rng = np.random.default_rng(0)
    gallery, queries = (rng.normal(size=(count, 6)).astype(np.float32) for count in (50, 9))
    method = CountedBits(12).fit(gallery)
    codes = [Codes(12, method.encode(rows), None) for rows in (queries, gallery)]
    pairs = [kind.make(INFO, *codes, queries, method) for kind in (OwnPair, HammingPair)]
    return *pairs, np.array([-1, 0, 7, 49, -1, 3, 3, -1, 20])


@pytest.mark.parametrize(("rows", "depth"), [(slice(0, 9), 49), (slice(2, 7), 5), (slice(None), 1)])
@pytest.mark.parametrize("threads", [1, 3])
def test_ranks_by_distance_then_index_without_what_is_left_out(world, rows, depth, threads):
    own, hamming, exclude = world
    found, expected = (pair.rank(rows, depth, exclude[rows], threads) for pair in (own, hamming))
    assert found.ids.dtype == np.int32
    assert np.array_equal(found.ids, expected.ids)
    assert np.array_equal(found.scores, expected.scores)


def test_distances_of_what_is_shown_and_of_other_queries(world):
    own, hamming, _ = world
    ids = np.arange(18).reshape(9, 2)
    assert np.array_equal(own.distances(slice(None), ids), hamming.distances(slice(None), ids))
    again = own.encoded(own.embeddings[4:5], None)
    assert np.array_equal(again.distances(slice(None), ids[4:5]), hamming.distances(slice(4, 5), ids[4:5]))


def test_its_distances_may_be_any_numbers_so_nothing_averages_over_ties(world):
    own, _, exclude = world
    assert not OwnPair.whole
    assert own.levels(np.zeros(9, int), np.zeros(50, int), exclude, 5, 1) is None


def test_a_method_without_a_distance_says_so():
    with pytest.raises(NotImplementedError, match="random-hyperplane has no distance of its own"):
        HashMethod.distances(RandomHyperplane(8), np.zeros(3, np.float32), np.zeros((2, 1), np.uint8))
