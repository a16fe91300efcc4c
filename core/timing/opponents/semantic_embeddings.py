"""An evaluator in the style of semantic-embeddings' script: mAHP@k and AP of every query, in Python and NumPy.

Rebuilt from the definitions (Barz & Denzler, WACV 2019, code since 2020): the whole gallery is sorted, AP is that of
scikit-learn over the whole ranking, and AHP@k the trapezoid of hierarchical precision over ranks 1 to k with dx = 1/k.
Kinder than its model: the ideal sums are kept by class, and class similarities come from a table.
"""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score

from core.engine.task import RetrievalTask

Ideal = dict[tuple[int, int], np.ndarray]  # class of the query, class of the item it leaves out (-1) -> ideal sums


def semantic_embeddings_scores(
    task: RetrievalTask,
    similarity: np.ndarray,
    k: int,
    queries: range,
    dtype: type = np.float32,
    ideal: Ideal | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """AP over the whole ranking and AHP@k (`ahp_trapezoid`) of some queries, float64 (Q,) both.

    `similarity` float64 (C, C). Every query needs a relevant item. The model multiplies float32, which orders what is
    nearly equal at random; `dtype` float64 is for a comparison with the fixed order. `ideal` keeps the ideal sums from
    call to call, so that a time of some queries can be scaled up to all.
    """
    gallery: np.ndarray = task.gallery.astype(dtype, copy=False)
    labels, table = task.gallery_labels.tolist(), similarity.tolist()
    ideal = {} if ideal is None else ideal
    ap, ahp = [], []
    for q in queries:
        own, label = int(task.exclude[q]), int(task.query_labels[q])
        order = np.argsort(-(gallery @ task.queries[q].astype(dtype, copy=False)), kind="stable").tolist()
        ranked = [labels[item] for item in order if item != own]
        hits = np.array([each == label for each in ranked])
        ap.append(average_precision_score(hits, -np.arange(len(ranked))))
        key = (label, labels[own] if own >= 0 else -1)
        if key not in ideal:
            rest = [each for item, each in enumerate(labels) if item != own]
            ideal[key] = np.cumsum(sorted((table[label][each] for each in rest), reverse=True)[:k])
        gained = np.cumsum([table[label][each] for each in ranked[:k]])
        ahp.append(np.trapezoid(gained / ideal[key], dx=1 / k))
    return np.array(ap), np.array(ahp)
