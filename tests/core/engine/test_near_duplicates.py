from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.engine.engine import Engine
from core.engine.near_duplicates import first_of_group, has_pairs, keep_all, leave_out, why_not
from core.engine.retrieval import retrieve, to_table
from core.errors import BadInput
from core.hashing import packing
from core.metrics.registry import METRICS
from core.protocols import get_protocol
from core.reports.predictions import top_hits
from core.reports.query_analysis import score
from core.search.kinds import SEARCHES
from core.settings import Setting
from core.tradeoff.grid import quality_grid
from tests import reference
from tests.core.fakes import FakeBundle, task_of
from tests.core.search.worlds import quick

WITHIN, ACROSS = ("test", "test"), ("test", "train")
BASE = Setting("semantic", "random-hyperplane", 16, "1.5", "test-vs-test", "toy", near_duplicates="leave-out")


def test_groups_are_connected_by_pairs():
    pairs = np.array([[7, 2], [2, 5], [8, 9], [9, 8]])
    assert first_of_group(pairs, 10).tolist() == [0, 1, 2, 3, 4, 2, 6, 2, 8, 8]
    assert first_of_group(np.array([[0, 1], [1, 2], [2, 3], [3, 4]])[::-1], 5).tolist() == [0] * 5
    assert first_of_group(np.empty((0, 2), np.int64), 3).tolist() == [0, 1, 2]


@quick
@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=25))
def test_groups_by_walking(pairs):
    found = first_of_group(np.array(pairs, np.int64).reshape(-1, 2), 20)
    for start in range(20):
        seen, ahead = {start}, [start]
        while ahead:
            here = ahead.pop()
            near = {b for a, b in pairs if a == here} | {a for a, b in pairs if b == here}
            ahead += near - seen
            seen |= near
        assert found[start] == min(seen)


def test_within_a_split_the_first_of_a_group_stays_and_all_of_it_leave_it_out():
    bundle = FakeBundle(queries=6, gallery=4, pairs={WITHIN: [(4, 1), (4, 5)]})
    kept = leave_out(bundle, get_protocol("test-vs-test"))
    assert kept.rows.tolist() == [0, 1, 2, 3]  # 4 and 5 are 1 again
    assert kept.exclude.tolist() == [0, 1, 2, 3, 1, 1]


def test_between_splits_what_any_query_has_goes_for_all():
    bundle = FakeBundle(queries=6, gallery=5, pairs={ACROSS: [(0, 3), (5, 3), (2, 1)]})
    kept = leave_out(bundle, get_protocol("test-vs-train"))
    assert kept.rows.tolist() == [0, 2, 4]
    assert kept.exclude.tolist() == [-1] * 6
    task = task_of(bundle, "semantic", "test-vs-train", queries=1, seed=0, near_duplicates="leave-out")
    assert task.gallery_index.tolist() == [0, 2, 4]  # whatever the sample of queries


def test_kept_galleries_are_whole():
    bundle = FakeBundle(queries=3, gallery=4, pairs={WITHIN: [(0, 1)]})
    assert keep_all(bundle, get_protocol("test-vs-train")).rows.tolist() == [0, 1, 2, 3]
    assert keep_all(bundle, get_protocol("test-vs-test")).exclude.tolist() == [0, 1, 2]
    assert keep_all(bundle, get_protocol("test-vs-test-with-self")).exclude.tolist() == [-1] * 3


def test_a_space_without_them():
    bundle = FakeBundle(queries=10, gallery=4, pairs={WITHIN: [(2, 7), (3, 8)]})
    task = task_of(bundle, "semantic", "test-vs-test", 4, seed=1, near_duplicates="leave-out")
    assert task.gallery_index.tolist() == [0, 1, 2, 3, 4, 5, 6, 9]
    assert np.array_equal(task.gallery, bundle.embeddings("semantic", "test")[task.gallery_index])
    assert np.array_equal(task.gallery_labels, bundle.labels("test")[task.gallery_index])
    assert task.size == 7
    own = np.where(np.isin(task.query_index, [7, 8]), task.query_index - 5, task.query_index)
    assert np.array_equal(task.gallery_index[task.exclude], own)


def test_what_cannot_be_left_out():
    bundle = FakeBundle(pairs={WITHIN: [(0, 1)]})
    assert has_pairs(bundle) and not has_pairs(FakeBundle())
    assert why_not(bundle, get_protocol("test-vs-test")) is None
    for protocol, text in (("test-vs-test-with-self", "by design"), ("test-vs-train", "python -m core duplicates")):
        with pytest.raises(BadInput, match=text):
            task_of(bundle, "semantic", protocol, near_duplicates="leave-out")
    with pytest.raises(BadInput, match="outside its splits"):
        leave_out(FakeBundle(queries=5, pairs={WITHIN: [(0, 5)]}), get_protocol("test-vs-test"))
    everything = FakeBundle(queries=2, gallery=3, pairs={ACROSS: [(0, 0), (1, 1), (1, 2)]})
    with pytest.raises(BadInput, match="too few to search"):
        task_of(everything, "semantic", "test-vs-train", near_duplicates="leave-out")


def filtered(bundle, protocol, query):
    """The gallery rows that a query may find, by hand: groups by repeated merging, no engine code."""
    if protocol == "test-vs-train":
        gone = {b for _, b in bundle.pairs[ACROSS]}
        return [row for row in range(bundle.count("train")) if row not in gone]
    groups = [{row} for row in range(bundle.count("test"))]
    for a, b in bundle.pairs[WITHIN]:
        merged = groups[a] | groups[b]
        for row in merged:
            groups[row] = merged
    return [row for row in range(bundle.count("test")) if row == min(groups[row]) and query not in groups[row]]


def by_loops(engine, setting, query, ks, search):
    """Every metric of a search by plain loops over the explicitly filtered gallery; rankings are split rows."""
    bundle, rule = engine.bundle, get_protocol(setting.protocol)
    rows = filtered(bundle, setting.protocol, query)
    plain = engine.at(replace(setting, near_duplicates="keep")).codes
    vectors, labels = bundle.embeddings("semantic", rule.gallery_split)[rows], bundle.labels(rule.gallery_split)[rows]
    codes, own = plain.gallery.packed[rows], bundle.embeddings("semantic", "test")[query]
    exact = reference.exact_ranking(own, vectors)
    near = reference.hamming_ranking(plain.queries.packed[query], codes)
    bits = packing.unpack(codes, plain.bits)
    similarity, label = bundle.hierarchy("toy").similarity(), bundle.labels("test")[query]
    found = {}
    for k in ks:
        order = {
            "exact": lambda: exact,
            "hamming": lambda: near,
            "asymmetric": lambda: reference.asymmetric_ranking(plain.queries.projections[query], bits),
            "hashed": lambda k=k: reference.hashed_ranking(own, vectors, near, setting.multiplier, k),
        }[search]()
        found[k] = reference.metrics(order, k, label, labels, similarity, -1, exact), [rows[n] for n in order[:k]]
    return found


@st.composite
def cases(draw):
    queries, gallery = draw(st.integers(6, 14)), draw(st.integers(8, 16))
    rows = st.integers(0, queries - 1)
    within = draw(st.lists(st.tuples(rows, rows), min_size=1, max_size=6))
    across = draw(st.lists(st.tuples(rows, st.integers(0, gallery - 1)), min_size=1, max_size=4))
    bundle = FakeBundle(queries, gallery, seed=draw(st.integers(0, 99)), pairs={WITHIN: within, ACROSS: across})
    protocol = draw(st.sampled_from(["test-vs-test", "test-vs-train"]))
    return bundle, replace(BASE, protocol=protocol, multiplier=draw(st.sampled_from(["1", "1.5", "all"])))


@pytest.mark.slow
@quick
@given(cases())
def test_leaving_out_equals_a_search_of_the_filtered_gallery(case):
    bundle, setting = case
    rule = get_protocol(setting.protocol)
    sizes = {len(filtered(bundle, setting.protocol, query)) for query in range(bundle.count("test"))}
    assert len(sizes) == 1  # every query finds as many
    if sizes == {0}:
        with pytest.raises(BadInput, match="too few to search"):
            Engine(bundle, 1).at(setting).open()
        return
    [size] = sizes
    engine, ks = Engine(bundle, 1), sorted({1, min(3, size), size})
    assert engine.at(setting).task.size == size
    for search in SEARCHES:
        result = engine.result(search, setting, ks)
        for query in range(bundle.count("test")):
            for k, (expected, _) in by_loops(engine, setting, query, ks, search).items():
                for name, value in expected.items():
                    assert result.at(name, k)[query] == pytest.approx(value, abs=1e-9), (search, name, k, query)
    label = bundle.labels(rule.gallery_split)
    relevant = [
        sum(label[row] == bundle.labels("test")[query] for row in filtered(bundle, setting.protocol, query))
        for query in range(bundle.count("test"))
    ]
    assert engine.result("exact", setting, ks).sums.relevant.tolist() == relevant


@pytest.fixture(scope="module")
def bundle():
    """Groups of two and three, across classes and within; what is left out moves every later place."""
    return FakeBundle(30, 60, pairs={WITHIN: [(0, 9), (1, 20), (20, 25), (4, 5)], ACROSS: [(0, 0), (3, 2), (9, 40)]})


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train"])
def test_people_see_rows_of_the_split(bundle, protocol):
    engine, setting = Engine(bundle, 1), replace(BASE, protocol=protocol)
    for query in (0, 9, 25, 29):
        table = to_table(retrieve(engine.at(setting), query, 6), engine.at(setting))
        hits = top_hits(engine, setting, ["exact", "hashed", "hamming"], 6, slice(query, query + 1))
        for search in ("exact", "hashed", "hamming"):
            _, rows = by_loops(engine, setting, query, [6], search)[6]
            assert table[table["search"] == search]["index"].tolist() == rows
            assert hits[hits["search"] == search]["index"].tolist() == rows
            names = [bundle.class_names[bundle.labels(get_protocol(protocol).gallery_split)[row]] for row in rows]
            assert table[table["search"] == search]["class"].tolist() == names


def test_a_query_of_a_group_with_other_classes_has_its_own_ideal(bundle):
    engine = Engine(bundle, 1)
    labels = bundle.labels("test")
    mixed = [q for q in range(30) if labels[first_of_group(np.array(bundle.pairs[WITHIN]), 30)[q]] != labels[q]]
    assert mixed  # else the bundle tests nothing
    judgements = engine.at(BASE).judgements(5)
    alike = next(q for q in range(30) if labels[q] == labels[mixed[0]] and q not in mixed)
    relevant = judgements.ideal.relevant[judgements.rows]
    assert relevant[mixed[0]] == relevant[alike] + 1  # its class loses nothing to what it leaves out
    scored = score(engine, BASE, retrieve(engine.at(BASE), mixed[0], 5))
    assert scored["exact"].at("ahp", 5)[0] == engine.result("exact", BASE, [5]).at("ahp", 5)[mixed[0]]


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train"])
def test_the_trade_off_and_levels_agree(bundle, protocol):
    engine, setting = Engine(bundle, 1), replace(BASE, protocol=protocol)
    grid = quality_grid(engine, setting, 5, [16], ["1.5"])
    for name in (name for name, metric in METRICS.items() if metric.compute):
        assert grid.means[name][0, 0] == pytest.approx(engine.result("hashed", setting, [5]).mean(name, 5))
        assert grid.exact[name] == pytest.approx(engine.result("exact", setting, [5]).mean(name, 5))
    every, relevant = engine.at(setting).levels()
    assert (every.sum(axis=1) == engine.at(setting).task.size).all()
    assert np.array_equal(relevant.sum(axis=1), engine.result("exact", setting, [5]).sums.relevant)


def test_both_choices_live_in_one_engine(bundle):
    engine, ks = Engine(bundle, 1), [1, 5]
    for protocol in ("test-vs-test", "test-vs-train"):
        for search in SEARCHES:
            settings = [replace(BASE, protocol=protocol, near_duplicates=choice) for choice in ("keep", "leave-out")]
            kept, without = (engine.result(search, setting, ks) for setting in settings)
            alone = Engine(bundle, 1).result(search, settings[1], ks)
            assert np.array_equal(without.at("ap", 5), alone.at("ap", 5))
            assert not np.array_equal(kept.at("ahp", 5), without.at("ahp", 5))
