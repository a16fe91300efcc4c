"""An evaluator in the style of semantic-embeddings' script: mAHP@k and AP of every query, in Python and NumPy.

Rebuilt from the definitions (Barz & Denzler, WACV 2019, code since 2020): the whole gallery is sorted, AP is that of
scikit-learn over the whole ranking, and AHP@k the trapezoid of hierarchical precision over ranks 1 to k with dx = 1/k.
Kinder than its model: the ideal sums are kept by class, and class similarities come from a table.
"""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score

from core.space import Space


def semantic_embeddings_scores(
    space: Space, similarity: np.ndarray, k: int, queries: range
) -> tuple[np.ndarray, np.ndarray]:
    """AP over the whole ranking and AHP@k (`ahp_trapezoid`) of some queries, float64 (Q,) both.

    `similarity` float64 (C, C). Every query needs a relevant item.
    """
    labels, table = space.gallery_labels.tolist(), similarity.tolist()
    ideal: dict[tuple[int, int], np.ndarray] = {}
    ap, ahp = [], []
    for q in queries:
        own, label = int(space.exclude[q]), int(space.query_labels[q])
        order = np.argsort(-(space.gallery @ space.queries[q]), kind="stable")
        ranked = [labels[item] for item in order if item != own]
        ap.append(average_precision_score([each == label for each in ranked], -np.arange(len(ranked))))
        key = (label, labels[own] if own >= 0 else -1)
        if key not in ideal:
            rest = [each for item, each in enumerate(labels) if item != own]
            ideal[key] = np.cumsum(sorted((table[label][each] for each in rest), reverse=True)[:k])
        gained = np.cumsum([table[label][each] for each in ranked[:k]])
        ahp.append(np.trapezoid(gained / ideal[key], dx=1 / k))
    return np.array(ap), np.array(ahp)
