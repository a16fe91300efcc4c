"""`source-table`: the published table beside ours."""

from __future__ import annotations

import pandas as pd
import pytest

from core.engine.engine import Engine
from core.studies.original_system.table import source_settings, source_table
from tests.core.source_worlds import dress


@pytest.fixture
def bundle(make_bundle):
    return dress(make_bundle().path)


def test_table_is_printed_and_written(run, bundle):
    ran = run("source-table", "--bundle", bundle.path, "--out", "s.csv", bundle=False)
    assert ran.code == 0, ran.err
    assert "wrote s.csv" in ran.out
    assert "Our retrieval times: median of 100 queries" in ran.out
    assert "k = 20" in ran.out
    read = pd.read_csv("s.csv")
    expected = source_table(Engine(bundle), source_settings(bundle))
    assert read["mAP@5"].tolist() == expected["mAP@5"].tolist()
    ours = read[(read["origin"] == "here") & (read["protocol"] == "test-vs-test-with-self")]
    assert ours["encoder"].tolist() == ["source"] * 3 + ["semantic"] * 3 + ["other"] * 3
    assert (ours["retrieval time (ms)"] > 0).all()


def test_markdown_of_one_encoder_without_times(run, bundle):
    options = ("--encoder", "source", "--hash", "pca-sign", "--markdown", "--no-times")
    ran = run("source-table", "--bundle", bundle.path, *options, bundle=False)
    assert ran.code == 0, ran.err
    assert ran.out.count("| source | ") == 5
    assert "pca-sign, 16 bits" in ran.out
    assert "| semantic |" not in ran.out
    assert "Our retrieval times" not in ran.out
    assert "- Images are normalised by the mean (.485, .486, .486)" in ran.out


def test_what_it_cannot_do_is_one_line(refused, bundle):
    assert "needs CIFAR-100's test split" in refused("source-table")
    line = refused("source-table", "--bundle", bundle.path, "--encoder", "sourc", bundle=False)
    assert "did you mean 'source'" in line
    assert "no folder" in refused("source-table", "--bundle", bundle.path, "--out", "none/s.csv", bundle=False)
