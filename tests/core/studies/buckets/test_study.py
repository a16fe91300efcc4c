from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.bundle.bundle import load_bundle
from core.datasets.arrays import import_arrays
from core.engine.engine import Engine
from core.errors import BadInput
from core.hashing.random_hyperplane import RandomHyperplane
from core.search.buckets import rank_buckets
from core.studies.buckets.hash_tables import TableAnswers
from core.studies.buckets.lookups import BUCKETS, EXACT, HAMMING, KMEANS, RANDOM, Lookup
from core.studies.buckets.published import PUBLISHED
from core.studies.buckets.study import (
    COLUMNS,
    FIGURES,
    MAP,
    MAP_FOUND,
    THEIRS,
    Finder,
    bucket_study,
    figures,
    published_rows,
    study_setting,
)


@pytest.fixture
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


def world(query_labels, gallery_labels):
    return SimpleNamespace(
        query_labels=np.array(query_labels),
        gallery_labels=np.array(gallery_labels),
        exclude=np.full(len(query_labels), -1, np.int64),
        size=len(gallery_labels),
    )


def test_six_items_by_hand():
    """Three queries of class 0 on three items of class 0 (0, 1, 2) and three of class 1; judged at 2 and 4.

    The first finds 0, 3, 1, 2: hits at 1, 3 and 4, so P@2 = 1/2, P@4 = 3/4 and sum 1 + 2/3 + 3/4 = 29/12, over
    3 hits and over min(R, 4) = 3 alike. The second finds item 1 alone: P@2 = 1/2, P@4 = 1/4, sum 1, over 1 hit and
    over 3. The third finds nothing.
    """
    ids = np.array([[0, 3, 1, 2], [1, -1, -1, -1], [-1, -1, -1, -1]], np.int32)
    answers = TableAnswers(ids, np.array([4, 1, 0]), 6)
    told = figures(answers, world([0, 0, 0], [0, 0, 0, 1, 1, 1]), (2, 4))
    values = [told[name] for name in FIGURES]
    first, second = 29 / 36, 1 / 3
    theirs = [1 / 2, 1 / 2, (first + 1) / 2, 2 / 3, 1 / 3, 5 / 3, 5 / 18]
    assert values[:7] == pytest.approx(theirs)
    assert np.isnan(values[7])
    assert values[8:11] == pytest.approx([1 / 3, 1 / 3, (first + second) / 3])
    spread = np.std([first, second, 0], ddof=1)
    assert values[11] == pytest.approx(1.96 * spread / np.sqrt(3), rel=1e-4)


def test_found_only_rewards_finding_less():
    """One hit and nothing else counts 1 by the published definition; a whole gallery in order counts less."""
    task = world([0], [0, 1, 0])
    one = figures(TableAnswers(np.array([[0, -1, -1]], np.int32), np.array([1]), 3), task, (1, 3))
    every = figures(TableAnswers(np.array([[0, 1, 2]], np.int32), np.array([3]), 3), task, (1, 3))
    assert one[MAP_FOUND] == 1 > every[MAP_FOUND] == pytest.approx(5 / 6)
    assert one[MAP] == 1 / 2 < every[MAP] == pytest.approx(5 / 6)


def test_nothing_found_anywhere_is_zero():
    told = figures(TableAnswers(np.full((2, 2), -1, np.int32), np.zeros(2, np.int64), 2), world([0, 0], [0, 1]), (1, 2))
    assert [told[name] for name in (*THEIRS, "answered", MAP)] == [0, 0, 0, 0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train"])
def test_one_bucket_for_all_is_exact_ranking(engine, protocol):
    setting = study_setting(engine.bundle, protocol=protocol)
    table = bucket_study(engine, setting, [Lookup("", EXACT), Lookup(KMEANS, cells=1), Lookup(KMEANS, cells=1, pca=2)])
    exact, *rest = table[table["origin"] == "here"].drop(columns=["key products"]).to_dict("records")
    for row in rest:
        assert all(row[name] == exact[name] for name in FIGURES if name != "key products")
    result = engine.result("exact", setting, [10, 50])
    for name, metric, k in ((MAP, "ap", 50), (MAP_FOUND, "ap_hits", 50), ("P@10", "precision", 10)):
        assert exact[name] == pytest.approx(result.mean(metric, k))
    assert exact["candidates"] == engine.at(setting).task.size and exact["examined"] == 1


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), tables=st.integers(1, 3))
def test_any_bucket_that_holds_all_gives_exact_ranking(seed, tables):
    drawn = np.random.default_rng(seed)
    queries, gallery = (drawn.normal(size=(n, 4)).astype(np.float32) for n in (5, 12))
    task = world(drawn.integers(0, 3, 5), drawn.integers(0, 3, 12))
    keys = np.zeros((tables, 5), np.int64), np.zeros((tables, 12), np.int64)
    keys[0][1:], keys[1][1:] = 7, drawn.integers(0, 9, (tables - 1, 12))  # the others may find anything
    ids, _, counts = rank_buckets(queries, gallery, *keys, 12, threads=1)
    scores = queries.astype(np.float64) @ gallery.astype(np.float64).T
    order = np.argsort(-scores, axis=1, kind="stable").astype(np.int32)
    every = TableAnswers(order, np.full(5, 12), 12)
    assert figures(TableAnswers(ids, counts, 12), task, (3, 12)) == pytest.approx(
        figures(every, task, (3, 12)), nan_ok=True
    )


def test_rows_say_what_they_are(engine):
    setting = study_setting(engine.bundle, queries=20, seed=3)
    heard = []
    rows = [Lookup("", EXACT), Lookup(RANDOM, key_bits=4, tables=2), Lookup(RANDOM, HAMMING, 16)]
    table = bucket_study(engine, setting, rows, lambda share, what: heard.append((round(share, 2), what)))
    assert tuple(table.columns) == COLUMNS
    ours = table[table["origin"] == "here"]
    assert ours["method"].tolist() == ["Exact ranking", "Random hyperplanes", "Random hyperplanes"]
    assert ours["search"].tolist() == [EXACT, BUCKETS, HAMMING]
    assert (ours["queries"] == 20).all() and (ours["protocol"] == "test-vs-train").all()
    assert ours["key products"].tolist() == [0, 8, 16]
    assert ours["candidates"].iloc[1] < 150 == ours["candidates"].iloc[0]
    assert heard == [(0, "Exact ranking, every image"), (0.33, "Random hyperplanes, 2 × 4 bits"),
                     (0.67, "Random hyperplanes, Hamming ranking of 16 bits")]  # fmt: skip
    assert bucket_study(engine, setting, rows).equals(table)  # the same seed, the same figures
    other = bucket_study(engine, study_setting(engine.bundle, queries=20, seed=4), rows)
    assert not other[MAP].equals(table[MAP])


def test_hamming_ranking_is_the_engines(engine):
    setting = study_setting(engine.bundle)
    answers, _ = Finder(engine, setting).answer(Lookup(RANDOM, HAMMING, 16))
    expected = engine.at(setting).codes.rank(slice(None), 50, engine.at(setting).task.exclude).ids
    assert setting.hash == RANDOM and setting.bits == 16
    assert np.array_equal(answers.ids, expected)


def test_learned_tables_look_into_bits_of_the_code(engine, monkeypatch):
    """The head is asked for once, and codes that agree in all bits of a table meet in it."""
    made = []

    def method(bundle, encoder, name, bits, seed):
        made.append((name, bits))
        return RandomHyperplane(bits, seed).fit(bundle.embeddings(encoder, "train"))

    monkeypatch.setattr("core.studies.buckets.lookups.hash_method", method)
    setting = study_setting(engine.bundle)
    finder = Finder(engine, setting)
    answers, products = finder.answer(Lookup("neural-lsh", BUCKETS, 16, 16, 1))
    bits = finder.bits("neural-lsh", 16)
    same = (bits.queries[:, None] == bits.gallery).all(axis=2).sum(axis=1)
    assert np.array_equal(answers.candidates, same) and same.sum() > 0
    finder.answer(Lookup("neural-lsh", HAMMING, 16))
    assert made == [("neural-lsh", 16)] and products == 16


def test_published_rows_have_the_published_definitions_alone():
    table = published_rows()
    assert len(table) == len(PUBLISHED)
    assert table[list(THEIRS)].notna().all(axis=None)
    assert table[[name for name in FIGURES if name not in THEIRS]].isna().all(axis=None)
    row = table[table["data"] == "CIFAR-100"].iloc[0]
    assert (round(row["P@10 answered"], 4), round(row[MAP_FOUND], 4)) == (0.8425, 0.7592)


def test_settings_and_refusals(engine, tmp_path):
    assert study_setting(engine.bundle).protocol == "test-vs-train"
    assert study_setting(engine.bundle, protocol="test-vs-test").protocol == "test-vs-test"
    with pytest.raises(BadInput, match="unknown encoder 'resnet'"):
        study_setting(engine.bundle, "resnet")
    import_arrays(tmp_path / "mine", np.eye(8, dtype=np.float32), np.arange(8) % 2)
    mine = Engine(load_bundle(tmp_path / "mine"), 1)
    setting = study_setting(mine.bundle)
    assert setting.protocol == "leave-one-out"
    with pytest.raises(BadInput, match="the gallery has 7 images: the study judges the first 50"):
        bucket_study(mine, setting, [Lookup("", EXACT)])
