"""`bucket-study`: candidates against precision, printed and written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

SMALL = ("--stored-only", "--cells", "10,4", "--key-bits", "6", "--tables", "1,2")


def test_table_is_printed_and_written(run):
    ran = run("bucket-study", *SMALL, "--queries", "30", "--seed", "2", "--out", "b.csv")
    assert ran.code == 0, ran.err
    assert "30 queries" in ran.out and "wrote b.csv" in ran.out
    assert "no head of neural-lsh, fourier-hashnet for encoder 'semantic': left out" in ran.err
    read = pd.read_csv("b.csv")
    ours = read[read["origin"] == "here"]
    assert ours["cells"].dropna().tolist() == [4, 10, 4, 10]
    assert ours["parameters"].tolist()[5:8] == ["1 × 6 bits", "2 × 6 bits", "5 × 14 bits"]
    assert (ours["protocol"] == "test-vs-train").all()
    before = Path("b.csv").read_bytes()
    assert run("bucket-study", *SMALL, "--queries", "30", "--seed", "2", "--out", "b.csv", "--threads", "2").code == 0
    assert Path("b.csv").read_bytes() == before


def test_markdown_by_another_protocol(run):
    ran = run("bucket-study", *SMALL, "--protocol", "test-vs-test", "--markdown")
    assert ran.code == 0, ran.err
    assert "Tiny, encoder semantic, test-vs-test, 60 queries" in ran.out
    assert "| Exact ranking | every image |" in ran.out


def test_what_it_cannot_do_is_one_line(refused):
    assert "did you mean 'semantic'" in refused("bucket-study", "--encoder", "semantik")
    assert "key-bits 63 is out of range" in refused("bucket-study", "--key-bits", "63")
    assert "cells 0 is out of range" in refused("bucket-study", "--cells", "0")
    assert "no folder" in refused("bucket-study", "--out", "none/b.csv")
