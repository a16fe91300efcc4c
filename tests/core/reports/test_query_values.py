from __future__ import annotations

from core.engine.engine import Engine
from core.reports.query_values import query_values
from core.settings import Setting


def test_sampled_queries_keep_their_place_in_the_split_and_their_values(tiny_bundle):
    setting = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet", seed=1, queries=7)
    engine = Engine(tiny_bundle, 1)
    frame, task = query_values(engine, setting, 5, "ap", "ahp"), engine.at(setting).task
    assert frame["query"].tolist() == task.query_index.tolist() and len(frame) == 7
    result = engine.result("hamming", setting, [5])
    assert frame["hamming_ap"].tolist() == result.at("ap", 5).tolist()
    assert frame["hamming_hits"].tolist() == [round(5 * value) for value in result.at("precision", 5)]
    assert frame["class"][0] == tiny_bundle.class_names[task.query_labels[0]]
