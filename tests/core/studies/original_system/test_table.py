from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.bundle.bundle import load_bundle
from core.datasets.arrays import import_arrays
from core.engine.engine import Engine
from core.errors import BadInput
from core.studies.original_system.published import PUBLISHED
from core.studies.original_system.table import COLUMNS, fitting_ks, one_list, source_settings, source_table
from core.studies.original_system.text import as_markdown, as_text
from tests import reference
from tests.core.source_worlds import class_names, dress

KS = (1, 5, 20)  # those that sixty images allow


@pytest.fixture
def engine(make_bundle):
    return Engine(dress(make_bundle().path), 1)


def by_hand(engine, setting):
    """Means by search of every figure, from plain loops: `listed` is one list of the largest k."""
    task, codes = engine.at(setting).task, engine.at(setting).codes
    similarity = engine.bundle.hierarchy("wordnet").similarity()
    sums = {}
    for q, query in enumerate(task.queries):
        own = int(task.exclude[q])
        exact = reference.exact_ranking(query, task.gallery, own)
        near = reference.hamming_ranking(codes.queries.packed[q], codes.gallery.packed, own)
        listed = reference.hashed_ranking(query, task.gallery, near, "2", KS[-1])
        for k in KS:
            each = reference.hashed_ranking(query, task.gallery, near, "2", k)
            for name, ranking in (("exact", exact), ("listed", listed), ("each", each)):
                judged = (task.query_labels[q], task.gallery_labels, similarity, own, exact)
                for metric, value in reference.metrics(ranking, k, *judged).items():
                    sums[name, metric, k] = sums.get((name, metric, k), 0.0) + value / len(task.queries)
    return sums


def test_our_side_equals_plain_loops(engine):
    (setting,) = source_settings(engine.bundle, ["semantic"])
    table = source_table(engine, [setting], {"semantic": {"exact": 0.5, "hashed": 0.25}})
    ours = table[table["origin"] == "here"].reset_index(drop=True)
    assert ours["search"].tolist() == ["exact", "hashed", "hashed", "exact", "hashed"]
    assert ours["shortlist"].fillna("").tolist() == ["", "40 for all k", "2k at each k", "", "2k at each k"]
    published = [(name, "ap_source", "test-vs-test-with-self") for name in ("exact", "listed", "each")]
    expected = [*published, ("exact", "ap", "test-vs-test"), ("each", "ap", "test-vs-test")]
    hand = {name: by_hand(engine, replace(setting, protocol=name)) for name in {row[2] for row in expected}}
    for row, (name, definition, protocol) in zip(ours.to_dict("records"), expected, strict=True):
        assert (row["protocol"], row["mAP is"], row["mAHP is"]) == (protocol, definition, "ahp")
        for k in KS:
            assert row[f"mAP@{k}"] == pytest.approx(hand[protocol][name, definition, k], abs=1e-12)
            assert row[f"mAHP@{k}"] == pytest.approx(hand[protocol][name, "ahp", k], abs=1e-12)
        assert all(math.isnan(row[f"{name}@{k}"]) for name in ("mAP", "mAHP") for k in (100, 250))
        assert row["encode time (ms)"] == 2.5
    times = ours["retrieval time (ms)"]
    assert times[:3].tolist() == [0.5, 0.25, 0.25]
    assert times[3:].isna().all()


def test_published_rows_come_first_as_they_were_published(engine):
    table = source_table(engine, [])
    assert tuple(table.columns) == COLUMNS
    assert table["origin"].tolist() == [f"published, {row.source}" for row in PUBLISHED]
    for row, found in zip(PUBLISHED, table.to_dict("records"), strict=True):
        assert found["retrieval time (ms)"] == row.retrieval_ms
        assert (found["mAP@100"], found["mAHP@250"]) == (row.map[3], row.mahp[4])
        assert math.isnan(found["mAP@20"]) == (row.source == "README")
    assert table["bits"].tolist() == [pd.NA, 48, pd.NA, 48]


def test_every_encoder_by_its_own_layer_or_random_hyperplanes(engine):
    settings = source_settings(engine.bundle)
    assert [(s.encoder, s.hash, s.bits) for s in settings] == [
        ("source", "random-hyperplane", 48), ("semantic", "latent-sigmoid", 16), ("other", "random-hyperplane", 48),
    ]  # fmt: skip
    assert {(s.multiplier, s.protocol, s.hierarchy) for s in settings} == {("2", "test-vs-test-with-self", "wordnet")}
    (chosen,) = source_settings(engine.bundle, ["semantic"], "itq")
    assert (chosen.hash, chosen.bits) == ("itq", 16)  # sixteen dimensions give no more
    table = source_table(engine, settings)
    assert table["encoder"].dropna().tolist() == [s.encoder for s in settings for _ in range(5)]
    assert table["retrieval time (ms)"].notna().sum() == len(PUBLISHED)


def test_one_list_is_the_engines_result_at_its_own_k_and_differs_below(engine):
    (setting,) = source_settings(engine.bundle, ["source"])
    listed, each = one_list(engine, setting, KS), engine.result("hashed", setting, KS)
    assert np.array_equal(listed.at("ap_source", 20), each.at("ap_source", 20))
    assert np.array_equal(listed.at("overlap", 20), each.at("overlap", 20))
    assert not np.array_equal(listed.at("overlap", 5), each.at("overlap", 5))
    assert fitting_ks(engine, setting) == [1, 5, 20]


def test_other_data_and_unknown_names_are_refused(engine, tiny_bundle, tmp_path):
    import_arrays(tmp_path / "mine", np.eye(8, dtype=np.float32), np.arange(8) % 2)
    for bundle, lacking in ((load_bundle(tmp_path / "mine"), "protocol"), (tiny_bundle, "classes of CIFAR-100")):
        with pytest.raises(BadInput, match=f"needs CIFAR-100's test split: .* has no {lacking}"):
            source_settings(bundle)
    with pytest.raises(BadInput, match="unknown encoder 'resnet'"):
        source_settings(engine.bundle, ["resnet"])
    with pytest.raises(BadInput, match="unknown hash 'itk'"):
        source_settings(engine.bundle, None, "itk")
    with pytest.raises(BadInput, match="'imported' has no codes"):
        source_settings(engine.bundle, None, "imported")


def test_text_and_markdown_tell_the_same(engine):
    table = source_table(engine, source_settings(engine.bundle, ["semantic"]), {"semantic": {"exact": 0.0123}})
    text, markdown = as_text(table), as_markdown(table)
    for words in (
        "0.5656",
        "0.5646",
        "0.0123",
        "latent-sigmoid, 16 bits, shortlist 40 for all k",
        "(`ap_source`)",
        "–",
    ):
        assert words in text
        assert words in markdown
    lines = markdown.splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    first, second = lines.index(rows[0]), lines.index(rows[9])
    assert lines[first - 2].startswith("The source system's protocol (`test-vs-test-with-self`)")
    assert "divided by min(R, k) (`ap`)" in lines[second - 2]
    assert len(rows) == 2 + 4 + 3 + 2 + 2
    assert len({line.count("|") for line in rows[:9]}) == len({line.count("|") for line in rows[9:]}) == 1
    assert "mAP@250" in rows[0]
    assert "mAP@250" not in rows[9]  # nothing there: the gallery is too small
    assert all(name in class_names() for name in ("apple", "worm"))
