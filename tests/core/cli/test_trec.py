"""`trec`: its files and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_files(run, tiny_bundle):
    ran = run(
        "trec", "--hash", "itq", "--bits", 16, "--search", "hashed", "--k", 10, "--queries", 7, "--run", "a.run",
        "--qrels", "a.qrels",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "a.run: 70 lines, hashed search to depth 10" in ran.out
    first = Path("a.run").read_text().split("\n")[0].split()
    assert first[1] == "Q0"
    assert first[3:] == ["1", "9", "hashed-itq-16"]
    assert all(line.split()[1::2] == ["0", "1"] for line in Path("a.qrels").read_text().splitlines())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "name a file with --run"),
        (("--search", "hased", "--run", "a.run"), "hashed"),
        (("--k", "all", "--run", "a.run"), "not defined for hashed search"),
        (("--run", "a.run", "--qrels", "a.run"), "two outputs"),
        (("--run", "nowhere/a.run"), "no folder 'nowhere'"),
    ],
)
def test_refused(run, tiny_bundle, options, said):
    ran = run("trec", *options)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1
