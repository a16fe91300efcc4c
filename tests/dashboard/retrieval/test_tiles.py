"""From answers to tiles."""

from __future__ import annotations

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.retrieval import Answer, Retrieved, retrieve
from core.settings import Setting
from dashboard.retrieval.tiles import Tiles, lost_sentence

SETTING = Setting("semantic", "latent-sigmoid", 16, "1.2", "test-vs-train", "wordnet")
K = 20


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle)


def tiles_of(engine, query=3):
    found = retrieve(engine.at(SETTING), query, K)
    task = engine.at(SETTING).task
    return found, Tiles(found, engine.bundle, task, lambda split, index: f"{split}/{index}")


def test_the_querys_tile_is_from_the_query_split(engine):
    _, tiles = tiles_of(engine)
    tile = tiles.query()
    assert (tile.index, tile.relation, tile.picture, tile.rank) == (3, "query", "test/3", None)
    assert tile.class_name == f"class{engine.bundle.labels('test')[3]}"


@pytest.mark.parametrize(("search", "other"), [("exact", "hashed"), ("hashed", "exact"), ("hamming", "exact")])
def test_answers_become_tiles(engine, search, other):
    found, tiles = tiles_of(engine)
    answer, groups = found.answers[search], engine.bundle.superclass_of
    shown = tiles.answer(search, other, 12)
    assert [tile.index for tile in shown] == answer.ids[:12].tolist()
    assert [tile.rank for tile in shown] == list(range(1, 13))
    for i, tile in enumerate(shown):
        label = engine.bundle.labels("train")[tile.index]
        expected = "same" if label == found.label else "superclass" if groups[label] == groups[found.label] else "wrong"
        assert (tile.relation, tile.superclass_index) == (expected, groups[label])
        assert (tile.similarity, tile.distance) == (answer.similarities[i], answer.distances[i])
        assert tile.picture == f"train/{tile.index}"
        held = np.flatnonzero(found.answers[other].ids == tile.index)
        assert tile.rank_change == (held[0] + 1 - tile.rank if len(held) else None)
    assert len(tiles.answer(search, other, 500)) == K


def test_lost_tiles_stand_under_their_exact_ranks(engine):
    found, tiles = next(pair for pair in (tiles_of(engine, query) for query in range(60)) if len(pair[0].lost) > 2)
    lost, exact = tiles.lost(100), found.answers["exact"]
    assert sorted(tile.index for tile in lost) == sorted(found.lost.tolist())
    assert [tile.rank for tile in lost] == sorted(tile.rank for tile in lost)
    for tile in lost:
        assert exact.ids[tile.rank - 1] == tile.index
        assert tile.distance == exact.distances[tile.rank - 1]
    assert len(tiles.lost(2)) == 2


def answered(lost):
    ids = np.arange(100)
    exact = Answer("exact", ids, np.zeros(100), ids, ids + 1)
    return Retrieved(0, 1, {"exact": exact}, np.array(lost, int), 200)


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ([], "all of the exact top 100."),
        ([1], "99 of the exact top 100; 1 was lost, of the query’s class."),
        ([0], "99 of the exact top 100; 1 was lost, of another class."),
        ([1, 3, 0], "97 of the exact top 100; 3 were lost, 2 of them of the query’s class."),
        ([0, 2], "98 of the exact top 100; 2 were lost, none of them of the query’s class."),
        ([1, 3], "98 of the exact top 100; 2 were lost, all of them of the query’s class."),
    ],
)
def test_the_sentence_on_what_was_lost(lost, words):
    labels = np.arange(100) % 2
    assert lost_sentence(answered(lost), labels) == f"The shortlist of 200 held {words}"
