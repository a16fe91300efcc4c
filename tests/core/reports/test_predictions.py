"""The hits of every query, against plain loops."""

from __future__ import annotations

import pandas as pd
import pytest

from core.engine.engine import Engine
from core.errors import BadInput
from core.reports import predictions
from core.settings import Setting
from tests import reference

SEARCHES = ("exact", "hashed", "hamming", "asymmetric")


@pytest.mark.parametrize(("hash_name", "protocol"), [("latent-sigmoid", "test-vs-test"), ("itq", "test-vs-train")])
def test_hits_equal_plain_loops(tiny_bundle, tmp_path, monkeypatch, hash_name, protocol):
    monkeypatch.setattr(predictions, "_BLOCK_ROWS", 300)  # many blocks
    engine = Engine(tiny_bundle)
    setting = Setting("semantic", hash_name, 16, "1.5", protocol, "wordnet", seed=3, queries=12)
    path = tmp_path / "hits.csv"
    assert predictions.write_predictions(engine, setting, SEARCHES, 7, path) == 12 * 4 * 7
    hits = pd.read_csv(path)
    assert tuple(hits.columns) == predictions.COLUMNS
    task, codes = engine.at(setting).task, engine.at(setting).codes
    assert hits["query"].unique().tolist() == task.query_index.tolist()
    for place, query in enumerate(task.query_index):
        own = int(task.exclude[place])
        vector, code = task.queries[place], codes.queries.packed[place]
        near = reference.hamming_ranking(code, codes.gallery.packed, own)
        for search in SEARCHES[:3]:
            expected = {
                "exact": reference.exact_ranking(vector, task.gallery, own)[:7],
                "hashed": reference.hashed_ranking(vector, task.gallery, near, "1.5", 7),
                "hamming": near[:7],
            }[search]
            found = hits[(hits["query"] == query) & (hits["search"] == search)]
            assert found["rank"].tolist() == list(range(1, 8))
            assert found["index"].tolist() == expected
            assert found["similarity"].tolist() == [reference.inner_product(vector, task.gallery[n]) for n in expected]
            assert found["distance"].tolist() == [reference.hamming(code, codes.gallery.packed[n]) for n in expected]
            labels = task.gallery_labels[expected] == task.query_labels[place]
            assert found["relevant"].tolist() == labels.astype(int).tolist()


def test_distance_of_predicted_class_is_0_or_1(tiny_bundle):
    setting = Setting("semantic", "predicted-class", 4, "2", "test-vs-test", "wordnet")
    hits = predictions.top_hits(Engine(tiny_bundle), setting, ["hamming"], 30, slice(0, 60))
    assert set(hits["distance"]) == {0, 1}


def test_asymmetric_without_real_values_leaves_no_file(tiny_bundle, tmp_path):
    setting = Setting("semantic", "random-codes", 16, "2", "test-vs-test", "wordnet")
    with pytest.raises(BadInput, match="no real values"):
        predictions.write_predictions(Engine(tiny_bundle), setting, ["asymmetric"], 5, tmp_path / "x.csv")
    assert not list(tmp_path.iterdir())
