"""The encoder table: its figures are the engine's, its codes those that an encoder has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.engine.engine import Engine
from core.errors import BadInput
from core.reports.class_similarity import embedding_similarity, rank_correlation
from core.reports.encoder_table import COLUMNS, encoder_row, encoder_table, hashed_setting, tree_correlation
from core.settings import Setting
from tests.core.encoder_worlds import write_three

SETTING = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")


@pytest.fixture(scope="module")
def engine(tiny_bundle, tmp_path_factory):
    return Engine(write_three(tiny_bundle, tmp_path_factory.mktemp("encoders") / "three"), 1)


@pytest.fixture(scope="module")
def table(engine):
    return encoder_table(engine, SETTING, 10, "ap", "ahp").set_index("encoder")


def test_one_row_an_encoder_with_every_column(engine):
    told = []
    table = encoder_table(engine, SETTING, 10, "ap", "ahp", told.append)
    assert tuple(table) == COLUMNS
    assert table["encoder"].tolist() == ["semantic", "small", "softmax"]
    assert told == pytest.approx([1 / 3, 2 / 3, 1])
    assert table["problem"].isna().all()
    assert set(table["queries"]) == {60}
    assert set(table["version"]) == {engine.bundle.version}


@pytest.mark.parametrize("encoder", ["semantic", "small", "softmax"])
def test_figures_are_those_of_the_engine(engine, table, encoder):
    row, setting = table.loc[encoder], replace(SETTING, encoder=encoder)
    exact = engine.result("exact", setting, [1, 10])
    for column, metric, k in (("map", "ap", 10), ("mahp", "ahp", 10), ("precision_at_1", "precision", 1)):
        assert row[column] == exact.mean(metric, k)
        assert (row[f"{column}_low"], row[f"{column}_high"]) == exact.interval(metric, k)
    hashed = engine.result("hashed", replace(setting, hash=row["hash"], bits=int(row["bits"])), [10])
    assert row["hashed_map"] == hashed.mean("ap", 10)
    assert row["hashed_mahp"] == hashed.mean("ahp", 10)
    assert (row["hashed_mahp_low"], row["hashed_mahp_high"]) == hashed.interval("ahp", 10)


def test_what_the_bundle_says_and_does_not_say(table):
    row = table.loc["semantic"]
    assert (row["dimensions"], row["bytes"], row["parameters"]) == (16, 64, 3_200_000)
    assert (row["encode_ms"], row["encode_batch_ms"], row["encode_batch"], row["encode_threads"]) == (4, 0.5, 256, 2)
    assert (row["accuracy"], row["accuracy_held_out"], row["similarity"]) == (0.8, 0.75, "cosine")
    other = table.loc["softmax"]
    assert (other["dimensions"], other["bytes"], other["similarity"]) == (10, 40, "inner-product")
    for name in ("parameters", "accuracy", "accuracy_held_out", "encode_ms", "encode_batch", "encode_machine"):
        assert pd.isna(other[name])


def test_definitions_k_protocol_and_hierarchy_are_those_asked_for(engine, table):
    setting = replace(SETTING, protocol="test-vs-train", hierarchy="superclass")
    row = encoder_row(engine, setting, 5, "ap_source", "ahp_trapezoid")
    exact = engine.result("exact", setting, [1, 5])
    assert row["map"] == exact.mean("ap_source", 5)
    assert row["mahp"] == exact.mean("ahp_trapezoid", 5)
    assert (row["map_metric"], row["mahp_metric"], row["k"]) == ("ap_source", "ahp_trapezoid", 5)
    assert row["map"] != table.loc["semantic", "map"]
    at_one = encoder_row(engine, SETTING, 1, "ap", "ahp")
    assert at_one["map"] == at_one["precision_at_1"] == table.loc["semantic", "precision_at_1"]


def test_tree_correlation_is_that_of_the_test_images(engine, table):
    bundle = engine.bundle
    found = embedding_similarity(bundle.embeddings("small", "test"), bundle.labels("test"), 10)
    expected = rank_correlation(found, bundle.hierarchy("wordnet").similarity())
    assert table.loc["small", "tree_correlation"] == expected
    assert tree_correlation(engine, replace(SETTING, encoder="small", hierarchy="superclass")) != expected


@pytest.mark.parametrize(
    ("encoder", "name", "bits", "chosen"),
    [
        ("semantic", "latent-sigmoid", 16, ("latent-sigmoid", 16)),
        ("semantic", "latent-sigmoid", 48, ("latent-sigmoid", 16)),  # its only length
        ("semantic", "itq", 48, ("itq", 16)),  # 16 dimensions: no more bits
        ("small", "random-hyperplane", 24, ("random-hyperplane", 24)),
        ("small", "random-hyperplane", 12, ("random-hyperplane", 8)),  # 8 and 16 are as near: the shorter
        ("small", "latent-sigmoid", 24, ("random-hyperplane", 24)),  # nothing of its ships, nor has it the default
        ("small", "itq", 16, ("random-hyperplane", 16)),  # 4 dimensions: not 8 bits
        ("semantic", "imported", 16, ("latent-sigmoid", 16)),  # what ships stands in
        ("semantic", "predicted-class", 16, ("predicted-class", 4)),
        ("small", "predicted-class", 16, ("random-hyperplane", 16)),
    ],
)
def test_the_code_is_the_nearest_that_the_encoder_has(engine, encoder, name, bits, chosen):
    found = hashed_setting(engine, replace(SETTING, encoder=encoder, hash=name, bits=bits))
    assert (found.hash, found.bits, found.encoder, found.multiplier) == (*chosen, encoder, "2")


def test_an_encoder_that_cannot_be_judged_says_why_and_the_others_stand(engine, monkeypatch):
    plain = engine.result

    def refuse(search, setting, ks):
        if setting.encoder == "small":
            raise BadInput("no embeddings of 'test' by 'small'")
        return plain(search, setting, ks)

    monkeypatch.setattr(engine, "result", refuse)
    table = encoder_table(engine, SETTING, 10, "ap", "ahp").set_index("encoder")
    assert table.loc["small", "problem"] == "no embeddings of 'test' by 'small'"
    assert np.isnan(table.loc["small", "map"])
    assert table["problem"].isna().tolist() == [True, False, True]
    assert table.loc["softmax", "map"] > 0
