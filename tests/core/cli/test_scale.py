"""`scale`: its columns, its folder, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from core.scale import subject
from core.scale.measure import Effort
from core.scale.points import read_points


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(subject, "Effort", lambda: Effort((2, 2), 0.0, 1, 0.0))


@pytest.mark.slow
def test_points_and_a_folder_that_grows(run, tmp_path):
    options = ("--dir", "g", "--hash", "itq", "--k", 5, "--batch", 20, "--threads", 1, "--out", "s.csv")
    ran = run("scale", "--sizes", "200", *options)
    assert ran.code == 0, ran.err
    rows = read_points("s.csv")
    assert rows["equal"].all()
    assert set(rows["work"]) >= {"query", "batch", "evaluation", "query:scan and select"}
    assert set(rows["hash"]) == {"itq"}
    assert set(rows.loc[rows["work"] == "batch", "batch"]) == {20}
    assert "cores" in ran.out
    first = np.fromfile(tmp_path / "g" / "embeddings.f32", np.float32)
    assert first.size == 200 * 16
    ran = run("scale", "--sizes", "200,300,400", *options)
    assert ran.code == 0, ran.err
    assert np.array_equal(np.fromfile(tmp_path / "g" / "embeddings.f32", np.float32)[: first.size], first)
    assert set(read_points("s.csv")["n"]) == {200, 300, 400}
    assert "ns × N × words" in ran.out


def test_bad_input_is_one_line(refused):
    there = ("--dir", "g", "--sizes", "200", "--k", 5, "--hash", "itq")
    assert "--dir" in refused("scale")
    assert "99" in refused("scale", "--dir", "g", "--sizes", "99")
    assert "'all'" in refused("scale", "--dir", "g", "--k", "all")
    assert "201" in refused("scale", "--dir", "g", "--sizes", "200", "--k", 201, "--hash", "itq")
    assert "nowhere" in refused("scale", *there, "--out", "nowhere/s.csv")
    assert "random-hyperplane" in refused("scale", *there[:-1], "predicted-class")
    assert "make its parent first" in refused("scale", *there, "--dir", "no/where")
    assert "multiplier 'all'" in refused("scale", *there, "--multiplier", "all")
    assert "multiplier 30" in refused("scale", *there, "--multiplier", "30")
