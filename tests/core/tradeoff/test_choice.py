from __future__ import annotations

import pandas as pd
import pytest

from core.errors import BadInput
from core.tradeoff.choice import choose, front_of, least_quality, relative_loss

POINTS = pd.DataFrame({
    "bits": [16, 32, 48], "multiplier": ["1", "2", "2"], "quality": [0.30, 0.45, 0.48], "bytes": [20, 50, 80],
    "ms": [0.1, float("nan"), 0.4],
})  # fmt: skip
EXACT = (100.0, 0.5)


def test_the_cheapest_that_is_good_enough():
    found = choose(POINTS, EXACT, 10, "bytes")
    assert (found.row["bits"], found.good_enough) == (32, True)
    assert (found.loss, found.cost_share) == (pytest.approx(0.1), 0.5)
    timed = choose(POINTS, (0.2, 0.5), 10, "ms")  # what was not timed is no choice
    assert (timed.row["bits"], timed.cost_share) == (48, pytest.approx(2.0))


def test_where_none_is_it_is_the_best():
    found = choose(POINTS, EXACT, 1, "bytes")
    assert (found.row["bits"], found.good_enough, found.loss) == (48, False, pytest.approx(0.04))
    with pytest.raises(BadInput, match="outside 0 to 100"):
        choose(POINTS, EXACT, 101, "bytes")


def test_losses():
    assert relative_loss(0.6, 0.5) == pytest.approx(-0.2)
    assert relative_loss(0.6, 0.0) == 0.0
    assert least_quality(0.5, 1) == pytest.approx(0.495)


def test_exact_search_is_one_of_the_front():
    front = front_of(POINTS, "bytes", (60.0, 0.5))
    assert front.tolist() == [[20, 0.30], [50, 0.45], [60, 0.5]]  # cheaper than 48 bits, and better
    assert front_of(POINTS, "ms", (0.3, 0.5)).tolist() == [[0.1, 0.30], [0.3, 0.5]]
