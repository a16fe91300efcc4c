from __future__ import annotations

import math

import pandas as pd
import pytest

from core.timing.side_figures import (
    conditions,
    fastest_exact,
    largest_batch,
    per_second,
    side_figures,
    speed_ratio,
    under,
)

COLUMNS = ("work", "side", "batch", "threads", "median_ms", "p95_ms", "p99_ms", "limit_ms")
TABLE = pd.DataFrame(
    [
        ("query", "exact-a", 1, 1, 3.0, 4.0, 5.0, 1.0),
        ("query", "exact-b", 1, 1, 2.0, 4.0, 5.0, 1.0),
        ("query:scan", "hashed", 1, 1, 0.1, 0.1, 0.1, 0.5),
        ("query:re-rank", "hashed", 1, 1, 0.3, 0.3, 0.3, 0.5),
        ("query", "hashed", 1, 1, 0.5, 0.6, 0.7, 0.25),
        ("batch", "exact-a", 10, 2, 8.0, 9.0, 9.0, 4.0),
        ("batch:scan", "hashed", 10, 2, 15.0, 16.0, 16.0, 4.0),
        ("batch", "hashed", 10, 2, 16.0, 18.0, 18.0, 4.0),
    ],
    columns=list(COLUMNS),
)


def test_conditions():
    assert conditions(TABLE) == [(1, 1), (10, 2)]
    assert largest_batch(TABLE) == (10, 2)
    assert under(TABLE, 1, 1)["side"].tolist() == ["hashed", "exact-b", "exact-a"]
    assert not under(TABLE, 1, 2).size


def test_ratios_by_hand():
    one, many = under(TABLE, 1, 1), under(TABLE, 10, 2)
    assert fastest_exact(one)["side"] == "exact-b"
    assert (speed_ratio(one), speed_ratio(many)) == (4.0, 0.5)
    assert per_second(fastest_exact(many)) == 1250
    untimed = one.assign(median_ms=[float("nan"), 2.0, 3.0])
    assert math.isnan(speed_ratio(untimed))


def test_figures_of_every_side():
    hashed, second, _ = side_figures(TABLE, 1, 1).to_dict("records")
    assert (hashed["median_us"], hashed["p95_us"], hashed["p99_us"]) == pytest.approx((500, 600, 700))
    assert (hashed["speed"], hashed["of_limit"], hashed["per_second"]) == (4.0, 2.0, 2000)
    assert hashed["stages"] == pytest.approx({"scan": 100, "re-rank": 300})
    assert (second["side"], second["speed"], second["stages"]) == ("exact-b", 1.0, {})
    exact, slow = side_figures(TABLE, 10, 2).to_dict("records")
    assert exact["median_us"] == 800  # a tenth of the batch's
    assert (slow["speed"], slow["per_second"]) == (0.5, 625)
    assert slow["stages"] == {"scan": 1500}
