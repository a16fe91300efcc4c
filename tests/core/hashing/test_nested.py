from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.errors import BadInput
from core.hashing.nested import nested_loss
from core.hashing.packing import truncate
from core.hashing.random_hyperplane import RandomHyperplane
from tests.core.hashing.class_data import class_data, fitted, hamming_ap, unfitted


@pytest.fixture(scope="module")
def whole():
    return fitted("nested", 128)


def test_loss_by_hand():
    values = torch.tensor([[3.0, -3.0]])
    codes = torch.tensor([[0.5, 0.1], [2.0, -0.3]], requires_grad=True)  # signs (1, 1) and (1, -1)
    # The first value has the cosine 1 to both; both values have 0 and 1. Without a margin: log 2, and log(1 + e^4).
    expected = (math.log(2) + math.log(1 + math.exp(4))) / 2
    loss = nested_loss(values, codes, torch.tensor([0]), [1, 2], 4.0, 0.0)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    loss.backward()
    assert codes.grad[0, 1] > 0  # a step turns the second bit of the first class's code
    assert nested_loss(values, codes, torch.tensor([1]), [1], 4.0, 0.5).item() == pytest.approx(math.log(1 + math.e**2))


def test_a_shorter_code_begins_the_longer_one():
    X, _ = class_data(300, seed=2)
    whole = fitted("nested", 128, steps=4)
    for bits in (8, 20):
        short = fitted("nested", bits, steps=4)
        assert short.bits == bits
        np.testing.assert_array_equal(short.encode(X), truncate(whole.encode(X), 128, bits))
        np.testing.assert_array_equal(whole.cut(bits).encode(X), short.encode(X))


def test_every_beginning_is_a_good_code(whole):
    gallery, queries = class_data(), class_data(400, seed=1)
    reached = [hamming_ap(whole.cut(bits), gallery, queries) for bits in (8, 16, 32, 128)]
    for bits, found in zip((8, 16, 32), reached, strict=False):
        assert found > hamming_ap(RandomHyperplane(bits).fit(gallery[0]), gallery, queries) + 0.1
    assert reached[0] > 0.6 * reached[-1]
    # Not so the end of the code: what tells most comes first.
    state = whole.state()
    last = {key: state[key][..., -8:] for key in ("output", "output_bias")}
    assert hamming_ap(type(whole).from_state({**state, **last}), gallery, queries) < reached[0]


def test_more_bits_than_are_learned():
    X, y = class_data(40)
    with pytest.raises(BadInput, match="129 bits: nested gives at most 128"):
        unfitted("nested", 129).fit(X, y)
