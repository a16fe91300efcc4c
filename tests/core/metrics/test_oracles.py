"""Metrics against packages that share nothing with this project: trec_eval's own code, and torchmetrics."""

from __future__ import annotations

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from core.metrics.average_precision import ap_hits, ap_trec
from core.metrics.ndcg import ndcg
from core.metrics.precision import precision
from core.metrics.recall import recall
from tests.core.metrics.hand import judge

KS = [1, 3, 5, 10, 20, 50]
CUTS = ",".join(map(str, KS))
TREC = {f"map_cut.{CUTS}": ap_trec, f"P.{CUTS}": precision, f"recall.{CUTS}": recall, f"ndcg_cut.{CUTS}": ndcg}
few = settings(max_examples=40, deadline=None)


def drawn(seed, share):
    """Labels of 60 items (0 is the query's class) and a ranking of them."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(60) > share).astype(int)
    labels[rng.integers(60)] = 0  # trec_eval leaves queries without relevant items out
    return labels, rng.permutation(60)


@few
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.2, 0.9]))
def test_trec_eval(seed, share):
    labels, ranking = drawn(seed, share)
    judged = {"q": {str(n): int(label == 0) for n, label in enumerate(labels)}}
    run = {"q": {str(n): float(60 - rank) for rank, n in enumerate(ranking)}}
    theirs = pytrec_eval.RelevanceEvaluator(judged, set(TREC)).evaluate(run)["q"]
    sums = judge(ranking, labels, KS)
    for measure, metric in TREC.items():
        expected = [theirs[f"{measure.split('.')[0]}_{k}"] for k in KS]
        assert metric(sums)[0] == pytest.approx(expected, abs=1e-9), measure


def test_torchmetrics():
    torch = pytest.importorskip("torch")
    from torchmetrics.functional import retrieval

    for seed in range(20):
        labels, ranking = drawn(seed, 0.2)
        found = torch.tensor(labels[ranking] == 0)
        scores = torch.arange(60, 0, -1, dtype=torch.float32)
        sums = judge(ranking, labels, KS)
        theirs = {
            ap_hits: retrieval.retrieval_average_precision,
            precision: retrieval.retrieval_precision,
            recall: retrieval.retrieval_recall,
            ndcg: retrieval.retrieval_normalized_dcg,
        }
        for metric, function in theirs.items():
            expected = [float(function(scores, found, top_k=k)) for k in KS]
            assert metric(sums)[0] == pytest.approx(expected, abs=2e-6), (metric.__name__, seed)
