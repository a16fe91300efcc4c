from __future__ import annotations

import numpy as np
import pytest

from core.hashing.head import MlpHash, as_half, check_labels
from core.hashing.packing import unpack
from core.hashing.training_plan import feature_scale
from tests.core.hashing.class_data import class_data, fitted


class Plain(MlpHash):
    name = "plain"

    def fit(self, X, y=None):
        return self


def by_hand():
    """Two dimensions, two hidden units, three bits."""
    return Plain.from_state(
        {
            "mean": np.array([1.0, 1.0]),
            "scale": np.array([2.0]),
            "hidden": np.array([[1.0, -1.0], [0.0, 2.0]]),
            "hidden_bias": np.array([0.0, 0.5]),
            "output": np.array([[1.0, -1.0, 0.0], [2.0, 0.0, 1.0]]),
            "output_bias": np.array([-1.0, 0.25, -2.0]),
        }
    )


def test_values_by_hand():
    # (3, 1): ((3 - 1) / 2, 0) = (1, 0); hidden (1, -1 + 0.5) -> (1, 0); values (1 - 1, -1 + 0.25, -2).
    # (1, 5): (0, 2); hidden (0, 4.5); values (9 - 1, 0.25, 4.5 - 2).
    method = by_hand()
    values = method.project(np.array([[3.0, 1.0], [1.0, 5.0]]))
    np.testing.assert_allclose(values, [[0.0, -0.75, -2.0], [8.0, 0.25, 2.5]])
    bits = unpack(method.encode(np.array([[3.0, 1.0], [1.0, 5.0]])), 3)
    assert bits.tolist() == [[False, False, False], [True, True, True]]  # a value of 0 is no bit


def test_cut_keeps_the_first_values():
    method = by_hand().cut(2)
    assert method.bits == 2
    np.testing.assert_allclose(method.project(np.array([[1.0, 5.0]])), [[8.0, 0.25]])


def test_matrices_hold_what_float16_holds():
    state = fitted("greedyhash", 12, steps=20).state()
    for key in ("hidden", "output"):
        np.testing.assert_array_equal(state[key], state[key].astype(np.float16).astype(np.float32))
    assert as_half(np.array([1e9, -1e9, 1.0001], np.float32)).tolist() == [65504.0, -65504.0, 1.0]


def test_scale_of_the_features_plays_no_part():
    X, y = class_data(400)
    codes = [fitted("csq", 16, steps=20, data=(X * np.float32(factor), y)).encode(X * np.float32(factor))
             for factor in (1, 2.0**20, 2.0**-20)]  # fmt: skip
    np.testing.assert_array_equal(codes[0], codes[1])
    np.testing.assert_array_equal(codes[0], codes[2])


def test_feature_scale_is_the_root_mean_variance():
    X = np.array([[0.0, 0.0], [2.0, 4.0]], np.float32)  # variances 1 and 4
    assert feature_scale(X, X.mean(axis=0)) == pytest.approx(np.sqrt(2.5))


def test_labels_are_numbered_without_gaps():
    labels, classes = check_labels("x", np.array([7, 3, 7, 9], np.uint8), 4)
    assert labels.tolist() == [1, 0, 1, 2]
    assert classes.tolist() == [3, 7, 9]
