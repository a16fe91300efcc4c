from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.search.select import select_by_score
from tests.core.search.worlds import quick

HUGE = float(np.finfo(np.float64).max)
TINY = float(np.nextafter(0.0, 1.0))


def by_score(scores, depth, exclude=-1):
    count = len(scores)
    ids, values = np.empty(depth, np.int32), np.empty(depth)
    scratch = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count)
    select_by_score(np.asarray(scores, np.float64), exclude, ids, values, *scratch)
    return ids, values


def check_scores(scores, depth, exclude=-1):
    scores = np.asarray(scores, np.float64)
    expected = sorted((n for n in range(len(scores)) if n != exclude), key=lambda n: (-scores[n], n))[:depth]
    ids, values = by_score(scores, depth, exclude)
    assert ids.tolist() == expected
    assert np.array_equal(values, scores[expected])


def test_scores_by_hand():
    ids, values = by_score([0.5, 0.9, 0.5, -1.0, 0.9], 4)
    assert ids.tolist() == [1, 4, 0, 2]
    assert values.tolist() == [0.9, 0.9, 0.5, 0.5]
    assert by_score([0.5, 0.9, 0.5, -1.0, 0.9], 3, exclude=1)[0].tolist() == [4, 0, 2]


ADVERSARIAL = {
    "all equal": np.zeros(300),
    "all equal, not zero": np.full(300, -0.3),
    "two values": np.tile([0.25, 0.75], 150),
    "two neighbouring doubles": np.tile([1.0, np.nextafter(1.0, 2.0)], 150),
    "a huge outlier crowds the rest into one bin": np.append(np.random.default_rng(0).random(400), 1e12),
    "an outlier below": np.append(np.random.default_rng(1).random(400), -1e300),
    "infinite span": np.array([HUGE, -HUGE, 0.0, 1.0, HUGE, -1.0] * 20),
    "denormals": np.array([TINY, 0.0, 3 * TINY, TINY, 2 * TINY] * 20),
    "a span near the smallest normal": np.linspace(0, 4e-308, 100),
    "a span at the edge of one bin": np.linspace(0, 1.0000001e-300, 100),
    "signed zeros are equal": np.array([0.0, -0.0] * 60),
    "signed zeros alone": np.array([-0.0, 0.0, -0.0, 0.0]),
    "ascending": np.arange(1000.0),
    "descending": -np.arange(1000.0),
    "bin borders": -np.repeat([0.0, *2.0 ** np.arange(-32, 2), *(1 + np.arange(1, 9) / 128)], 7),
    "gaps from the smallest to the largest": -np.append(0.0, 10.0 ** np.arange(-300, 300)),
    "49 in a bin": np.append(np.linspace(0.5, 0.500001, 49)[::-1], [0.0, 1.0]),
    "48 in a bin": np.append(np.linspace(0.5, 0.500001, 48), [0.0, 1.0]),
    "one item": np.array([0.7]),
}


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_adversarial_scores(name):
    scores = ADVERSARIAL[name]
    for depth in {1, min(2, len(scores)), len(scores) // 2 or 1, len(scores)}:
        check_scores(scores, depth)
    for exclude in (0, len(scores) // 2, len(scores) - 1):
        for depth in {1, len(scores) // 3 or 1, len(scores) - 1} - {0}:
            if depth < len(scores):
                check_scores(scores, depth, exclude)


any_scores = arrays.arrays(
    np.float64,
    st.integers(2, 120),
    elements=st.one_of(
        st.floats(allow_nan=False, allow_infinity=False), st.floats(-1, 1), st.sampled_from([0.0, 0.5, 1.0])
    ),
)


@quick
@given(any_scores, st.data())
def test_scores_are_selected_as_a_stable_sort_would(scores, data):
    exclude = data.draw(st.integers(-1, len(scores) - 1))
    check_scores(scores, data.draw(st.integers(1, len(scores) - (exclude >= 0))), exclude)
