from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import BadInput
from core.hashing.random_hyperplane import RandomHyperplane
from core.studies.buckets.hash_tables import (
    HashTables,
    TableAnswers,
    candidate_probability,
    fit_tables,
    judge_tables,
    measured_candidates,
    search_tables,
)
from tests import reference
from tests.core.fakes import task_of


@pytest.fixture(scope="module")
def task(tiny_bundle):
    return task_of(tiny_bundle, "semantic", "test-vs-test")


def unit(count, dimensions, seed):
    x = np.random.default_rng(seed).normal(size=(count, dimensions))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def test_keys_by_hand():
    planes = RandomHyperplane.from_state(
        {"mean": np.zeros(2, np.float32), "projection": np.array([[1, 0, -1, 1], [0, 1, 0, 1]], np.float32)}
    )
    keys = HashTables(planes, 2, 2).keys(np.array([[1, 1], [-1, 2], [0, -3]], np.float32))
    # Bits x > 0, y > 0 make the first table's keys; -x > 0, x + y > 0 the second's.
    assert keys.tolist() == [[0b11, 0b01, 0b00], [0b01, 0b11, 0b00]]
    assert keys.dtype == np.int64


def test_probability_by_hand():
    # At 60 degrees a bit agrees with 2/3, a key of 2 bits with 4/9, one of 3 such keys with 1 - (5/9)^3.
    assert candidate_probability(np.pi / 3, 2, 3) == pytest.approx(1 - (5 / 9) ** 3)
    assert candidate_probability(np.array([0, np.pi]), 5, 4).tolist() == [1, 0]
    assert candidate_probability(np.pi / 2, 1, 1) == pytest.approx(0.5)


def test_long_keys_are_whole_numbers():
    X = unit(50, 8, 0)
    tables = fit_tables(X, 62, 1)
    bits = tables.planes.project(X) > 0
    expected = [int("".join("1" if bit else "0" for bit in row), 2) for row in bits]
    assert tables.keys(X)[0].tolist() == expected


def test_share_of_candidates_is_the_predicted_one():
    """Over many draws of planes two vectors share a bucket as often as the formula says."""
    angle = np.deg2rad(50)
    pair = np.array([[1, 0, 0], [np.cos(angle), np.sin(angle), 0]], np.float32)
    draws, hits = 3000, 0
    for seed in range(draws):
        planes = RandomHyperplane(12, seed).fit(np.zeros((1, 3), np.float32))
        keys = HashTables(planes, 3, 4).keys(pair)
        hits += (keys[:, 0] == keys[:, 1]).any()
    expected = float(candidate_probability(angle, 4, 3))
    assert hits / draws == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / draws))


def test_measured_against_predicted_by_angle():
    queries, gallery = unit(120, 24, 1), unit(2000, 24, 2)
    tables = fit_tables(gallery, 4, 16, 3)
    table = measured_candidates(queries, gallery, tables)
    assert list(table.columns) == ["low", "high", "pairs", "predicted", "measured"]
    assert table["pairs"].sum() == 120 * 2000
    many = table[table["pairs"] > 5000]
    assert len(many) > 5
    assert np.abs(many["predicted"] - many["measured"]).max() < 0.06
    assert table["predicted"].is_monotonic_decreasing


def test_measured_by_loops():
    queries, gallery = unit(9, 3, 1), unit(30, 3, 2)
    tables, exclude = fit_tables(gallery, 2, 2), np.arange(9)
    table = measured_candidates(queries, gallery, tables, exclude, bins=4)
    mean = tables.planes.mean.astype(float)
    keys, query_keys = tables.keys(gallery), tables.keys(queries)
    counted = {b: [] for b in range(4)}
    for q in range(9):
        for n in range(30):
            if n == exclude[q]:
                continue
            a, b = queries[q] - mean, gallery[n] - mean
            angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
            counted[min(3, int(angle / np.pi * 4))].append(
                (float(candidate_probability(angle, 2, 2)), any(query_keys[t, q] == keys[t, n] for t in range(2)))
            )
    rows = [(45 * b, len(pairs), *np.mean(pairs, axis=0)) for b, pairs in counted.items() if pairs]
    assert np.allclose(table[["low", "pairs", "predicted", "measured"]], rows)


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train"])
def test_search_and_figures_by_loops(tiny_bundle, protocol):
    task = task_of(tiny_bundle, "semantic", protocol)
    tables = fit_tables(tiny_bundle.embeddings("semantic", "train"), 4, 3, 1)
    answers = search_tables(task, tables, 10, 2)
    figures = judge_tables(answers, task, 7)
    query_keys, keys = tables.keys(task.queries), tables.keys(task.gallery)
    for q in range(len(task.queries)):
        found = [
            n for n in range(len(keys[0])) if n != task.exclude[q] and (query_keys[:, q] == keys[:, n]).any()
        ]  # fmt: skip
        assert answers.candidates[q] == len(found)
        order = sorted(found, key=lambda n: (-reference.inner_product(task.queries[q], task.gallery[n]), n))[:10]
        assert [n for n in answers.ids[q] if n >= 0] == order
        hits = [task.gallery_labels[n] == task.query_labels[q] for n in order[:7]]
        total = sum(sum(hits[: i + 1]) / (i + 1) for i, hit in enumerate(hits) if hit)
        relevant = sum(
            task.gallery_labels[n] == task.query_labels[q] for n in range(len(keys[0])) if n != task.exclude[q]
        )
        assert figures.precision[q] == pytest.approx(sum(hits) / 7)
        assert figures.ap[q] == pytest.approx(total / min(7, relevant))
        assert figures.ap_found[q] == pytest.approx(total / sum(hits) if any(hits) else 0)
    assert answers.examined == pytest.approx(answers.candidates.mean() / task.size)


def test_queries_without_candidates(task):
    labels = task.gallery_labels
    hit = int(np.flatnonzero(labels == task.query_labels[0])[1])
    ids = np.full((len(task.queries), 2), -1, np.int32)
    ids[0] = [hit, -1]
    counts = np.zeros(len(ids), np.int64)
    counts[0] = 1
    answers = TableAnswers(ids, counts, task.size)
    figures = judge_tables(answers, task, 2)
    assert figures.answered_map == 1  # one query is answered, rightly
    assert figures.ap_found.mean() == pytest.approx(1 / 60)
    assert figures.precision[:2].tolist() == [0.5, 0]
    assert answers.nothing_found == pytest.approx(59 / 60)
    none = replace(answers, candidates=np.zeros(60, np.int64), ids=np.full((60, 2), -1, np.int32))
    assert judge_tables(none, task, 2).answered_map == 0


def test_more_tables_find_more_and_longer_keys_less(task):
    X = task.gallery

    def examined(bits, tables):
        return search_tables(task, fit_tables(X, bits, tables), 5).examined

    assert examined(6, 1) < examined(6, 8)
    assert examined(12, 4) < examined(4, 4)
    assert examined(1, 30) == 1


def test_refusals(task):
    X = task.gallery
    with pytest.raises(BadInput, match="63 bits: expected 1 to 62"):
        fit_tables(X, 63, 1)
    with pytest.raises(BadInput, match="0 tables"):
        fit_tables(X, 4, 0)
    tables = fit_tables(X, 4, 1)
    with pytest.raises(BadInput, match="k 60 is outside 1 to 59"):
        search_tables(task, tables, 60)
    with pytest.raises(BadInput, match="k 6 is outside 1 to 5"):
        judge_tables(search_tables(task, tables, 5), task, 6)
