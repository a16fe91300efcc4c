from __future__ import annotations

import numpy as np

from core.reports.difference_bins import bin_differences


def test_differences_are_binned_with_zero_on_an_edge():
    rng = np.random.default_rng(0)
    for values in (rng.normal(size=500), -rng.random(50), rng.random(50), np.zeros(5), np.array([-0.3, 0.0, 0.1])):
        edges, counts = bin_differences(values)
        assert 0.0 in edges
        assert counts.sum() == (values != 0).sum()
        assert counts[edges[:-1] < 0].sum() == (values < 0).sum()
        assert len(counts) <= 42
        assert edges[0] < 0 < edges[-1]


def test_bins_by_hand():
    edges, counts = bin_differences(np.array([-0.2, -0.05, 0.0, 0.1, 0.1]), bins=3)
    assert edges.round(6).tolist() == [-0.2, -0.1, 0.0, 0.1]
    assert counts.tolist() == [1, 1, 2]
