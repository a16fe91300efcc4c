from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

import core.codes.pair as pair_module
from core.building.add_hashes import make_hashes
from core.bundle.bundle import load_bundle
from core.codes.codes import hash_method
from core.engine import evaluation, setting_codes
from core.engine.engine import Engine
from core.errors import BadInput
from core.hashing import packing
from core.hashing.random_hyperplane import RandomHyperplane
from core.hashing.registry import get_hash
from core.metrics.registry import METRICS
from core.runtime import parallel
from core.search import local
from core.search.faiss_backend import FaissBackend
from core.search.kinds import SEARCHES
from core.settings import Setting, curve_ks
from tests import reference
from tests.core.fakes import FakeBundle

PLAIN = [name for name, metric in METRICS.items() if metric.compute]
KERNELS = {
    "rank_exact": local,
    "rank_hamming": local,
    "rank_asymmetric": pair_module,
    "accumulate_ranking": evaluation,
    "accumulate_shortlists": evaluation,
}
BASE = Setting("semantic", "latent-sigmoid", 16, "1.25", "test-vs-test", "wordnet")


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 2)


@pytest.fixture
def calls(monkeypatch):
    """How often each kernel is called."""
    counts = dict.fromkeys(KERNELS, 0)

    def counted(name, real):
        def call(*args, **kwargs):
            counts[name] += 1
            return real(*args, **kwargs)

        return call

    for name, module in KERNELS.items():
        monkeypatch.setattr(module, name, counted(name, getattr(module, name)))
    return counts


def same(first, second):
    names = ("ks", "relevant", "values")
    return all(np.array_equal(getattr(first.sums, name), getattr(second.sums, name)) for name in names)


def rankings(engine, setting, query):
    """The rankings of one query by plain loops: exact, Hamming and, where it has values, asymmetric search."""
    task, codes = engine.at(setting).task, engine.at(setting).codes
    own = int(task.exclude[query])
    found = {
        "exact": reference.exact_ranking(task.queries[query], task.gallery, own),
        "hamming": reference.hamming_ranking(
            codes.queries.packed[query], codes.gallery.packed, own, codes.distance_cap
        ),
    }
    if codes.queries.projections is not None:
        bits = packing.unpack(codes.gallery.packed, codes.bits)
        found["asymmetric"] = reference.asymmetric_ranking(codes.queries.projections[query], bits, own)
    return found


def check_against_loops(engine, setting, ks, queries, multipliers=("1.25",)):
    task, codes = engine.at(setting).task, engine.at(setting).codes
    similarity = engine.bundle.hierarchy(setting.hierarchy).similarity()
    searches = [search for search in SEARCHES if search != "asymmetric" or codes.queries.projections is not None]
    results = {m: engine.evaluate(replace(setting, multiplier=m), ks, searches) for m in multipliers}
    for query in queries:
        orders = rankings(engine, setting, query)
        for multiplier, found in results.items():
            for k in ks:
                args = (task.queries[query], task.gallery, orders["hamming"], multiplier, k)
                tops = {**orders, "hashed": reference.hashed_ranking(*args)}
                for search in searches:
                    expected = reference.metrics(
                        tops[search], k, task.query_labels[query], task.gallery_labels, similarity,
                        int(task.exclude[query]), orders["exact"],
                    )  # fmt: skip
                    for name in PLAIN:
                        got = found[search].at(name, k)[query]
                        assert got == pytest.approx(expected[name], abs=1e-12), (search, multiplier, name, k, query)


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train", "test-vs-test-with-self"])
@pytest.mark.parametrize(
    ("name", "bits"),
    [("latent-sigmoid", 16), ("random-hyperplane", 8), ("pca-sign", 16), ("itq", 8),
     ("predicted-class", 8), ("random-codes", 72)],
)  # fmt: skip
def test_every_search_and_metric_equals_the_loops(engine, protocol, name, bits):
    setting = replace(BASE, protocol=protocol, hash=name, bits=bits)
    check_against_loops(engine, setting, (1, 2, 5, 20, 59), (3, 12, 40), ("1", "1.1", "20", "all"))


def test_the_other_hierarchy_and_a_sample_of_queries(engine):
    setting = replace(BASE, hierarchy="superclass", queries=25, seed=4)
    check_against_loops(engine, setting, (1, 7, 30), (0, 11, 24))


def test_expected_precision_over_ties_equals_the_formula(engine):
    ks = (1, 4, 17, 59)
    result = engine.result("hamming", BASE, ks)
    task, codes = engine.at(BASE).task, engine.at(BASE).codes
    for query in (0, 3, 33):
        own, label = query, task.query_labels[query]
        level = [reference.hamming(codes.queries.packed[query], code) for code in codes.gallery.packed]
        relevant = sum(task.gallery_labels[n] == label for n in range(60) if n != own)
        for k in ks:
            before, found, total = 0, 0, 0.0
            for distance in range(17):
                block = [n for n in range(60) if n != own and level[n] == distance]
                n, r = len(block), sum(task.gallery_labels[i] == label for i in block)
                for t in range(before + 1, min(before + n, k) + 1):
                    ahead = (t - before - 1) * (r - 1) / (n - 1) if n > 1 else 0
                    total += r / n * (found + 1 + ahead) / t
                before, found = before + n, found + r
            divisors = {"ap": min(relevant, k), "ap_trec": relevant, "ap_source": k}
            for name, divisor in divisors.items():
                assert result.at(f"{name}_expected", k)[query] == pytest.approx(total / divisor, abs=1e-12)


def test_levels_count_all_and_relevant_items(engine):
    every, relevant = engine.at(BASE).levels()
    assert every.shape == relevant.shape == (60, 17)
    assert (every.sum(axis=1) == 59).all()
    assert (relevant.sum(axis=1) == 5).all()
    assert (relevant <= every).all()


# --- deep rankings -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deep():
    """More than 1,000 items: deeper than the exact rankings that are kept."""
    return FakeBundle(queries=70, gallery=1150, dimensions=6)


def test_a_ranking_of_the_whole_gallery_equals_the_loops(deep):
    setting = Setting("semantic", "random-hyperplane", 16, "2", "test-vs-train", "toy")
    check_against_loops(Engine(deep, 1), setting, (1, 250, 251, 1000, 1001, 1150), (0, 66), ("2", "1.1"))


# --- what depends on what ----------------------------------------------------------------------------------------


def test_a_change_of_k_alone_finds_its_curves_and_rankings(tiny_bundle, calls):
    engine = Engine(tiny_bundle, 1)
    first = [engine.curves(search, BASE, curve_ks(5, 59)) for search in SEARCHES]
    seen = dict(calls)
    assert seen["rank_exact"] == seen["rank_hamming"] == 1
    second = [engine.curves(search, BASE, curve_ks(40, 59)) for search in SEARCHES]
    assert calls == seen
    assert all(one is other for one, other in zip(first, second, strict=True))
    engine.evaluate(BASE, (40,), ("exact", "hashed", "hamming"))
    assert (calls["rank_exact"], calls["rank_hamming"]) == (1, 1)


def test_exact_search_does_not_depend_on_the_hash(tiny_bundle, calls):
    engine = Engine(tiny_bundle, 1)
    first = engine.result("exact", BASE, (1, 10))
    seen = dict(calls)
    for change in ({"hash": "itq", "bits": 8}, {"multiplier": "5"}, {"seed": 3}):
        assert engine.result("exact", replace(BASE, **change), (1, 10)) is first
    assert calls == seen


def test_hamming_search_does_not_depend_on_the_multiplier(tiny_bundle, calls):
    engine = Engine(tiny_bundle, 1)
    first = engine.result("hamming", BASE, (1, 10))
    seen = dict(calls)
    assert engine.result("hamming", replace(BASE, multiplier="all"), (1, 10)) is first
    assert calls == seen
    assert engine.result("hamming", replace(BASE, hash="itq", bits=8), (1, 10)) is not first


def test_exact_rankings_outlive_a_change_of_hierarchy_or_ks(tiny_bundle, calls):
    engine = Engine(tiny_bundle, 1)
    first = engine.result("exact", BASE, (1, 10))
    second = engine.result("exact", replace(BASE, hierarchy="superclass"), (1, 10))
    engine.result("exact", BASE, (1, 11))
    assert calls["rank_exact"] == 1
    assert np.array_equal(first.sums["hits"], second.sums["hits"])
    assert not np.array_equal(first.values("hp"), second.values("hp"))


def test_a_seed_matters_where_it_should(engine):
    fitted = replace(BASE, hash="random-hyperplane", bits=8)
    results = [engine.result("hamming", replace(fitted, seed=seed), (5,)) for seed in (0, 1)]
    assert not same(*results)
    sampled = [engine.result("exact", replace(BASE, queries=20, seed=seed), (5,)) for seed in (0, 1)]
    assert not same(*sampled)


# --- invariants --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["latent-sigmoid", "random-codes", "predicted-class"])
def test_hashed_search_of_the_whole_gallery_is_exact_search(engine, name):
    ks = tuple(range(1, 60))
    setting = replace(BASE, hash=name, bits=16)
    exact = engine.result("exact", setting, ks)
    everything = engine.result("hashed", replace(setting, multiplier="all"), ks)
    assert same(exact, everything)
    assert (everything.shortlists == 59).all()
    assert (everything.values("overlap") == 1).all()
    deep = engine.result("hashed", replace(setting, multiplier="20"), (3, 59))
    assert np.allclose(deep.values("ap"), engine.result("exact", setting, (3, 59)).values("ap"), atol=1e-12)


def test_shortlists_of_a_multiplier_are_exact_products(engine):
    found = engine.result("hashed", replace(BASE, multiplier="1.1"), (1, 10, 50, 59))
    assert found.shortlists.tolist() == [2, 11, 55, 59]


@pytest.mark.parametrize("search", SEARCHES)
def test_threads_change_nothing(tiny_bundle, monkeypatch, search):
    monkeypatch.setattr(parallel.run_blocks, "__defaults__", (None, 7, None))
    ks = tuple(range(1, 60, 2))
    one, three = (Engine(tiny_bundle, threads).result(search, BASE, ks) for threads in (1, 3))
    assert same(one, three)


def test_every_k_at_once_equals_one_k_alone(engine):
    every = engine.evaluate(BASE, range(1, 60), SEARCHES)
    for k in (1, 8, 59):
        alone = engine.evaluate(BASE, (k,), SEARCHES)
        for search in SEARCHES:
            for name in alone[search].metrics():
                assert np.array_equal(every[search].at(name, k), alone[search].at(name, k)), (search, name)


def test_with_itself_the_first_hit_is_the_query(engine):
    found = engine.result("exact", replace(BASE, protocol="test-vs-test-with-self"), (1,))
    assert (found.values("precision")[:, 0][:3] == 1).all()
    assert (found.sums.relevant == 6).all()


def test_ten_callers_of_one_setting_compute_once(tiny_bundle, calls, monkeypatch):
    slow = evaluation.accumulate_shortlists

    def slowly(*args):
        time.sleep(0.05)
        slow(*args)

    monkeypatch.setattr(evaluation, "accumulate_shortlists", slowly)
    engine, barrier, found = Engine(tiny_bundle, 1), threading.Barrier(10), []

    def ask():
        barrier.wait()
        found.append(engine.result("hashed", BASE, (1, 10, 30)))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(found) == 10
    assert len(set(map(id, found))) == 1
    assert (calls["rank_exact"], calls["rank_hamming"], calls["accumulate_shortlists"]) == (1, 1, 1)


def test_a_small_cache_changes_no_value(tiny_bundle, engine):
    forgetful = Engine(tiny_bundle, 1, cache_bytes=1)
    for search in SEARCHES:
        assert same(forgetful.result(search, BASE, (1, 20)), engine.result(search, BASE, (1, 20)))


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoder": "nope"}, "encoder 'nope'"),
        ({"hash": "nope"}, "hash 'nope'"),
        ({"hash": "imported"}, "hash 'imported' has no codes"),
        ({"hash": "itq", "bits": 24}, "bits 24 is not a length"),
        ({"protocol": "nope"}, "protocol 'nope'"),
        ({"protocol": "leave-one-out"}, "does not fit the bundle"),
        ({"hierarchy": "nope"}, "hierarchy 'nope'"),
        ({"queries": 61}, "queries 61 is above the 60"),
    ],
)
@pytest.mark.parametrize("multiplier", ["2", "all"])
def test_unknown_names_are_refused_and_leave_the_engine_usable(tiny_bundle, change, message, multiplier):
    engine = Engine(tiny_bundle, 1)
    for _ in range(2):
        with pytest.raises(BadInput, match=message):
            engine.result("hashed", replace(BASE, multiplier=multiplier, **change), (1, 5))
    assert engine.result("hashed", BASE, (5,)).at("ap", 5).shape == (60,)


@pytest.mark.parametrize(
    ("ks", "message"),
    [((60,), "k 60 is outside 1 to 59"), ((0, 5), "outside 1 to 59"), ((), r"k \(none\)"),
     ((5, 3), "do not ascend"), ((3, 3), "do not ascend")],
)  # fmt: skip
@pytest.mark.parametrize("search", SEARCHES)
def test_a_k_that_cannot_be_judged_is_refused(engine, search, ks, message):
    with pytest.raises(BadInput, match=message):
        engine.result(search, BASE, ks)


def test_unknown_search_and_metric(engine):
    with pytest.raises(BadInput, match="hamming"):
        engine.result("haming", BASE, (1,))
    with pytest.raises(BadInput, match="ahp"):
        engine.result("exact", BASE, (1,)).at("ahpp", 1)
    with pytest.raises(BadInput, match="no real values"):
        engine.result("asymmetric", replace(BASE, hash="random-codes"), (1,))


# --- rankings that are kept --------------------------------------------------------------------------------------


def test_one_ranking_by_code_serves_every_multiplier_it_is_deep_enough_for(tiny_bundle, calls):
    engine = Engine(tiny_bundle, 1)
    engine.evaluate(replace(BASE, multiplier="5"), (1, 10), ("hashed", "hamming"))
    engine.result("hashed", replace(BASE, multiplier="2"), (1, 10))
    assert calls["rank_hamming"] == 1


@pytest.mark.parametrize("name", ["latent-sigmoid", "itq", "random-hyperplane", "predicted-class", "pq", "kmeans"])
def test_a_split_that_is_both_has_one_set_of_codes(engine, name):
    bits = {"itq": 8, "kmeans": 4}.get(name, 16)
    pair = engine.at(replace(BASE, hash=name, bits=bits)).codes
    at = engine.at(replace(BASE, hash=name, bits=pair.bits))
    apart = setting_codes._split_codes(at.shared, at.setting, pair.bits, "test", projected=False)
    assert np.array_equal(pair.gallery.packed, apart.packed)


def test_the_longest_code_is_made_once_for_all_its_beginnings(make_bundle, monkeypatch):
    bundle = make_bundle()
    make_hashes(bundle.path, "semantic", ["random-hyperplane"], [64])
    bundle = load_bundle(bundle.path)
    projected = []
    plain = RandomHyperplane.project
    monkeypatch.setattr(
        RandomHyperplane, "project", lambda method, X: (projected.append(method.bits), plain(method, X))[1]
    )
    engine = Engine(bundle, 1)
    method = hash_method(bundle, "semantic", "random-hyperplane", 64)
    values = plain(method, bundle.embeddings("semantic", "test"))
    for bits in (8, 24, 32):
        pair = engine.at(replace(BASE, hash="random-hyperplane", bits=bits)).codes
        assert np.array_equal(packing.unpack(pair.queries.packed, bits), values[:, :bits] > 0)
        assert np.array_equal(pair.queries.projections, values[:, :bits])
    assert set(projected) == {64}
    assert len(projected) <= 2  # one a split


def test_real_values_that_are_no_numbers_are_refused(engine):
    pair = engine.at(replace(BASE, hash="itq", bits=8)).codes
    values = pair.queries.projections.copy()
    values[3, 1] = np.nan
    broken = replace(pair, queries=replace(pair.queries, project=lambda: values))
    assert np.array_equal(pair.real_values(), pair.queries.projections)
    with pytest.raises(BadInput, match="hash 'itq' has NaN or infinite real values: make its codes again"):
        broken.rank_asymmetric(slice(0, 2), 3, np.full(2, -1))


# --- another backend ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["latent-sigmoid", "predicted-class", "random-hyperplane", "pq"])
@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train"])
def test_another_backend_changes_no_number(tiny_bundle, engine, name, protocol):
    setting = replace(BASE, hash=name, protocol=protocol)
    other = Engine(tiny_bundle, 2, backend=FaissBackend())
    searches = [search for search in SEARCHES if search != "asymmetric" or get_hash(name).asymmetric]
    ours, theirs = (each.evaluate(setting, (1, 10, 59), searches) for each in (engine, other))
    assert all(same(ours[search], theirs[search]) for search in searches)
    rows = slice(5, 30)
    for search in searches:
        top = [each.at(setting).top_ids(search, 7, rows).tolist() for each in (engine, other)]
        assert top[0] == top[1], search
