import numpy as np

from core.building.bundle_entries import principal_axes


def test_principal_axes_of_a_stretched_cloud():
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(500, 3)) * [1, 5, 0.1] + [10, 0, 0]).astype(np.float32)
    mean, axes = principal_axes(vectors, 2)
    np.testing.assert_allclose(mean, vectors.mean(axis=0), atol=1e-5)
    assert abs(axes[1, 0]) > 0.99  # the widest direction first
    assert abs(axes[0, 1]) > 0.99
    np.testing.assert_allclose(axes.T @ axes, np.eye(2), atol=1e-6)
