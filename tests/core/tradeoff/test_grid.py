"""The grid against the engine's own results, cost by hand, front and choice against plain search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.engine.engine import Engine
from core.errors import BadInput
from core.metrics.intervals import Z95
from core.settings import Setting
from core.tradeoff.grid import (
    MULTIPLIERS,
    cheapest_within,
    exact_bytes,
    hashed_bytes,
    pareto_front,
    quality_grid,
    quality_grids,
    with_current,
)

BASE = Setting("semantic", "random-hyperplane", 16, "2", "test-vs-test", "wordnet")


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train", "test-vs-test-with-self"])
@pytest.mark.parametrize(("name", "lengths"), [("random-hyperplane", [8, 72]), ("predicted-class", [4])])
@pytest.mark.parametrize("k", [1, 7, 59])
def test_every_cell_is_the_engine_s_result(engine, protocol, name, lengths, k):
    setting = replace(BASE, protocol=protocol, hash=name, hierarchy="superclass")
    grid = quality_grid(engine, setting, k, lengths, ("1", "1.25", "3", "8", "all"))
    for row, bits in enumerate(grid.lengths):
        for column, multiplier in enumerate(grid.multipliers):
            at = replace(setting, bits=bits, multiplier=multiplier)
            results = engine.evaluate(at, [k], ("exact", "hashed"))
            assert grid.shortlists[column] == at.shortlist(k, engine.at(at).task.size)
            for metric in grid.means:
                hashed, exact = (results[search].at(metric, k) for search in ("hashed", "exact"))
                assert grid.means[metric][row, column] == pytest.approx(hashed.mean(), rel=1e-13)
                assert grid.exact[metric] == pytest.approx(exact.mean(), rel=1e-13)
                difference = hashed - exact
                margin = Z95 * difference.std(ddof=1) / np.sqrt(len(difference))
                assert grid.margins[metric][row, column] == pytest.approx(margin, abs=1e-15)


def test_threads_and_blocks_change_nothing(engine, tiny_bundle, monkeypatch):
    import core.tradeoff.grid

    one = quality_grid(engine, BASE, 5, [8, 64])
    monkeypatch.setattr(core.tradeoff.grid, "_RANKED", 600)
    other = quality_grid(Engine(tiny_bundle, 3), BASE, 5, [8, 64])
    for metric, means in one.means.items():
        np.testing.assert_array_equal(means, other.means[metric])


def test_a_sample_of_queries_and_progress(engine):
    heard = []
    setting = replace(BASE, queries=20)
    grid = quality_grid(engine, setting, 5, [16], ["2"], heard.append)
    assert grid.queries == 20
    assert grid.means["ap"][0, 0] == pytest.approx(engine.result("hashed", setting, [5]).mean("ap", 5))
    assert heard[-1] == 1.0


def test_all_lengths_by_default(engine):
    grid = quality_grid(engine, replace(BASE, hash="pca-sign"), 5, multipliers=["20", "1", "1.0"])
    assert grid.lengths == (8, 16)
    assert grid.multipliers == ("1", "20")


@pytest.mark.parametrize(
    ("change", "k", "lengths", "message"),
    [
        ({}, 60, None, "above the gallery"),
        ({}, 0, None, "outside 1 to"),
        ({"hash": "imported"}, 5, None, "no codes"),
        ({"hash": "latent-sigmoid"}, 5, [24, 16], "not a length|has no stored"),
        ({}, 5, [], "no length"),
    ],
)
def test_bad_input(engine, change, k, lengths, message):
    setting = replace(BASE, **change)
    if change == {"hash": "latent-sigmoid"}:  # of fixed length: what is asked for is ignored
        assert quality_grid(engine, setting, k, [16], ["1"]).lengths == (16,)
        return
    with pytest.raises(BadInput, match=message):
        quality_grid(engine, setting, k, lengths)


def test_bytes_by_hand(engine):
    assert exact_bytes(10_000, 100) == 4_000_000
    assert hashed_bytes(10_000, 48, 200, 100) == 60_000 + 80_000
    assert hashed_bytes(10_000, 7, 1, 1) == 10_004  # seven bits are read as a byte
    points = quality_grid(engine, BASE, 5, [8, 24], ["1", "2"]).points("ap")
    assert points["bytes"].tolist() == [60 + 5 * 64, 60 + 10 * 64, 180 + 5 * 64, 180 + 10 * 64]
    assert points["shortlist"].tolist() == [5, 10, 5, 10]


def test_the_current_multiplier_joins_in_order():
    assert with_current("2") == MULTIPLIERS
    assert with_current("2.75")[3:6] == ("2", "2.75", "3")
    assert with_current("all")[-1] == "all"


costs = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=20)


@given(costs)
def test_the_front_is_what_nothing_beats(points):
    cost, quality = np.array(points).T
    front = pareto_front(cost, quality)
    kept = {points[i] for i in front}
    beaten = {(c, q) for c, q in points if any(c2 <= c and q2 >= q and (c2, q2) != (c, q) for c2, q2 in points)}
    assert kept == set(points) - beaten
    assert (np.diff(cost[front]) > 0).all()
    assert (np.diff(quality[front]) > 0).all()


def test_the_cheapest_that_is_good_enough():
    points = pd.DataFrame({"bytes": [10, 20, 20, 5], "quality": [0.99, 0.995, 0.999, 0.5], "ms": [3, np.nan, 1, 0.1]})
    assert cheapest_within(points, 1.0, 1.0) == 0
    assert cheapest_within(points, 1.0, 0.9) == 2  # of two as cheap, the better
    assert cheapest_within(points, 1.0, 0.5, "ms") == 2
    assert cheapest_within(points, 1.0, 0.01) is None
    assert cheapest_within(points, 1.0, 100) == 3
    for percent in (-1, 101):
        with pytest.raises(BadInput, match="outside 0 to 100"):
            cheapest_within(points, 1.0, percent)


def test_exact_quality_is_within_nothing(engine):
    grid = quality_grid(engine, BASE, 5, [8], ["1", "all"])
    assert grid.points("ap").loc[cheapest_within(grid.points("ap"), grid.exact["ap"], 0), "multiplier"] == "all"


def test_several_hashes_at_once_are_the_same_as_alone(engine):
    other = replace(BASE, hash="predicted-class")
    both = quality_grids(engine, [(BASE, [8, 64]), (other, None)], 5)
    for got, alone in zip(both, [quality_grid(engine, BASE, 5, [8, 64]), quality_grid(engine, other, 5)], strict=True):
        assert got.lengths == alone.lengths
        for metric, means in alone.means.items():
            np.testing.assert_array_equal(got.means[metric], means)
            np.testing.assert_array_equal(got.margins[metric], alone.margins[metric])
    assert quality_grids(engine, [], 5) == []
