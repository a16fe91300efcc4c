from __future__ import annotations

import numpy as np

from core.datasets.held_out import held_out


def test_a_tenth_of_each_class_seeded_and_disjoint_from_the_rest():
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 60))
    chosen = held_out(labels)
    assert (np.diff(chosen) > 0).all()  # sorted, none twice
    assert np.bincount(labels[chosen]).tolist() == [6] * 10
    assert (held_out(labels) == chosen).all()
    assert held_out(labels, seed=1).tolist() != chosen.tolist()
    assert np.bincount(labels[np.setdiff1d(np.arange(600), chosen)]).tolist() == [54] * 10


def test_a_small_class_gives_one():
    assert np.bincount(np.array([0, 0, 1, 1, 1])[held_out(np.array([0, 0, 1, 1, 1]))]).tolist() == [1, 1]
