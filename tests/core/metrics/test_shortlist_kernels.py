"""Hashed search judged at every k at once, against a shortlist, a re-ranking and loops for each k by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.accumulate import ROWS, Kept, accumulate_shortlists, judge_rankings
from core.metrics.ideal import ideal_sums
from core.metrics.registry import METRICS
from core.metrics.shortlist_kernels import fill_up, first_columns, insert, last_short, rank_others
from core.metrics.tables import Judgements
from core.settings import parse_multiplier, shortlist_size
from tests import reference
from tests.core.search.worlds import on_grain, quick, worlds

PLAIN = {name: metric.compute for name, metric in METRICS.items() if metric.compute}
MULTIPLIERS = ["1", "1.1", "1.25", "2.5", "7", "20", "all"]


def judge_shortlists(queries, gallery, near, shortlists, exact, judgements, ks, threads=1):
    kept = Kept(np.array(ks), judgements.relevant)
    accumulate_shortlists(queries, gallery, near, np.array(shortlists), exact, judgements, kept, threads)
    return kept.sums


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
        exact = np.array(self.exact, np.int32)[:, :exact_depth].copy()
        sums = judge_shortlists(world.queries, world.gallery, near, shortlists, exact, judgements, ks, threads)
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
    assert (sums["shared"] == sums.ks).all()
    assert np.array_equal(sums.values, judge_rankings(exact, exact, judgements, ks, 1).values)


@quick
@given(worlds(), st.integers(0, 2**32 - 1), st.sampled_from(MULTIPLIERS))
def test_neither_the_other_k_nor_threads_change_a_value(world, seed, multiplier):
    case, ks = Case(world, 3, seed), list(range(1, world.size + 1))
    sums, *_ = case.judged(ks, multiplier, 1)
    again, *_ = case.judged(ks, multiplier, 3)
    assert np.array_equal(sums.values, again.values)
    alone, *_ = case.judged([ks[len(ks) // 2]], multiplier, 2)
    assert np.array_equal(sums.values[:, :, len(ks) // 2, None], alone.values)


@pytest.mark.parametrize("depth", [15, 100, 399])
@pytest.mark.parametrize("multiplier", ["1", "1.1", "2.5", "20"])
def test_a_longer_gallery_of_ties_at_every_k(multiplier, depth):
    # 400 items, 30 vectors, 6 codes. Well below the gallery's size, items fall off the end of the list that is kept.
    rng = np.random.default_rng(11)
    vectors, codes = rng.normal(size=(30, 5)), rng.integers(0, 256, (6, 2), dtype=np.uint8)
    gallery = on_grain(vectors[rng.integers(0, 30, 400)])
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
    args = np.array([near], np.int32)[:, : shortlists[-1]].copy(), shortlists, np.array([exact], np.int32)
    sums = judge_shortlists(gallery[[7]], gallery, *args, judgements, ks)
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
    lists = np.array([near], np.int32), shortlists, np.array([exact], np.int32)
    ks = np.arange(1, len(shortlists) + 1)
    return judge_shortlists(np.ones((1, 1), np.float32), gallery, *lists, judgements, ks)


def test_the_worked_example_of_the_kernel():
    """Shortlists 4 0, 4 0 7 2 and 4 0 7 2 3 9, told by exact ranks: the best are 0, then 0 2, then 0 2 3."""
    labels = np.array(
        [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    )  # items are named by their exact ranks, and the even ones are hits
    sums = hand_sums(list(range(10)), [4, 0, 7, 2, 3, 9], [2, 4, 6], labels)
    assert sums["hits"].tolist() == [[1, 2, 2]]
    assert sums["ap_sum"].tolist() == [[1, 2, 2]]
    assert sums["shared"].tolist() == [[1, 1, 2]]  # with 0, with 0 1, with 0 1 2
    assert sums["hp"][0] == pytest.approx([1, 1, 2 / 3], abs=1e-15)
    assert sums["ahp_sum"][0] == pytest.approx([1, 2, 2 + 2 / 3], abs=1e-15)
    # Only what is odd is a hit: 0, then 0 2, then 0 2 3 with a hit at rank 3.
    odd = hand_sums(list(range(10)), [4, 0, 7, 2, 3, 9], [2, 4, 6], 1 - labels)
    assert odd["hits"].tolist() == [[0, 0, 1]]
    assert odd["ap_sum"][0] == pytest.approx([0, 0, 1 / 3], abs=1e-15)


def test_the_worked_example_with_an_exact_ranking_that_is_known_to_its_third_place():
    gallery = np.arange(10, 0, -1, dtype=np.float32)[:, None]
    ideal = ideal_sums(np.eye(2), np.array([5, 5]), 3, False)
    judgements = Judgements(np.array([0]), np.arange(10) % 2, np.eye(2), ideal)
    args = np.ones((1, 1), np.float32), gallery, np.array([[4, 0, 7, 2, 3, 9]], np.int32), [2, 4, 6]
    sums = judge_shortlists(*args, np.array([[0, 1, 2]], np.int32), judgements, [1, 2, 3])
    assert sums["hits"].tolist() == [[1, 2, 2]]
    assert sums["shared"].tolist() == [[1, 1, 2]]


def test_an_insertion_by_hand():
    best = np.array([2, 5, 8, 9, 77], np.uint32)
    assert insert(np.uint32(6), best, 4) == 2  # into 2 5 8 9, of which 9 goes
    assert best.tolist() == [2, 5, 6, 8, 77]
    assert insert(np.uint32(1), best, 5) == 0  # the fifth place was free
    assert best.tolist() == [1, 2, 5, 6, 8]
    assert insert(np.uint32(0), best, 1) == 0
    assert best.tolist() == [0, 2, 5, 6, 8]


@quick
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_insertions_keep_the_least_in_order(count, room, seed):
    ranks = np.random.default_rng(seed).permutation(count).astype(np.uint32)
    best, held = np.full(room, 99, np.uint32), 0
    for seen, rank in enumerate(ranks, start=1):
        if held < room or rank < best[held - 1]:
            held = min(held + 1, room)
            place = insert(rank, best, held)
            assert best[place] == rank
        assert best[:held].tolist() == sorted(ranks[:seen].tolist())[:room]


def test_filling_up_by_hand():
    present = np.isin(np.arange(10), [0, 2, 3, 7])
    best = np.full(5, 99, np.uint32)
    assert fill_up(best, 0, 2, present) == 2
    assert best.tolist() == [0, 2, 99, 99, 99]
    assert fill_up(best, 2, 2, present) == 2
    assert fill_up(best, 2, 4, present) == 4
    assert best.tolist() == [0, 2, 3, 7, 99]


def test_first_columns_by_hand():
    assert first_columns(np.array([1, 3, 4])).tolist() == [0, 1, 1, 2]
    assert first_columns(np.array([2])).tolist() == [0, 0]


def test_the_last_short_list_by_hand():
    # Of the shortlists of 2, 4 and 6 items 1, 2 and 4 have one of the five known ranks.
    ranks = np.array([5, 0, 5, 2, 3, 4], np.uint32)
    assert last_short(ranks, 5, np.array([2, 4, 6]), np.array([1, 2, 3])) == 0
    assert last_short(ranks, 5, np.array([2, 4, 6]), np.array([1, 3, 4])) == 4
    assert last_short(ranks, 5, np.array([2, 4, 6]), np.array([1, 2, 5])) == 6
    assert last_short(ranks, 5, np.array([2, 4, 6]), np.array([2, 2, 4])) == 2


@quick
@given(st.integers(1, 40), st.integers(0, 2**32 - 1), st.data())
def test_the_last_short_list_is_that_of_a_loop(size, seed, data):
    rng = np.random.default_rng(seed)
    ks = np.array(sorted(data.draw(st.sets(st.integers(1, size), min_size=1))))
    shortlists = np.minimum(size, ks + np.sort(rng.integers(0, size, len(ks))))
    ranks = rng.integers(0, 2 * size, size).astype(np.uint32)
    short = [m for k, m in zip(ks, shortlists, strict=True) if (ranks[:m] < size).sum() < k]
    assert last_short(np.minimum(ranks, np.uint32(size)), size, shortlists, ks) == (short[-1] if short else 0)


def test_items_of_unknown_rank_follow_by_similarity_and_index():
    # Item 4 is known to be the first. Items 3, 2 and 1 follow: 1 is the most alike, 2 and 3 are equally so.
    gallery = np.array([[1.0], [5.0], [3.0], [3.0], [9.0], [4.0]], np.float32)
    near, known, short = np.array([3, 4, 2, 1, 0, 5], np.int32), 1, 4
    ranks, rank_of = np.array([1, 0, 1, 1, 1, 1], np.uint32), np.full(6, 1, np.uint32)
    rank_others(np.ones(1, np.float32), gallery, near, ranks, rank_of, known, short)
    assert ranks.tolist() == [3, 0, 2, 1, 7, 7]  # the last two are in no shortlist that needs them
    assert rank_of.tolist() == [1] * 6


def test_no_item_of_unknown_rank_is_needed():
    ranks, rank_of = np.array([0, 2, 1], np.uint32), np.full(3, 2, np.uint32)
    near, gallery = np.array([2, 0, 1], np.int32), np.ones((3, 1), np.float32)
    rank_others(np.ones(1, np.float32), gallery, near, ranks, rank_of, 2, 0)
    assert ranks.tolist() == [0, 5, 1]


def test_neither_threads_nor_parts_of_the_queries_change_a_bit():
    rng, count = np.random.default_rng(0), ROWS + 30
    rows = on_grain(rng.normal(size=(count, 4)))
    labels, ks, shortlists = rng.integers(0, 3, count), np.array([1, 4, 9]), np.array([2, 8, 18])
    judgements = Judgements(
        labels, labels, np.eye(3), ideal_sums(np.eye(3), np.bincount(labels, minlength=3), 9, False)
    )
    near = np.array([rng.permutation(count)[:18] for _ in range(count)], np.int32)
    exact = np.argsort(-(rows.astype(np.float64) @ rows.T.astype(np.float64)), axis=1, kind="stable").astype(np.int32)
    expected = judge_shortlists(rows, rows, near, shortlists, exact, judgements, ks).values
    assert not np.isnan(expected).any()
    again = judge_shortlists(rows, rows, near, shortlists, exact[:, :20].copy(), judgements, ks, threads=3)
    assert np.array_equal(again.values, expected)
    kept = Kept(ks, judgements.relevant)
    for part in (slice(50, count), slice(0, 50)):
        args = rows[part], rows, near[part], shortlists, exact[part], judgements[part], kept, 2, part.start
        accumulate_shortlists(*args)
    assert np.array_equal(kept.sums.values, expected)


def test_shared_items_reach_the_last_k_where_the_shortlist_is_the_gallery_before_it():
    labels = np.array([0, 0, 0, 1, 1, 1])
    sums = hand_sums(list(range(6)), [5, 4, 3, 2, 1, 0], [2, 4, 6, 6, 6, 6], labels)
    assert sums["shared"][0].tolist() == [0, 0, 3, 4, 5, 6]
    assert sums["hits"][0].tolist() == [0, 1, 3, 3, 3, 3]  # the best of {5, 4}, of {5, 4, 3, 2}, then of all


def test_items_that_come_one_by_one_stand_where_those_that_come_at_once_do():
    # 120 items from the worst to the best: each is inserted at the front, or all come at k = 1; hits are even items.
    labels = np.arange(120) % 2
    one_by_one = hand_sums(list(range(120)), list(range(119, -1, -1)), list(range(1, 121)), labels)
    assert one_by_one["hits"][0].tolist() == [k // 2 for k in range(1, 121)]
    at_once = hand_sums(list(range(120)), list(range(119, -1, -1)), [120] * 120, labels)
    assert at_once["hits"][0].tolist() == [(k + 1) // 2 for k in range(1, 121)]
    assert np.array_equal(one_by_one.values[:, :, 119], at_once.values[:, :, 119])


@quick
@given(worlds(), st.integers(0, 2**32 - 1), st.sampled_from(MULTIPLIERS), st.data())
def test_the_depth_of_the_exact_ranking_changes_no_value(world, seed, multiplier, data):
    case = Case(world, 3, seed)
    ks = list(range(1, data.draw(st.integers(1, world.size)) + 1))
    shallow, *_ = case.judged(ks, multiplier, 1, exact_depth=data.draw(st.integers(ks[-1], world.size)))
    deep, *_ = case.judged(ks, multiplier, 1)
    assert np.array_equal(shallow.values, deep.values)


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
    sums = judge_shortlists(
        queries, gallery, near, shortlists, exact[:, :known].copy(), judgements, ks, data.draw(st.integers(1, 3))
    )
    for column, k in enumerate(ks):
        held = [
            order[np.isin(order, items[: shortlists[column]])][:k] for order, items in zip(exact, near, strict=True)
        ]
        alone = judge_rankings(np.array(held, np.int32), exact, judgements, [k], 1)
        assert np.array_equal(sums.values[:, :, column], alone.values[:, :, 0])
