import numpy as np
import pytest

from core.encoders.validation import judge


def test_figures_by_hand():
    """Four images on a circle at 0, 10, 20 and 30 degrees, classes 0, 0, 1, 1; the nearest other image comes first."""
    angles = np.radians([0.0, 10.0, 21.0, 30.0])
    embeddings = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    labels = np.array([0, 0, 1, 1])
    ap, ahp, precision = judge(embeddings, labels, np.array([[1.0, 0.5], [0.5, 1.0]]))
    # Image 0 finds 1, 2, 3; image 1 finds 0, 2, 3; image 2 finds 3 (9 degrees away), 1, 0; image 3 finds 2, 1, 0.
    assert precision == 1
    assert ap == 1
    assert ahp == pytest.approx(1)


def test_a_wrong_neighbour_costs():
    angles = np.radians([0.0, 10.0, 15.0, 40.0])
    embeddings = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    ap, ahp, precision = judge(embeddings, np.array([0, 0, 1, 1]), np.array([[1.0, 0.5], [0.5, 1.0]]))
    # 0: 1 2 3 right at once. 1: 2 0 3, its own at rank 2. 2: 1 0 3, its own at rank 3. 3: 2 1 0, right at once.
    assert precision == pytest.approx(0.5)
    assert ap == pytest.approx((1 + 1 / 2 + 1 / 3 + 1) / 4)
    # Ideal sums are 1, 1.5, 2; image 1 reaches .5, 1.5, 2 and image 2 .5, 1, 2.
    assert ahp == pytest.approx((1 + (0.5 + 1 + 1) / 3 + (0.5 + 1 / 1.5 + 1) / 3 + 1) / 4)
