"""Hashed search judged at every k at once, against a shortlist, a re-ranking and loops for each k by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.accumulate import Judgements, accumulate_ranking, accumulate_shortlists, empty
from core.metrics.ideal import ideal_sums
from core.metrics.registry import METRICS
from core.settings import parse_multiplier, shortlist_size
from tests import reference
from tests.core.search.worlds import quick, worlds

PLAIN = {name: metric.compute for name, metric in METRICS.items() if metric.compute}
MULTIPLIERS = ["1", "1.1", "1.25", "2.5", "7", "20", "all"]


class Case:
    """The rankings of a world by plain loops, and its labels."""

    def __init__(self, world, classes, seed):
        rng = np.random.default_rng(seed)
        self.world = world
        upper = np.round(rng.random((classes, classes)), 1) * 0.9
        self.similarity = np.maximum(np.eye(classes), np.maximum(upper, upper.T))
        self.labels = rng.integers(0, classes, len(world.gallery))
        left_out = world.exclude[0] >= 0
        free = rng.integers(0, classes, len(world.queries))
        self.query_labels = self.labels[world.exclude] if left_out else free
        self.counts = np.bincount(self.labels, minlength=classes)
        ways = zip(world.queries, world.query_codes, map(int, world.exclude), strict=True)
        self.exact, self.near = [], []
        for query, code, own in ways:
            self.exact.append(reference.exact_ranking(query, world.gallery, own))
            self.near.append(reference.hamming_ranking(code, world.gallery_codes, own, world.cap))

    def judged(self, ks, multiplier, threads, exact_depth=None):
        world = self.world
        shortlists = [shortlist_size(parse_multiplier(multiplier), k, world.size) for k in ks]
        ideal = ideal_sums(self.similarity, self.counts, ks[-1], bool(world.exclude[0] >= 0))
        judgements = Judgements(self.query_labels, self.labels, self.similarity, ideal)
        near = np.array(self.near, np.int32)[:, : shortlists[-1]].copy()
        sums = empty(np.array(ks), judgements)
        exact = np.array(self.exact, np.int32)[:, :exact_depth].copy()
        accumulate_shortlists(
            world.queries, world.gallery, near, np.array(shortlists), exact, judgements, sums, threads
        )
        return sums, judgements, exact


@quick
@given(worlds(), st.integers(1, 5), st.integers(0, 2**32 - 1), st.sampled_from(MULTIPLIERS), st.data())
def test_equal_the_loops_at_every_k(world, classes, seed, multiplier, data):
    case = Case(world, classes, seed)
    every = list(range(1, world.size + 1))
    to_a_depth = st.integers(1, world.size).map(lambda depth: every[:depth])
    ks = data.draw(st.one_of(to_a_depth, st.sets(st.sampled_from(every), min_size=1).map(sorted)))
    sums, *_ = case.judged(ks, multiplier, world.threads)
    values = {name: compute(sums) for name, compute in PLAIN.items()}
    checked = {ks[0], ks[-1], *ks[:: max(1, len(ks) // 6)]}
    for q, query in enumerate(world.queries[:3]):
        for k in checked:
            ranking = reference.hashed_ranking(query, world.gallery, case.near[q], multiplier, k)
            expected = reference.metrics(
                ranking, k, case.query_labels[q], case.labels, case.similarity, world.exclude[q], case.exact[q]
            )
            for name, found in values.items():
                assert found[q, ks.index(k)] == pytest.approx(expected[name], abs=1e-12), (name, k)


@quick
@given(worlds(), st.integers(0, 2**32 - 1), st.booleans(), st.data())
def test_all_is_the_exact_ranking_to_the_bit(world, seed, sparse, data):
    case, ks = Case(world, 3, seed), list(range(1, world.size + 1))
    ks = sorted(data.draw(st.sets(st.sampled_from(ks), min_size=1))) if sparse else ks
    sums, judgements, exact = case.judged(ks, "all", world.threads)
    direct = empty(np.array(ks), judgements)
    accumulate_ranking(exact, exact, judgements, direct, 1)
    for name, compute in PLAIN.items():
        assert compute(sums) == pytest.approx(compute(direct), abs=1e-12), name
    assert (sums.shared == sums.ks).all()
    for first, second in zip(sums, direct, strict=True):
        assert np.array_equal(first, second)


@quick
@given(worlds(), st.integers(0, 2**32 - 1), st.sampled_from(MULTIPLIERS))
def test_neither_the_other_k_nor_threads_change_a_value(world, seed, multiplier):
    case, ks = Case(world, 3, seed), list(range(1, world.size + 1))
    sums, *_ = case.judged(ks, multiplier, 1)
    again, *_ = case.judged(ks, multiplier, 3)
    for first, second in zip(sums, again, strict=True):
        assert np.array_equal(first, second)
    alone, *_ = case.judged([ks[len(ks) // 2]], multiplier, 2)
    for first, second in zip(sums.pick(columns=slice(len(ks) // 2, len(ks) // 2 + 1)), alone, strict=True):
        assert np.array_equal(first, second)


@pytest.mark.parametrize("depth", [15, 100, 399])
@pytest.mark.parametrize("multiplier", ["1", "1.1", "2.5", "20"])
def test_a_longer_gallery_of_ties_at_every_k(multiplier, depth):
    # 400 items, 30 vectors, 6 codes: both ways of growing a shortlist, many at once and one by one. Well below the
    # gallery's size, items fall off the end of the list that is kept.
    rng = np.random.default_rng(11)
    vectors, codes = rng.normal(size=(30, 5)), rng.integers(0, 256, (6, 2), dtype=np.uint8)
    gallery = vectors[rng.integers(0, 30, 400)].astype(np.float32)
    labels, similarity = rng.integers(0, 4, 400), np.maximum(np.eye(4), 0.3)
    query, own = gallery[7], 7
    exact = reference.exact_ranking(query, gallery, own)
    drawn = codes[rng.integers(0, 6, 400)]
    near = reference.hamming_ranking(drawn[7], drawn, own)
    ks = list(range(1, depth + 1))
    shortlists = np.array([shortlist_size(parse_multiplier(multiplier), k, 399) for k in ks])
    judgements = Judgements(
        labels[[7]], labels, similarity, ideal_sums(similarity, np.bincount(labels, minlength=4), 399, True)
    )
    sums = empty(np.array(ks), judgements)
    args = np.array([near], np.int32)[:, : shortlists[-1]].copy(), shortlists, np.array([exact], np.int32)
    accumulate_shortlists(gallery[[7]], gallery, *args, judgements, sums, 1)
    for k in sorted({1, 2, 3, 9, 10, 11, 50, 99, 250, depth - 1, depth} & set(ks)):
        ranking = reference.hashed_ranking(query, gallery, near, multiplier, k)
        expected = reference.metrics(ranking, k, labels[7], labels, similarity, own, exact)
        for name, compute in PLAIN.items():
            assert compute(sums)[0, k - 1] == pytest.approx(expected[name], abs=1e-12), (name, k)


def hand_sums(exact, near, shortlists, labels):
    """One query of class 0 that leaves nothing out; gallery items have the similarities that `exact` orders."""
    size = len(exact)
    gallery = np.empty((size, 1), np.float32)
    gallery[exact, 0] = np.arange(size, 0, -1)
    ideal = ideal_sums(np.eye(2), np.bincount(labels, minlength=2), len(shortlists), False)
    judgements = Judgements(np.array([0]), labels, np.eye(2), ideal)
    sums = empty(np.arange(1, len(shortlists) + 1), judgements)
    lists = np.array([near], np.int32), np.array(shortlists), np.array([exact], np.int32)
    accumulate_shortlists(np.ones((1, 1), np.float32), gallery, *lists, judgements, sums, 1)
    return sums


def test_shared_items_reach_the_last_k_where_the_shortlist_is_the_gallery_before_it():
    labels = np.array([0, 0, 0, 1, 1, 1])
    sums = hand_sums(list(range(6)), [5, 4, 3, 2, 1, 0], [2, 4, 6, 6, 6, 6], labels)
    assert sums.shared[0].tolist() == [0, 0, 3, 4, 5, 6]
    assert sums.hits[0].tolist() == [0, 1, 3, 3, 3, 3]  # the best of {5, 4}, of {5, 4, 3, 2}, then of all


def test_items_that_come_one_by_one_stand_where_those_that_come_at_once_do():
    # 120 items from the worst to the best: each is inserted at the front, or all are merged; hits are even items.
    labels = np.arange(120) % 2
    one_by_one = hand_sums(list(range(120)), list(range(119, -1, -1)), list(range(1, 121)), labels)
    assert one_by_one.hits[0].tolist() == [k // 2 for k in range(1, 121)]
    at_once = hand_sums(list(range(120)), list(range(119, -1, -1)), [120] * 120, labels)
    assert at_once.hits[0].tolist() == [(k + 1) // 2 for k in range(1, 121)]
    for first, second in zip(
        one_by_one.pick(columns=slice(119, 120)), at_once.pick(columns=slice(119, 120)), strict=True
    ):
        assert np.array_equal(first, second)


@quick
@given(worlds(), st.integers(0, 2**32 - 1), st.sampled_from(MULTIPLIERS), st.data())
def test_the_depth_of_the_exact_ranking_changes_no_value(world, seed, multiplier, data):
    case = Case(world, 3, seed)
    ks = list(range(1, data.draw(st.integers(1, world.size)) + 1))
    shallow, *_ = case.judged(ks, multiplier, 1, exact_depth=data.draw(st.integers(ks[-1], world.size)))
    deep, *_ = case.judged(ks, multiplier, 1)
    for first, second in zip(shallow, deep, strict=True):
        assert np.array_equal(first, second)


@quick
@given(
    st.integers(2, 600), st.integers(0, 2**32 - 1), st.sampled_from([1, 1.1, 2, 6, 40]), st.integers(1, 60), st.data()
)
def test_each_k_is_the_ranking_of_its_own_shortlist_to_the_bit(size, seed, multiplier, longest_step, data):
    # Steps of one k to many, so that items come one by one, by the dozen and all at once; a near ranking from one that
    # has nothing to do with the exact one to one that nearly is it; an exact ranking that is known in part.
    rng = np.random.default_rng(seed)
    ks = np.unique(np.minimum(np.cumsum(rng.integers(1, longest_step + 1, 80)), data.draw(st.integers(1, size))))
    known = data.draw(st.integers(ks[-1], size))
    gallery = rng.integers(-30, 30, (size, 2)).astype(np.float32)
    queries = rng.integers(-3, 3, (3, 2)).astype(np.float32)
    exact = [np.lexsort((np.arange(size), -(gallery.astype(np.float64) @ query))) for query in queries]
    disorder = data.draw(st.sampled_from([0, 20, 10_000]))
    near = [order[np.argsort(np.arange(size) + rng.integers(0, disorder + 1, size), kind="stable")] for order in exact]
    labels, query_labels = rng.integers(0, 3, size), rng.integers(0, 3, 3)
    similarity = np.maximum(np.eye(3), 0.3)
    ideal = ideal_sums(similarity, np.bincount(labels, minlength=3), int(ks[-1]), False)
    judgements = Judgements(query_labels, labels, similarity, ideal)
    shortlists = np.minimum(size, np.ceil(multiplier * ks).astype(np.int64))
    exact, near = np.array(exact, np.int32), np.array(near, np.int32)
    sums, alone = empty(ks, judgements), empty(ks, judgements)
    accumulate_shortlists(
        queries, gallery, near, shortlists, exact[:, :known].copy(), judgements, sums, data.draw(st.integers(1, 3))
    )
    for column, k in enumerate(ks):
        held = [
            order[np.isin(order, items[: shortlists[column]])][:k] for order, items in zip(exact, near, strict=True)
        ]
        one = alone.pick(columns=slice(column, column + 1))
        accumulate_ranking(np.array(held, np.int32), exact, judgements, one, 1)
    for first, second in zip(sums, alone, strict=True):
        assert np.array_equal(first, second)
