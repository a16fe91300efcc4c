from __future__ import annotations

import numpy as np
import pytest

from core.engine.task import sample_queries
from core.errors import BadInput
from tests.core.fakes import FakeBundle, task_of


@pytest.fixture(scope="module")
def bundle():
    return FakeBundle(queries=40, gallery=120)


@pytest.mark.parametrize(
    ("protocol", "gallery", "size", "left_out"),
    [("test-vs-test", 40, 39, True), ("test-vs-train", 120, 120, False), ("test-vs-test-with-self", 40, 40, False)],
)
def test_protocols(bundle, protocol, gallery, size, left_out):
    task = task_of(bundle, "semantic", protocol)
    assert task.protocol.name == protocol
    assert task.queries.shape == (40, 8)
    assert task.gallery.shape == (gallery, 8)
    assert task.longest == pytest.approx(1, abs=1e-6)
    assert task.size == size
    assert task.query_index.tolist() == list(range(40))
    assert task.exclude.tolist() == (list(range(40)) if left_out else [-1] * 40)
    assert np.array_equal(task.query_labels, bundle.labels("test"))
    assert len(task.gallery_labels) == gallery


def test_a_sample_of_queries_keeps_their_places(bundle):
    task = task_of(bundle, "semantic", "test-vs-test", queries=7, seed=3)
    assert len(task.queries) == 7
    assert (np.diff(task.query_index) > 0).all()
    assert np.array_equal(task.exclude, task.query_index)
    assert np.array_equal(task.queries, bundle.embeddings("semantic", "test")[task.query_index])
    assert np.array_equal(task.query_labels, bundle.labels("test")[task.query_index])
    assert task.queries.flags.c_contiguous
    assert task.size == 39


def test_some_rows(bundle):
    task = task_of(bundle, "semantic", "test-vs-test")
    queries, exclude = task[slice(3, 6)]
    assert np.array_equal(queries, task.queries[3:6])
    assert exclude.tolist() == [3, 4, 5]


def test_samples_repeat_by_seed():
    assert sample_queries(5, None, 0).tolist() == sample_queries(5, 5, 9).tolist() == [0, 1, 2, 3, 4]
    first = sample_queries(1000, 50, 1)
    assert np.array_equal(first, sample_queries(1000, 50, 1))
    assert not np.array_equal(first, sample_queries(1000, 50, 2))
    assert len(set(first.tolist())) == 50


def test_refusals(bundle):
    with pytest.raises(BadInput, match="queries 41 is above the 40"):
        task_of(bundle, "semantic", "test-vs-test", queries=41)
    with pytest.raises(BadInput, match="protocol 'nope'"):
        task_of(bundle, "semantic", "nope")
    with pytest.raises(BadInput, match="'leave-one-out' does not fit the bundle 'fake'"):
        task_of(bundle, "semantic", "leave-one-out")
    with pytest.raises(BadInput, match="encoder 'nope'"):
        task_of(bundle, "nope", "test-vs-test")
    one = FakeBundle(queries=1)
    with pytest.raises(BadInput, match="too few to search"):
        task_of(one, "semantic", "test-vs-test")
    assert task_of(one, "semantic", "test-vs-test-with-self").size == 1


def test_a_written_bundle(tiny_bundle):
    task = task_of(tiny_bundle, "semantic", "test-vs-train")
    assert (task.queries.shape, task.gallery.shape, task.size) == ((60, 16), (150, 16), 150)
    assert np.allclose(np.linalg.norm(task.queries, axis=1), 1, atol=1e-6)
