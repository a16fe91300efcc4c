"""Judge one ranking by the engine's own sums: what the hand-checked tests share."""

from __future__ import annotations

import numpy as np

from core.metrics.accumulate import judge_rankings
from core.metrics.ideal import ideal_sums
from core.metrics.tables import Judgements

# The table 1,0,1,0,0,1 with five relevant items, two of them never found: items 0..5 are the ranking.
LABELS = [0, 1, 0, 1, 1, 0, 0, 0]
RANKING = [0, 1, 2, 3, 4, 5]

# root -> pets -> cat, dog; root -> car: s(cat, dog) = 1 - 1/2, s(cat, car) = 0
CAT, DOG, CAR = 0, 1, 2
TREE = "root pets\npets cat\npets dog\nroot car"
SIMILARITY = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])


def judge(ranking, labels, ks, query_label=0, similarity=None, exclude=False, exact=None, threads=1):
    """Sums of one ranking (gallery ids) at each k; `exclude`: the query is itself in the gallery, left out."""
    labels = np.asarray(labels, np.int64)
    classes = max(int(labels.max()), query_label) + 1
    similarity = np.eye(classes) if similarity is None else similarity
    counts = np.bincount(labels, minlength=len(similarity))
    judgements = Judgements(
        np.array([query_label]), labels, similarity, ideal_sums(similarity, counts, max(ks), exclude)
    )
    ids = np.array([ranking], np.int32)
    return judge_rankings(ids, ids if exact is None else np.array([exact], np.int32), judgements, ks, threads)
