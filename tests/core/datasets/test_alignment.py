from __future__ import annotations

import numpy as np
import pytest

from core.datasets.alignment import _least_agreement, _overlap, _transform, correlate
from tests.core.datasets.pictures import cut, scenes

IDENTITY = (0.0, 1.0, 0.0, 0.0)


def noise(seed=0, side=16, planes=1):
    return np.random.default_rng(seed).normal(size=(planes, side, side)).astype(np.float32)


def test_an_overlap_is_numpys_correlation():
    a, b = noise(1), noise(2)
    expected = np.corrcoef(a[0, 1:13, 3:].ravel(), b[0, 4:, :13].ravel())[0, 1]
    assert _overlap(a, b, 0, 13, 3, -3) == pytest.approx(
        np.corrcoef(a[0, :13, 3:13].ravel(), b[0, 3:, :10].ravel())[0, 1]
    )
    assert _overlap(a, b, 1, 16, 3, -3) == pytest.approx(expected)
    assert _overlap(a, 3 * a + 7, 0, 16, 0, 0) == pytest.approx(1)
    assert _overlap(a, -a, 0, 16, 0, 0) == pytest.approx(-1)


def test_little_overlap_or_nothing_to_compare_counts_nothing():
    a = noise(1)
    assert _overlap(a, a, 0, 16, 12, 0) == 0
    assert _overlap(a, a, 0, 16, 0, 20) == 0
    assert _overlap(a, np.ones_like(a), 0, 16, 0, 0) == 0


def test_scaling_about_the_centre():
    ramp = np.tile(np.arange(16, dtype=np.float32), (1, 16, 1))
    out = np.zeros_like(ramp)
    assert _transform(ramp, 1.0, False, out) == (0, 16)
    assert np.array_equal(out, ramp)
    assert _transform(ramp, 1.0, True, out) == (0, 16)
    assert np.array_equal(out, ramp[:, :, ::-1])
    assert _transform(ramp, 2.0, False, out) == (0, 16)
    assert out[0, 5] == pytest.approx(7.5 + (np.arange(16) - 7.5) / 2)
    assert _transform(ramp, 0.5, False, out) == (4, 12)  # 7.5 - 3.75 and 7.5 + 3.75, inwards
    assert out[0, 6, 4:12] == pytest.approx(7.5 + (np.arange(4, 12) - 7.5) * 2)


def test_the_worst_part_counts():
    a = noise(3, planes=3)
    b = 2 * a + 5
    assert _least_agreement(a, b, 0, 16, 0, 0) == pytest.approx(1, abs=1e-6)
    b[:, 4:8, 8:12] = 5  # one of the 16 parts
    apart = [(part - part.mean()) / part.std() for part in (a.astype(float), b.astype(float))]
    expected = 1 - ((apart[0] - apart[1])[:, 4:8, 8:12] ** 2).mean() / 2
    assert _least_agreement(a, b, 0, 16, 0, 0) == pytest.approx(expected, abs=1e-5)
    assert expected < 0.7
    assert _least_agreement(a, -a, 0, 16, 0, 0) == 0
    assert _least_agreement(a, np.ones_like(a), 0, 16, 0, 0) == 0


def test_pairs_are_scored_at_their_best_pose():
    scene = scenes(1)[0].astype(np.float32).transpose(2, 0, 1)

    def planes(down, right):
        moved = cut(scene.transpose(1, 2, 0), down, right).transpose(2, 0, 1)
        return np.ascontiguousarray(moved)[None]

    one, moved = planes(0, 0), planes(2, -3)
    mirrored = np.ascontiguousarray(moved[..., ::-1])
    pair = np.array([[0, 0]])
    for other in (one, moved):
        assert correlate(one[:, 0], other[:, 0], one, other, pair, np.array([IDENTITY]), 1) == pytest.approx(
            1, abs=1e-4
        )
    # three pixels either way are tried around the shift given, no mirror image but the one given
    far = np.array([(0.0, 1.0, 8.0, 0.0)])
    assert correlate(one[:, 0], moved[:, 0], one, moved, pair, far, 1)[0] < 0.5
    assert correlate(one[:, 0], mirrored[:, 0], one, mirrored, pair, np.array([IDENTITY]), 1)[0] < 0.5
    flipped = np.array([(1.0, 1.0, 0.0, 0.0)])
    assert correlate(one[:, 0], mirrored[:, 0], one, mirrored, pair, flipped, 1) == pytest.approx(1, abs=1e-4)
