from __future__ import annotations

import numpy as np
import pytest

from core.errors import BadInput
from core.space import open_space, sample_queries
from tests.core.fakes import FakeBundle


@pytest.fixture(scope="module")
def bundle():
    return FakeBundle(queries=40, gallery=120)


@pytest.mark.parametrize(
    ("protocol", "gallery", "size", "left_out"),
    [("test-vs-test", 40, 39, True), ("test-vs-train", 120, 120, False), ("test-vs-test-with-self", 40, 40, False)],
)
def test_protocols(bundle, protocol, gallery, size, left_out):
    space = open_space(bundle, "semantic", protocol)
    assert space.protocol.name == protocol
    assert space.queries.shape == (40, 8)
    assert space.gallery.shape == (gallery, 8)
    assert space.longest == pytest.approx(1, abs=1e-6)
    assert space.size == size
    assert space.query_index.tolist() == list(range(40))
    assert space.exclude.tolist() == (list(range(40)) if left_out else [-1] * 40)
    assert np.array_equal(space.query_labels, bundle.labels("test"))
    assert len(space.gallery_labels) == gallery


def test_a_sample_of_queries_keeps_their_places(bundle):
    space = open_space(bundle, "semantic", "test-vs-test", queries=7, seed=3)
    assert len(space.queries) == 7
    assert (np.diff(space.query_index) > 0).all()
    assert np.array_equal(space.exclude, space.query_index)
    assert np.array_equal(space.queries, bundle.embeddings("semantic", "test")[space.query_index])
    assert np.array_equal(space.query_labels, bundle.labels("test")[space.query_index])
    assert space.queries.flags.c_contiguous
    assert space.size == 39


def test_some_rows(bundle):
    space = open_space(bundle, "semantic", "test-vs-test")
    queries, exclude = space[slice(3, 6)]
    assert np.array_equal(queries, space.queries[3:6])
    assert exclude.tolist() == [3, 4, 5]


def test_samples_repeat_by_seed():
    assert sample_queries(5, None, 0).tolist() == sample_queries(5, 5, 9).tolist() == [0, 1, 2, 3, 4]
    first = sample_queries(1000, 50, 1)
    assert np.array_equal(first, sample_queries(1000, 50, 1))
    assert not np.array_equal(first, sample_queries(1000, 50, 2))
    assert len(set(first.tolist())) == 50


def test_refusals(bundle):
    with pytest.raises(BadInput, match="queries 41 is above the 40"):
        open_space(bundle, "semantic", "test-vs-test", queries=41)
    with pytest.raises(BadInput, match="protocol 'nope'"):
        open_space(bundle, "semantic", "nope")
    with pytest.raises(BadInput, match="'leave-one-out' does not fit the bundle 'fake'"):
        open_space(bundle, "semantic", "leave-one-out")
    with pytest.raises(BadInput, match="encoder 'nope'"):
        open_space(bundle, "nope", "test-vs-test")
    one = FakeBundle(queries=1)
    with pytest.raises(BadInput, match="too few to search"):
        open_space(one, "semantic", "test-vs-test")
    assert open_space(one, "semantic", "test-vs-test-with-self").size == 1


def test_a_written_bundle(tiny_bundle):
    space = open_space(tiny_bundle, "semantic", "test-vs-train")
    assert (space.queries.shape, space.gallery.shape, space.size) == ((60, 16), (150, 16), 150)
    assert np.allclose(np.linalg.norm(space.queries, axis=1), 1, atol=1e-6)
