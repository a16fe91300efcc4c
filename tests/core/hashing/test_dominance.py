from __future__ import annotations

import numpy as np
import pytest

from core.hashing.dominance import HIGHEST, WINDOW, draw_frequencies, term_weights, transform
from tests.core.hashing.fourier_maps import gallery_map, query_map


@pytest.mark.parametrize("frequency", [0.3, -2.0, 17.5])
def test_transform_is_the_integral(frequency):
    z = np.linspace(-WINDOW, WINDOW, 200_001)
    s = WINDOW - np.maximum(z, 0)
    real, imaginary = transform(np.array(frequency))
    assert real == pytest.approx(np.trapezoid(s * np.cos(frequency * z), z), abs=1e-6)
    assert imaginary == pytest.approx(-np.trapezoid(s * np.sin(frequency * z), z), abs=1e-6)


def test_products_of_the_maps_are_the_similarity():
    points = np.linspace(-1, 1, 5)[:, None]
    frequencies = draw_frequencies(1, 40_000, np.random.default_rng(0))
    found = query_map(points, frequencies) @ gallery_map(points, frequencies).T
    wanted = WINDOW - np.maximum(0, points - points.T)  # rows are queries
    np.testing.assert_allclose(found, wanted, atol=0.12)
    assert found[0, 4] - found[4, 0] > 1.5  # a query below the item is served, one above it is not


def test_the_similarity_is_summed_over_dimensions():
    frequencies = draw_frequencies(2, 20_000, np.random.default_rng(1))
    query, item = np.array([[0.5, -0.5]]), np.array([[0.0, 0.5]])
    found = (query_map(query, frequencies) @ gallery_map(item, frequencies).T).item()
    assert found == pytest.approx(2 * WINDOW - 0.5, abs=0.25)


def test_frequencies_follow_their_density():
    drawn = np.abs(draw_frequencies(1, 100_000, np.random.default_rng(0)).ravel())
    assert drawn.max() <= HIGHEST
    grid = np.linspace(1e-6, HIGHEST, 400_001)
    density = sum(map(np.abs, transform(grid)))
    for edge in (0.5, 2.0, 20.0):
        share = density[grid < edge].sum() / density.sum()
        assert (drawn < edge).mean() == pytest.approx(share, abs=0.01)
    weights = np.abs(np.concatenate(term_weights(np.array([[0.7, -3.0]]))))
    assert weights.sum(axis=0) == pytest.approx([weights.sum() / 2] * 2)  # |R| + |I| over p is the same for all
