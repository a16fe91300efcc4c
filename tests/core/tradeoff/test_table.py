"""The grid as a table, of a grid by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.settings import Setting
from core.tradeoff.grid import Grid
from core.tradeoff.table import cheapest_table, grid_table, timed_points

SETTING = Setting("semantic", "itq", 16, "2", "test-vs-test", "wordnet")
GRID = Grid(
    SETTING, 10, (8, 16), ("1", "2"), (10, 20), 60, 100, 4,
    {"ap": np.array([[0.25, 0.5], [0.75, 1.0]])}, {"ap": np.zeros((2, 2))}, {"ap": 1.0},
)  # fmt: skip
TIMES = {(8, "1"): 0.5, (8, "2"): 0.25, (16, "1"): 0.125}


def test_every_point_with_what_it_rests_on():
    table = grid_table(GRID, "ap", "v1")
    assert table["quality"].tolist() == [0.25, 0.5, 0.75, 1.0]
    assert table["bytes"].tolist() == [100 + 160, 100 + 320, 200 + 160, 200 + 320]
    assert table.columns.tolist()[-7:] == ["metric", "k", "exact", "queries", "protocol", "hierarchy", "version"]
    assert table.iloc[0].tolist()[-7:] == ["ap", 10, 1.0, 60, "test-vs-test", "wordnet", "v1"]
    assert "ms" not in table


def test_times_stand_at_their_setting_and_are_empty_elsewhere():
    times = timed_points(GRID, "ap", TIMES)["ms"].tolist()
    assert times[:3] == [0.5, 0.25, 0.125] and np.isnan(times[3])
    assert "ms" in grid_table(GRID, "ap", "v1", TIMES)


def test_the_cheapest_by_each_cost():
    table = grid_table(GRID, "ap", "v1", TIMES)
    found = cheapest_table(table, 50, {"bytes": 1600.0, "ms": 0.2})
    assert found["cheapest_by"].tolist() == ["bytes", "ms"]
    assert found[["bits", "multiplier", "loss"]].to_numpy().tolist() == [[16, "1", 25.0], [16, "1", 25.0]]
    assert found["exact_cost"].tolist() == [1600.0, 0.2]
    assert cheapest_table(grid_table(GRID, "ap", "v1"), 0, {"bytes": 1600.0})["quality"].tolist() == [1.0]


def test_no_row_where_none_is_good_enough():
    table = grid_table(GRID, "ap", "v1").iloc[:2]
    found = cheapest_table(table, 10, {"bytes": 1600.0})
    assert found.empty and found.columns[0] == "cheapest_by"


@pytest.mark.parametrize("loss", [-1, 101])
def test_a_loss_that_is_no_share_is_refused(loss):
    with pytest.raises(ValueError, match="outside 0 to 100"):
        cheapest_table(grid_table(GRID, "ap", "v1"), loss, {"bytes": 1.0})
