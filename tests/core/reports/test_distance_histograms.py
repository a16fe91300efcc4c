from __future__ import annotations

import numpy as np
import pytest

from core.engine.engine import Engine
from core.hashing.packing import unpack
from core.reports.distance_histograms import (
    OTHER,
    SAME,
    SUPERCLASS,
    DistanceHistograms,
    distance_histograms,
    histogram_table,
    overlap_table,
)
from core.settings import Setting
from tests.core.codes.worlds import OTHERS, distances
from tests.core.codes.worlds import setting as other_setting


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


def test_overlap_by_hand():
    shares = {SAME: np.array([0.5, 0.3, 0.2]), OTHER: np.array([0.1, 0.3, 0.6])}
    found = DistanceHistograms(np.array([0.0, 1.0, 2.0]), shares, {SAME: 10, OTHER: 10}, 5, False)
    assert found.overlap() == pytest.approx(0.1 + 0.3 + 0.2)
    assert found.mean(SAME) == pytest.approx(0.7)
    assert found.overlap(SAME, SAME) == 1.0


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train"])
def test_all_pairs_are_counted_by_relation(engine, protocol):
    setting = Setting("semantic", "latent-sigmoid", 16, "1", protocol, "wordnet")
    found = distance_histograms(engine, setting)
    task, codes = engine.at(setting).task, engine.at(setting).codes
    queries, gallery = (unpack(c.packed, 16) for c in (codes.queries, codes.gallery))
    apart = (queries[:, None] != gallery[None]).sum(axis=2)
    kept = np.arange(len(gallery))[None] != task.exclude[:, None]
    same = task.query_labels[:, None] == task.gallery_labels[None]
    groups = engine.bundle.superclass_of
    alike = groups[task.query_labels][:, None] == groups[task.gallery_labels][None]
    for relation, chosen in ((SAME, same), (SUPERCLASS, alike & ~same), (OTHER, ~alike)):
        counts = np.bincount(apart[chosen & kept], minlength=17)
        assert found.pairs[relation] == counts.sum()
        np.testing.assert_allclose(found.shares[relation], counts / counts.sum())
    assert (found.queries, found.binned, len(found.at)) == (60, False, 17)


def test_equal_or_not(engine):
    setting = Setting("semantic", "predicted-class", 4, "1", "test-vs-test", "wordnet")
    found = distance_histograms(engine, setting)
    assert found.at.tolist() == [0.0, 1.0]
    assert all(share.sum() == pytest.approx(1.0) for share in found.shares.values())


@pytest.mark.parametrize("kind", OTHERS)
def test_other_distances_are_sampled_and_binned(engine, kind):
    setting = other_setting(kind, "test-vs-test", "1")
    found = distance_histograms(engine, setting, sample=60)
    task = engine.at(setting).task
    same = []
    for query in range(60):
        apart = distances(engine, setting, query)
        chosen = (task.gallery_labels == task.query_labels[query]) & (np.arange(60) != query)
        same.extend(np.asarray(apart, float)[chosen])
    assert found.binned
    assert found.pairs[SAME] == len(same)
    width = found.at[1] - found.at[0]
    assert found.mean(SAME) == pytest.approx(np.mean(same), abs=width / 2)
    assert distance_histograms(engine, setting, sample=7).queries == 7


def test_histograms_as_tables():
    shares = {SAME: np.array([0.5, 0.3, 0.2]), OTHER: np.array([0.1, 0.3, 0.6])}
    found = DistanceHistograms(np.array([0.0, 1.0, 2.0]), shares, {SAME: 10, OTHER: 40}, 5, False)
    table = histogram_table(found)
    assert table["relation"].tolist() == [SAME] * 3 + [OTHER] * 3
    assert table["distance"].tolist() == [0, 1, 2] * 2 and table["share"].tolist() == [0.5, 0.3, 0.2, 0.1, 0.3, 0.6]
    overlaps = overlap_table(found)
    assert overlaps["pairs"].tolist() == [10, 40] and overlaps["queries"].tolist() == [5, 5]
    assert overlaps["mean"].tolist() == pytest.approx([0.7, 1.5])
    assert overlaps["overlap"].tolist() == pytest.approx([1.0, 0.6])
