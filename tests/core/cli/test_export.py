from __future__ import annotations

import pandas as pd
import pytest

from core.engine.engine import Engine
from core.exports.registry import EXPORTS
from core.exports.request import Request
from core.settings import Setting

SETTING = Setting("semantic", "itq", 8, "2", "test-vs-test", "wordnet")
OPTIONS = ("--hash", "itq", "--bits", "8")


@pytest.fixture
def expected(tiny_bundle):
    return lambda name, *ks, **choices: EXPORTS[name].write(Request(Engine(tiny_bundle, 1), SETTING, ks, **choices))


def test_the_list_names_every_table(run):
    ran = run("export", "--list")
    assert ran.code == 0 and ran.err == ""
    assert [line.split()[0] for line in ran.out.splitlines()] == list(EXPORTS)
    assert "--reference" in next(line for line in ran.out.splitlines() if line.startswith("leaderboard"))


def test_a_file_and_standard_output_hold_the_same_bytes(run, tmp_path, expected):
    ran = run("export", "queries", *OPTIONS, "--k", 5, "--out", "q.csv")
    assert (ran.code, ran.out) == (0, "wrote q.csv\n")
    assert (tmp_path / "q.csv").read_bytes() == expected("queries", 5)
    assert run("export", "queries", *OPTIONS, "--k", 5, "--out", "-").out.encode() == expected("queries", 5)


def test_without_a_file_it_is_printed_to_read(run, expected):
    ran = run("export", "agreement", *OPTIONS, "--k", 5)
    assert ran.code == 0
    first, *rest = ran.out.splitlines()
    assert first.split() == ["judge", "cell", "queries"] and len(rest) == 8
    assert run("export", "settings", *OPTIONS, "--k", 5).out.startswith('{\n  "setting"')


def test_the_usual_k_are_those_that_the_gallery_has(run, expected):
    assert run("export", "metrics", *OPTIONS, "--out", "-").out.encode() == expected("metrics", 1, 5, 20)
    assert run("export", "queries", *OPTIONS, "--out", "-").out.encode() == expected("queries", 59)  # 100 is above


def test_choices_reach_the_table(run, expected):
    ran = run("export", "confusion", *OPTIONS, "--k", 5, "--search", "exact", "--level", "superclass", "--out", "-")
    assert ran.out.encode() == expected("confusion", 5, search="exact", level="superclass")
    ran = run("export", "trade-off", *OPTIONS, "--k", 5, "--metric", "ahp", "--out", "-")
    assert ran.out.encode() == expected("trade-off", 5, metric="ahp")


def test_a_summary_has_times_unless_none_are_wanted(run):
    def times(*more):
        run("export", "summary", *OPTIONS, "--k", 5, "--out", "s.csv", *more)
        return pd.read_csv("s.csv")["retrieval time (ms)"]

    assert (times() > 0).all()
    assert times("--no-times").isna().all()


def test_a_bucket_study_is_of_its_own_protocol(run):
    ran = run("export", "buckets", "--queries", 20, "--out", "-")
    ours = [line for line in ran.out.splitlines() if line.startswith("here")]
    assert ours and all(",test-vs-train,20," in line for line in ours)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "no table was named"),
        (("leaderbord",), "did you mean 'leaderboard'"),
        (("training", "--k", "5"), "table 'training' does not read --k: leave it out"),
        (
            ("queries", "--metric", "ap"),
            "--metric: leave it out; beside a setting's options it reads --k",
        ),
        (("queries", "--k", "5,10"), "k '5,10' is a list"),
        (("queries", "--k", "60"), "k 60 is above the gallery's 59 images"),
        (("queries", "--map", "ahp"), "unknown definition of map 'ahp'"),
        (("trade-off", "--metric", "mapp"), "unknown metric 'mapp'"),
        (("cheapest", "--loss", "200"), "200 % is outside 0 to 100"),
        (("cheapest", "--loss", "much"), "'much' is no number"),
        (("curves-drawn", "--beside", "my-bundle"), "'my-bundle' names no bundle: give a name and a folder"),
        (("confusion", "--search", "fuzzy"), "unknown search 'fuzzy'"),
        (("queries", "--out", "none/q.csv"), "there is no folder 'none'"),
        (("original-system",), "needs CIFAR-100's test split"),
    ],
)
def test_bad_use_is_one_line(refused, arguments, words):
    assert words in refused("export", *arguments)
