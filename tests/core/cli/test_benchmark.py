"""`benchmark`: the columns of its CSV and what it refuses."""

from __future__ import annotations

import pandas as pd

COLUMNS = "work,side,n,dimensions,bits,multiplier,k,batch,threads,median_ms,p95_ms,runs,equal"


def test_csv_and_machine_line(run, tmp_path):
    ran = run("benchmark", "--hash", "itq", "--k", 5, "--runs", 5, "--batch", 20, "--threads", 2, "--out", "b.csv")
    assert ran.code == 0, ran.err
    assert (tmp_path / "b.csv").read_text().splitlines()[0] == COLUMNS
    rows = pd.read_csv("b.csv")
    assert set(rows["work"]) >= {"query", "batch", "query:scan", "query:gather and re-rank"}
    assert rows["equal"].all()
    assert (rows["median_ms"] <= rows["p95_ms"]).all()
    assert set(rows[rows["work"] == "batch"]["threads"]) == {2}
    assert set(rows[rows["work"] == "batch"]["batch"]) == {20}
    assert set(rows["bits"].dropna()) == {16}
    assert "cores" in ran.out.splitlines()[0]
    assert "memory" in ran.out


def test_bad_input_is_one_line(refused):
    assert "100" in refused("benchmark", "--out", "b.csv")  # the default k is above the gallery
    assert "'all'" in refused("benchmark", "--k", "all")
    assert "61" in refused("benchmark", "--k", 5, "--queries", 61)
