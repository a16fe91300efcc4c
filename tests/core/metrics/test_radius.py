from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hashing import packing
from core.metrics.radius import precision_recall_by_radius, radius_values
from tests import reference
from tests.core.search.worlds import quick, worlds


def test_precision_and_recall_by_radius_by_hand():
    # Query 0 finds 1 of 2, then 2 of 3, then 2 of 4 items; query 1 finds nothing within radius 0, then 1 of 1.
    levels = np.array([[2, 1, 1], [0, 1, 3]], np.int32)
    relevant = np.array([[1, 1, 0], [0, 1, 1]], np.int32)
    precision, recall = precision_recall_by_radius(levels, relevant)
    assert precision == pytest.approx([(1 / 2 + 0) / 2, (2 / 3 + 1) / 2, (2 / 4 + 2 / 4) / 2])
    assert recall == pytest.approx([(1 / 2 + 0) / 2, (1 + 1 / 2) / 2, 1])


def test_a_query_without_relevant_items_counts_zero():
    precision, recall = precision_recall_by_radius(np.array([[2, 3]], np.int32), np.zeros((1, 2), np.int32))
    assert precision.tolist() == recall.tolist() == [0, 0]


def codes(*rows):
    return packing.to_words(packing.pack(np.array([[c == "1" for c in row] for row in rows])))


def test_within_a_radius_by_hand():
    gallery = codes("1111", "0011", "1110", "0000", "1111")
    labels = np.array([0, 0, 1, 0, 1])
    # Order: 0 and 4 at distance 0, 2 at 1, 1 at 2; the item at 4 is outside. Relevant: 0 and 1.
    args = (codes("1111"), gallery, np.array([0]), labels)
    precision, average, returned = radius_values(*args, np.array([-1]), 2)
    assert (precision.tolist(), returned.tolist()) == ([0.5], [4])
    assert average == pytest.approx([(1 + 2 / 4) / 2])
    precision, average, returned = radius_values(*args, np.array([0]), 2)
    assert precision == pytest.approx([1 / 3])
    assert average == pytest.approx([1 / 3])
    assert returned.tolist() == [3]
    precision, average, returned = radius_values(*args, np.array([-1]), 0)
    assert (precision.tolist(), average.tolist(), returned.tolist()) == ([0.5], [1], [2])


def test_a_query_that_finds_nothing_counts_zero():
    found = radius_values(codes("1111"), codes("0000"), np.array([0]), np.array([0]), np.array([-1]), 2)
    assert [float(array[0]) for array in found] == [0, 0, 0]


@quick
@given(worlds(), st.integers(0, 3))
def test_equals_the_loops(world, radius):
    rng = np.random.default_rng(radius)
    labels, query_labels = rng.integers(0, 3, len(world.gallery)), rng.integers(0, 3, len(world.queries))
    found = radius_values(*world.words, query_labels, labels, world.exclude, radius, world.cap, world.threads)
    for q, code in enumerate(world.query_codes):
        order = reference.hamming_ranking(code, world.gallery_codes, int(world.exclude[q]), world.cap)
        cap = world.bits if world.cap is None else world.cap
        rel = [
            int(labels[n] == query_labels[q])
            for n in order
            if min(cap, reference.hamming(code, world.gallery_codes[n])) <= radius
        ]
        total = sum(sum(rel[: i + 1]) / (i + 1) for i in range(len(rel)) if rel[i])
        assert found[0][q] == (sum(rel) / len(rel) if rel else 0)
        assert found[1][q] == pytest.approx(total / sum(rel) if any(rel) else 0, abs=1e-12)
        assert found[2][q] == len(rel)
