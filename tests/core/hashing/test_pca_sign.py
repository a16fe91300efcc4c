from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from core.errors import BadInput
from core.hashing.packing import truncate, unpack
from core.hashing.pca_sign import PcaSign, principal_components


def features(count=500, dimensions=20, seed=0):
    generator = np.random.default_rng(seed)
    scales = 1.3 ** -np.arange(dimensions)  # well separated variances
    turn = np.linalg.qr(generator.normal(size=(dimensions, dimensions)))[0]
    return (generator.normal(size=(count, dimensions)) * scales @ turn + 3).astype(np.float32)


def test_components_agree_with_scikit_learn():
    X = features()
    mean, axes = principal_components(X, 12)
    reference = PCA(12, svd_solver="full").fit(X.astype(np.float64))
    assert np.allclose(mean, reference.mean_, atol=1e-12)
    signs = np.sign((axes.T * reference.components_).sum(axis=1))
    assert np.allclose(axes.T * signs[:, None], reference.components_, atol=1e-9)
    expected = reference.transform(X.astype(np.float64)) * signs
    method = PcaSign(12).fit(X)
    assert np.allclose(method.project(X), expected, atol=1e-5)
    sure = np.abs(expected) > 1e-5
    assert sure.mean() > 0.99
    assert np.array_equal(unpack(method.encode(X), 12)[sure], (expected > 0)[sure])


def test_by_hand():
    # Variance along (1, 1) is larger than along (1, -1); the mean is (1, 0).
    X = np.array([[3, 2], [-1, -2], [2, -1], [0, 1]], dtype=np.float32)
    method = PcaSign(2).fit(X)
    root = np.sqrt(0.5)
    assert np.allclose(method.mean, [1, 0])
    assert np.allclose(method.projection[:, 0], [root, root])
    assert np.allclose(np.abs(method.projection[:, 1]), root)
    assert unpack(method.encode(X), 2)[:2, 0].tolist() == [True, False]


def test_largest_entry_of_each_axis_is_positive():
    for seed in range(5):
        _, axes = principal_components(features(seed=seed), 20)
        assert (axes[np.abs(axes).argmax(axis=0), np.arange(20)] > 0).all()


def test_sign_convention_makes_the_code_independent_of_the_order_of_rows():
    X = features()
    backwards = PcaSign(12).fit(X[::-1])
    assert np.allclose(backwards.projection, PcaSign(12).fit(X).projection, atol=1e-6)


def test_axes_are_orthonormal_and_variances_fall():
    X = features()
    mean, axes = principal_components(X, 20)
    assert np.allclose(axes.T @ axes, np.eye(20), atol=1e-12)
    variances = ((X - mean) @ axes).var(axis=0)
    assert (np.diff(variances) < 0).all()


def test_many_rows_are_summed_in_parts():
    X = features(20_000, 6)
    expected = np.linalg.eigh(np.cov(X.astype(np.float64).T))[1][:, ::-1]
    _, axes = principal_components(X, 6)
    assert np.allclose(np.abs((axes * expected).sum(axis=0)), 1, atol=1e-9)


def test_shorter_code_is_the_start_of_a_longer_one():
    X = features()
    long = PcaSign(20).fit(X)
    for bits in (1, 8, 13):
        assert np.array_equal(PcaSign(bits).fit(X).encode(X), truncate(long.encode(X), 20, bits))


def test_seed_plays_no_part_and_fits_repeat_exactly():
    X = features()
    assert np.array_equal(PcaSign(16, seed=0).fit(X).projection, PcaSign(16, seed=9).fit(X).projection)


def test_large_offset_does_not_drown_the_variance():
    X = features() + np.float32(1000)
    reference = PCA(3, svd_solver="full").fit(X.astype(np.float64)).components_
    _, axes = principal_components(X, 3)
    assert np.allclose(np.abs((axes.T * reference).sum(axis=1)), 1, atol=1e-9)


def test_more_bits_than_dimensions_names_the_way_out():
    with pytest.raises(BadInput, match=r"24 bits from 20 dimensions: pca-sign.*random-hyperplane"):
        PcaSign(24).fit(features())


def test_or_fewer_axes_where_there_are_no_more():
    X = features(30, 4)
    flat = np.hstack([X, X[:, :2], np.full((30, 2), 0.7, dtype=np.float32)])
    for count, found in ((3, 3), (4, 4), (8, 4), (99, 4)):
        axes = principal_components(flat, count, or_fewer=True)[1]
        assert np.array_equal(axes, principal_components(flat, found)[1])


def test_more_bits_than_directions_of_variation():
    X = features(30, 4)
    flat = np.hstack([X, X @ np.ones((4, 2), dtype=np.float32), np.full((30, 2), 0.7, dtype=np.float32)])
    assert PcaSign(4).fit(flat).bits == 4
    with pytest.raises(BadInput, match="vary in 4 directions"):
        PcaSign(5).fit(flat)
    with pytest.raises(BadInput, match="8 bits from 6 rows of features that vary in 5 directions"):
        PcaSign(8).fit(features(6))


@pytest.mark.parametrize("value", [0.0, 0.1, 1e4])
def test_constant_features(value):
    with pytest.raises(BadInput, match="constant"):
        PcaSign(2).fit(np.full((1000, 4), value, dtype=np.float32))


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_scale_of_the_features_plays_no_part(scale):
    X = features()
    scaled = PcaSign(12).fit((X * scale).astype(np.float64))
    assert np.allclose(scaled.projection, PcaSign(12).fit(X).projection, atol=1e-5)


def test_fewer_than_two_rows_and_nan():
    with pytest.raises(BadInput, match="1 rows of features: expected at least 2"):
        PcaSign(2).fit(features(1))
    X = features()
    X[7, 0] = np.nan
    with pytest.raises(BadInput, match="row 7"):
        PcaSign(2).fit(X)
