"""`sweep`: the grid, resuming, and files that are whole at any time."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import core.cli.sweep as sweep
from core.cli import main
from core.codes.codes import usable_hashes
from core.engine.engine import Engine
from core.reports.tables import COLUMNS
from core.settings import Setting

GRID = ("--hash", "itq,latent-sigmoid,predicted-class", "--bits", "16,8", "--multiplier", "2,1,all", "--k", "1,5")
SMALL = ("--hash", "itq", "--bits", "8", "--multiplier", "1,2", "--k", "1,5")


@pytest.fixture
def counted(monkeypatch):
    """The (search, hash, bits, multiplier) that are computed."""
    done = []
    real = sweep.metric_rows

    def count(engine, setting, searches, ks, metrics):
        done.append((searches[0], setting.hash, setting.bits, setting.multiplier))
        return real(engine, setting, searches, ks, metrics)

    monkeypatch.setattr(sweep, "metric_rows", count)
    return done


def test_grid_holds_each_search_once_for_what_it_depends_on(run):
    ran = run("sweep", *GRID, "--out", "g.csv")
    assert ran.code == 0, ran.err
    rows = pd.read_csv("g.csv", dtype=str, keep_default_na=False)
    assert tuple(rows.columns) == COLUMNS
    cells = list(rows.groupby(["search", "hash", "bits", "multiplier"], sort=False).groups)
    codes = [("itq", "8"), ("itq", "16"), ("latent-sigmoid", "16"), ("predicted-class", "4")]
    assert cells == [
        ("exact", "", "", ""),
        *(("hashed", *code, multiplier) for code in codes for multiplier in ("1", "2", "all")),
        *(("hamming", *code, "") for code in codes),
    ]
    assert not rows.duplicated(["search", "hash", "bits", "multiplier", "k", "metric"]).any()
    assert "100%" in ran.err  # the progress bar


def test_rows_equal_those_of_evaluate(run):
    assert run("sweep", *SMALL, "--out", "g.csv").code == 0
    assert run("evaluate", "--hash", "itq", "--bits", 8, "--k", "1,5", "--out", "e.csv").code == 0
    grid, one = (pd.read_csv(name, dtype=str, keep_default_na=False) for name in ("g.csv", "e.csv"))
    grid = grid[grid["multiplier"].isin(["", "2"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(grid, one)


def test_codes_that_are_numbers_have_their_own_lengths_and_metrics(run):
    grid = ("--hash", "kmeans,pq,rabitq", "--bits", "4,16,6", "--k", 5, "--searches", "hashed,hamming")
    ran = run("sweep", *grid, "--metrics", "ap,ap_expected", "--out", "g.csv")
    assert ran.code == 0, ran.err
    rows = pd.read_csv("g.csv", dtype=str)
    found = rows.groupby(["hash", "bits", "search"], sort=False)["metric"].agg(list).to_dict()
    codes = [("kmeans", "4"), ("kmeans", "6"), ("pq", "16"), ("rabitq", "80")]
    assert found == {
        **{(*code, "hashed"): ["ap"] for code in codes},
        **{(*code, "hamming"): ["ap", "ap_expected"] if code[0] == "kmeans" else ["ap"] for code in codes},
    }
    assert "hash 'kmeans' cannot have 16 bits here: left out; it has 4, 5, 6, 7" in ran.err
    whole = Path("g.csv").read_bytes()
    again = run("sweep", *grid, "--metrics", "ap,ap_expected", "--out", "g.csv")
    assert "8 of 8 evaluations were there already" in again.out
    assert Path("g.csv").read_bytes() == whole


def test_same_bytes_again_and_for_other_threads(run):
    for name, threads in (("a", 1), ("b", 2)):
        assert run("sweep", *GRID, "--threads", threads, "--out", f"{name}.csv").code == 0
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()


def test_nothing_is_computed_twice(run, counted):
    assert run("sweep", *GRID, "--out", "g.csv").code == 0
    whole = Path("g.csv").read_bytes()
    counted.clear()
    ran = run("sweep", *GRID, "--out", "g.csv")
    assert ran.code == 0
    assert counted == []
    assert "17 of 17" in ran.out
    assert Path("g.csv").read_bytes() == whole


def test_a_larger_grid_computes_what_is_new(run, counted):
    assert run("sweep", *GRID, "--out", "whole.csv").code == 0
    assert run("sweep", *SMALL, "--out", "g.csv").code == 0
    counted.clear()
    assert run("sweep", *GRID, "--out", "g.csv").code == 0
    assert not {("exact", "itq", 8, "1"), ("hashed", "itq", 8, "1"), ("hashed", "itq", 8, "2")} & set(counted)
    assert len(counted) == 17 - 4
    assert Path("g.csv").read_bytes() == Path("whole.csv").read_bytes()


def test_a_stopped_run_leaves_a_whole_file_and_goes_on(run, counted, monkeypatch):
    assert run("sweep", *GRID, "--out", "whole.csv").code == 0
    real, calls = sweep.metric_rows, []

    def stop(*arguments):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(sweep, "metric_rows", stop)
        assert run("sweep", *GRID, "--out", "g.csv").code == 130
    assert sorted(path.name for path in Path().iterdir() if path.name.startswith(("g.", "."))) == [
        "g.csv", "g.csv.sweep.json",
    ]  # fmt: skip
    part = pd.read_csv("g.csv")
    assert part.groupby(["search", "hash", "bits", "multiplier"], dropna=False).ngroups == 5
    counted.clear()
    assert run("sweep", *GRID, "--out", "g.csv").code == 0
    assert len(counted) == 17 - 5
    assert Path("g.csv").read_bytes() == Path("whole.csv").read_bytes()


def test_another_list_of_k_or_metrics_is_computed_anew(run, counted):
    assert run("sweep", *SMALL, "--metrics", "ap", "--out", "g.csv").code == 0
    counted.clear()
    assert run("sweep", *SMALL, "--out", "g.csv").code == 0
    assert len(counted) == 4
    counted.clear()
    ran = run("sweep", *SMALL, "--metrics", "ap", "--out", "g.csv")  # all rows are there, and more
    assert ran.code == 0
    assert counted == []
    assert "left out" in ran.err
    assert set(pd.read_csv("g.csv")["metric"]) == {"ap"}


def test_rows_of_another_seed_are_not_kept(run, counted):
    options = ("--hash", "itq", "--bits", "8", "--k", "5", "--queries", "20")
    assert run("sweep", *options, "--out", "one.csv", "--seed", 1).code == 0
    assert run("sweep", *options, "--out", "g.csv", "--seed", 0).code == 0
    counted.clear()
    assert run("sweep", *options, "--out", "g.csv", "--seed", 1).code == 0
    assert len(counted) == 3
    assert Path("g.csv").read_bytes() == Path("one.csv").read_bytes()
    assert json.loads(Path("g.csv.sweep.json").read_text()) == {"seed": 1}


def test_rows_of_another_version_or_damaged_are_not_kept(run, counted):
    assert run("sweep", *SMALL, "--out", "g.csv").code == 0
    whole = Path("g.csv").read_text()
    rows = pd.read_csv("g.csv", dtype=str, keep_default_na=False)
    rows.loc[rows["search"] == "exact", "version"] = "000000000000"
    rows.loc[(rows["search"] == "hamming") & (rows["metric"] == "ap"), "value"] = "?"
    rows.to_csv("g.csv", index=False)
    counted.clear()
    assert run("sweep", *SMALL, "--out", "g.csv").code == 0
    assert [search for search, *_ in counted] == ["exact", "hamming"]
    assert Path("g.csv").read_text() == whole


def test_lengths_that_cannot_be_are_left_out_with_a_note(run):
    ran = run("sweep", "--hash", "itq,random-hyperplane", "--bits", "16,64", "--k", "5", "--out", "g.csv")
    assert ran.code == 0
    assert "note: hash 'itq' cannot have 64 bits" in ran.err
    rows = pd.read_csv("g.csv")
    assert set(zip(rows["hash"].dropna(), rows["bits"].dropna(), strict=True)) == {
        ("itq", 16), ("random-hyperplane", 16), ("random-hyperplane", 64),
    }  # fmt: skip


def test_asymmetric_is_left_out_where_there_are_no_real_values(run):
    options = ("--searches", "exact,asymmetric", "--k", "5,all", "--out", "g.csv")
    ran = run("sweep", "--hash", "latent-sigmoid,random-codes", "--bits", "16", *options)
    assert ran.code == 0, ran.err
    assert "random-codes" in ran.err
    rows = pd.read_csv("g.csv")
    assert set(rows["hash"].dropna()) == {"latent-sigmoid"}
    assert set(rows["k"]) == {"5", "all"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--hash", "itq", "--bits", "64"], ["64", "itq"]),
        (["--hash", "itq,itk"], ["'itk'", "itq"]),
        (["--hash", "imported"], ["imported"]),
        (["--bits", "8,3"], ["3", "4 to 128"]),
        (["--multiplier", "1,x"], ["'x'", "1 to 20"]),
        (["--k", "60"], ["60", "59"]),
        (["--hash", "random-codes", "--searches", "asymmetric", "--k", "5"], ["real values", "random-codes"]),
        (["--out", "none/g.csv"], ["none"]),
    ],
)
def test_bad_input_changes_no_file(refused, tmp_path, options, words):
    (tmp_path / "g.csv").write_text(",".join(COLUMNS) + "\n")
    line = refused("sweep", "--out", "g.csv", *options)
    assert all(word in line for word in words)


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "", "\x00\xff"])
def test_a_file_of_another_kind_is_not_replaced(refused, tmp_path, content):
    (tmp_path / "g.csv").write_text(content, encoding="latin1")
    assert "no metric table" in refused("sweep", *SMALL, "--out", "g.csv")


def test_several_protocols_and_all_hashes_over_the_whole_gallery(tiny_bundle, tmp_path):
    out = tmp_path / "grid.csv"
    asked = [
        "sweep", "--bundle", str(tiny_bundle.path), "--hash", "all", "--bits", "8,16", "--k", "all",
        "--metrics", "ap_trec", "--searches", "exact,hamming", "--protocol", "test-vs-train,test-vs-test",
        "--out", str(out),
    ]  # fmt: skip
    assert main(asked) == 0
    found = pd.read_csv(out)
    engine = Engine(tiny_bundle, 1)
    assert list(dict.fromkeys(found["protocol"])) == ["test-vs-train", "test-vs-test"]
    assert set(found["hash"].dropna()) == set(usable_hashes(tiny_bundle, "semantic")) - {"kmeans"}  # has 4 to 7 bits
    assert (found["search"] == "exact").sum() == 2
    for protocol, size in (("test-vs-train", 150), ("test-vs-test", 59)):
        setting = Setting("semantic", "itq", 16, "2", protocol, "wordnet")
        row = found[(found["hash"] == "itq") & (found["bits"] == 16) & (found["protocol"] == protocol)]
        assert row["k"].tolist() == ["all"]
        assert row["value"].item() == engine.result("hamming", setting, [size]).mean("ap_trec", size)
    before = out.read_bytes()
    assert main(asked) == 0  # everything is there already
    assert out.read_bytes() == before


def test_a_protocol_that_does_not_fit(tiny_bundle, tmp_path, capsys):
    asked = ["sweep", "--bundle", str(tiny_bundle.path), "--out", str(tmp_path / "x.csv"), "--protocol"]
    assert main([*asked, "test-vs-test,leave-one-out"]) == 2
    assert "protocol 'leave-one-out' does not fit the bundle" in capsys.readouterr().err
    assert main([*asked, "test-vs-tests"]) == 2
    assert "did you mean 'test-vs-test'" in capsys.readouterr().err
