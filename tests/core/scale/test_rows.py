from __future__ import annotations

import numpy as np
import pytest

from core.errors import BadInput
from core.scale import rows
from core.scale.rows import Source, kept_class, noise_level, open_source


def source(noise=0.3, seed=0, dimensions=5):
    rng = np.random.default_rng(1)
    real = rng.normal(size=(7, dimensions)).astype(np.float32)
    return Source("v", "e", "train", real, np.arange(7) % 3, noise, seed)


def test_real_rows_come_first_and_copies_keep_their_length():
    made = source()
    block = made.block(0, 40)
    assert np.array_equal(block[:7], made.rows)
    lengths = np.linalg.norm(made.rows, axis=1)
    assert np.allclose(np.linalg.norm(block, axis=1), np.resize(lengths, 40), rtol=1e-5)
    assert np.linalg.norm(block, axis=1).max() <= made.longest()
    assert len(np.unique(block, axis=0)) == 40
    assert made.labels_of(9).tolist() == [0, 1, 2, 0, 1, 2, 0, 0, 1]


def test_a_block_can_be_made_anew_from_its_number_alone(monkeypatch):
    monkeypatch.setattr(rows, "BLOCK", 10)
    made = source()
    whole = made.block(3, 10)
    assert np.array_equal(source().block(3, 10), whole)
    assert np.array_equal(made.block(3, 4), whole[:4])
    assert not np.array_equal(source(seed=1).block(3, 10), whole)
    assert np.allclose(source(noise=0).block(3, 10), made.rows[np.arange(30, 40) % 7], atol=1e-6)


def test_noise_has_the_length_that_is_asked_for():
    made = source(noise=0.25, dimensions=400)
    copies = made.block(1, 200)
    real = made.rows[(rows.BLOCK + np.arange(200)) % 7]
    cosines = (copies * real).sum(axis=1) / np.linalg.norm(real, axis=1) ** 2
    assert cosines.mean() == pytest.approx(1 / np.sqrt(1 + 0.25**2), abs=0.01)


def test_a_zero_embedding_stays_zero():
    made = source()
    made.rows[2] = 0
    block = made.block(0, 40)
    assert np.isfinite(block).all()
    assert not block[[2, 9, 16]].any()


def test_noise_level_by_hand():
    # Class means point at 0, 90 and 180 degrees: the nearest other one is 90 away, half of that has tangent 1.
    vectors = np.array([[2, 0], [1, 0], [0, 1], [-3, 0]], np.float32)
    assert noise_level(vectors, np.array([0, 0, 1, 2])) == pytest.approx(1.0)
    # 60 degrees between the two: the tangent of 30.
    vectors = np.array([[1, 0], [0.5, 3**0.5 / 2]], np.float32)
    assert noise_level(vectors, np.array([4, 9])) == pytest.approx(3**-0.5, rel=1e-5)
    with pytest.raises(BadInput, match="2 classes"):
        noise_level(vectors, np.array([4, 4]))


def test_kept_class(monkeypatch):
    monkeypatch.setattr(rows, "BLOCK", 64)
    far = np.eye(3, dtype=np.float32)
    assert kept_class(Source("v", "e", "train", far, np.arange(3), 0.01, 0)) == 1.0
    assert kept_class(Source("v", "e", "train", far, np.arange(3), 50.0, 0)) < 0.7


def test_of_a_bundle(tiny_bundle):
    made = open_source(tiny_bundle, "semantic", 5)
    assert made.split == "train"
    assert (len(made.rows), made.dimensions, made.seed) == (150, 16, 5)
    assert made.described()["version"] == tiny_bundle.version
