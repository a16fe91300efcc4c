"""Tables by query, right and wrong, confusion: against loops over `retrieve` and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.retrieval import retrieve
from core.errors import BadInput
from core.reports.query_analysis import (
    CELLS,
    by_superclass,
    cell_counts,
    cells,
    count_labels,
    majority_of,
    query_table,
    score,
    shares,
    top_labels,
    top_pairs,
)
from core.settings import Setting

SEARCHES = ("exact", "hashed", "hamming", "asymmetric")


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle)


def setting(**changes):
    chosen = {
        "encoder": "semantic", "hash": "latent-sigmoid", "bits": 16, "multiplier": "1.5",
        "protocol": "test-vs-test", "hierarchy": "wordnet",
    }  # fmt: skip
    return Setting(**(chosen | changes))


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("changes", [{}, {"protocol": "test-vs-train"}, {"multiplier": "all"}, {"queries": 7}])
def test_top_ids_are_those_of_retrieve(engine, search, changes):
    chosen = setting(**changes)
    count = len(engine.at(chosen).task.query_labels)
    ids = engine.at(chosen).top_ids(search, 9, slice(0, count))
    for query in range(count):
        answer = retrieve(engine.at(chosen), query, 9, ("exact", "hashed", search)).answers[search]
        np.testing.assert_array_equal(ids[query], answer.ids)
    np.testing.assert_array_equal(engine.at(chosen).top_ids(search, 9, slice(3, 5)), ids[3:5])


@pytest.mark.parametrize("search", SEARCHES)
def test_top_labels_by_a_loop(engine, search):
    chosen, k = setting(), 8
    task = engine.at(chosen).task
    found = top_labels(engine, chosen, search, k)
    expected = np.zeros((10, 10), int)
    ids = engine.at(chosen).top_ids(search, k, slice(0, 60))
    for query, label in enumerate(task.query_labels):
        labels = task.gallery_labels[ids[query]].tolist()
        for other in labels:
            expected[label, other] += 1
        assert found.first[query] == labels[0]
        assert found.majority[query] == max(labels, key=lambda c: (labels.count(c), -labels.index(c)))
    np.testing.assert_array_equal(found.confusion, expected)
    assert found.confusion.sum() == 60 * k


def test_top_ids_refuses_what_there_is_not(engine):
    with pytest.raises(BadInput, match="search 'nearest'"):
        engine.at(setting()).top_ids("nearest", 5, slice(0, 2))
    with pytest.raises(BadInput, match="k 60 is outside 1 to 59"):
        engine.at(setting()).top_ids("exact", 60, slice(0, 2))
    with pytest.raises(BadInput, match="no real values"):
        engine.at(setting(hash="predicted-class")).top_ids("asymmetric", 5, slice(0, 2))


def test_majority_goes_to_the_class_returned_first():
    labels = np.array([[2, 0, 0, 2], [1, 1, 1, 1], [3, 2, 1, 0], [0, 3, 3, 1]])
    counts = count_labels(labels, 4)
    np.testing.assert_array_equal(counts[0], [2, 0, 2, 0])
    np.testing.assert_array_equal(majority_of(labels, counts), [2, 1, 3, 3])


def test_cells_by_hand():
    cell = cells(np.array([0, 0, 0, 0, 1]), np.array([0, 0, 1, 1, 1]), np.array([0, 2, 0, 1, 1]))
    assert [CELLS[c] for c in cell] == [
        "both right", "lost by the hash", "gained by the hash", "both wrong", "both right",
    ]  # fmt: skip
    np.testing.assert_array_equal(cell_counts(cell), [[2, 1], [1, 1]])


def test_confusion_of_superclasses_by_hand():
    confusion = np.array([[5, 3, 2], [1, 8, 1], [0, 4, 6]])
    np.testing.assert_array_equal(by_superclass(confusion, np.array([0, 0, 1]), 3), [[17, 3, 0], [4, 6, 0], [0, 0, 0]])
    np.testing.assert_allclose(shares(np.array([[1, 3], [0, 0]])), [[0.25, 0.75], [0, 0]])


def test_top_pairs_by_hand():
    confusion = np.array([[5, 3, 2], [1, 8, 1], [0, 4, 6]])
    other = np.array([[5, 5, 0], [0, 10, 0], [0, 0, 10]])
    pairs = top_pairs(confusion, other, ("a", "b", "c"), np.array([0, 0, 1]), count=4)
    assert pairs.values.tolist() == [
        ["c", "b", False, 0.4, 0.0, 0.4],
        ["a", "b", True, 0.3, 0.5, pytest.approx(-0.2)],
        ["a", "c", False, 0.2, 0.0, 0.2],
        ["b", "a", True, 0.1, 0.0, 0.1],
    ]
    assert len(top_pairs(confusion, other, ("a", "b", "c"), None)) == 5  # the pair that never occurs is left out


def test_query_table_holds_the_results_values(engine):
    chosen, k = setting(), 10
    results = engine.evaluate(chosen, [1, k], ("exact", "hashed"))
    table = query_table(engine.bundle, engine.at(chosen).task, results, k, ("ap_trec", "ahp_trapezoid"))
    labels = engine.bundle.labels("test")
    assert table["class"].tolist() == [f"class{c}" for c in labels]
    assert table["superclass"].tolist() == [f"group{engine.bundle.superclass_of[c]}" for c in labels]
    np.testing.assert_array_equal(table["ap_hashed"], results["hashed"].at("ap_trec", k))
    np.testing.assert_array_equal(table["ahp_exact"], results["exact"].at("ahp_trapezoid", k))
    np.testing.assert_array_equal(table["loss"], table["ap_exact"] - table["ap_hashed"])
    np.testing.assert_array_equal(table["overlap"], results["hashed"].at("overlap", k))


def test_query_table_of_a_sample_names_places_and_indices(engine):
    chosen = setting(queries=7)
    results = engine.evaluate(chosen, [5], ("exact", "hashed"))
    table = query_table(engine.bundle, engine.at(chosen).task, results, 5, ("ap", "ahp"))
    assert table["query"].tolist() == list(range(7))
    np.testing.assert_array_equal(table["index"], engine.at(chosen).task.query_index)


@pytest.mark.parametrize("k", [1, 9, 59])
def test_score_of_one_query_equals_the_evaluation_of_all(engine, k):
    chosen = setting()
    results = engine.evaluate(chosen, [k], SEARCHES)
    for query in (0, 3, 59):
        scored = score(engine, chosen, retrieve(engine.at(chosen), query, k, SEARCHES))
        for search, result in scored.items():
            for metric in ("ap", "ap_source", "ahp", "ahp_trapezoid", "overlap", "ndcg_hierarchical"):
                assert result.at(metric, k)[0] == pytest.approx(results[search].at(metric, k)[query], abs=1e-12)
