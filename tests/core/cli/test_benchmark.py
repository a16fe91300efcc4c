"""`benchmark`: the columns of its CSV and what it refuses."""

from __future__ import annotations

import pandas as pd
import pytest

from core.timing import benchmark
from core.timing.machine_limits import Limits
from core.timing.opponents.registry import SIDES

LIMITS = Limits(2, 1e10, 1e10, 5e10, 40_000, 9e10, 4_000, 5e9, 1e10)

COLUMNS = "work,side,n,dimensions,bits,multiplier,k,batch,threads,median_ms,p95_ms,runs,equal"
MORE = ",p99_ms,equal_by,mode,bytes_per_image,items_scanned,items_reranked,limit_ms"


@pytest.fixture(autouse=True)
def small_limits(monkeypatch):
    """Limits of a machine whose memory is quick to read: the measurement itself is tested with them."""
    monkeypatch.setattr(benchmark, "measure_limits", lambda *_: LIMITS)


@pytest.mark.slow
def test_csv_and_machine_line(run, tmp_path):
    ran = run(
        "benchmark", "--hash", "itq", "--k", 5, "--runs", 5, "--batch", "20,all", "--threads", 2, "--quality", "50,100",
        "--out", "b.csv",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert (tmp_path / "b.csv").read_text().splitlines()[0] == COLUMNS + MORE
    rows = pd.read_csv("b.csv")
    assert set(rows["work"]) >= {"query", "batch", "query:scan", "query:gather and re-rank"}
    assert set(rows["side"]) == set(SIDES) - {"asymmetric"}
    assert rows["equal"].all()
    assert (rows["median_ms"] <= rows["p95_ms"]).all()
    assert (rows["p95_ms"] <= rows["p99_ms"]).all()
    assert set(zip(rows["batch"], rows["threads"], strict=True)) == {(b, t) for b in (1, 20, 60) for t in (1, 2)}
    assert set(rows["bits"].dropna()) == {16}
    assert set(rows.loc[rows["side"] == "hashed-faiss", "items_reranked"]) == {10}
    assert rows.loc[rows["side"].str.startswith("hashed-") & (rows["work"] == "query"), "limit_ms"].gt(0).all()
    assert "cores" in ran.out.splitlines()[0]
    assert "limits on 2 threads" in ran.out
    assert "memory" in ran.out
    quality = pd.read_csv("b.csv.quality.csv")
    assert set(quality["target"]) == {50, 100}
    assert (quality["share"].dropna() >= quality["target"][quality["share"].notna()] - 1e-9).all()


def test_light_and_without_quality(run):
    ran = run(
        "benchmark", "--k", 5, "--runs", 2, "--batch", 1, "--threads", 1, "--light", "--quality", "none", "--searches",
        "exact", "--out", "l.csv",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    rows = pd.read_csv("l.csv")
    assert set(rows["side"]) == {"exact-blas", "exact-faiss", "exact-scan"}
    assert set(rows["batch"]) == {1}
    assert "equal quality" not in ran.out


@pytest.mark.slow
def test_other_hashes_at_equal_quality(run):
    ran = run(
        "benchmark", "--k", 5, "--runs", 2, "--batch", 1, "--threads", 1, "--light", "--quality", "50", "--searches",
        "exact", "--quality-hashes", "itq,latent-sigmoid", "--out", "o.csv",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert set(pd.read_csv("o.csv.quality.csv")["hash"].dropna()) == {"itq", "latent-sigmoid"}


def test_bad_input_is_one_line(refused):
    assert "hash 'hashnet' has no codes" in refused("benchmark", "--k", 5, "--quality-hashes", "itq,hashnet")
    assert "100" in refused("benchmark", "--out", "b.csv")  # the default k is above the gallery
    assert "'all'" in refused("benchmark", "--k", "all")
    assert "61" in refused("benchmark", "--k", 5, "--queries", 61)
    assert "batch 0 is out of range" in refused("benchmark", "--k", 5, "--batch", "0,all")
    for share in ("0", "150", "nan"):
        assert f"share {share} is outside" in refused("benchmark", "--bundle", "nowhere", "--quality", share)
    assert "quality 'most'" in refused("benchmark", "--k", 5, "--quality", "most")
