"""The hashing literature's own figures: look-up within a Hamming radius, and precision against recall by radius."""

from __future__ import annotations

import numpy as np

from core.runtime.compiled import kernel
from core.runtime.parallel import run_blocks
from core.search.hamming import hamming_distances


def precision_recall_by_radius(levels: np.ndarray, relevant: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean precision and mean recall of look-up within radius 0, 1, .. bits; float64 (bits + 1,) each.

    From all and relevant items at each distance, int32 (Q, bits + 1). A query that finds nothing within a radius
    counts 0 there, as in the literature, so precision can rise with the radius at first.
    """
    returned = np.cumsum(levels, axis=1)
    hits = np.cumsum(relevant, axis=1)
    total = np.maximum(hits[:, -1:], 1)
    return (hits / np.maximum(returned, 1)).mean(axis=0), (hits / total).mean(axis=0)


def radius_values(
    query_words: np.ndarray,
    gallery_words: np.ndarray,
    query_labels: np.ndarray,
    gallery_labels: np.ndarray,
    exclude: np.ndarray,
    radius: int = 2,
    distance_cap: int | None = None,
    threads: int | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, average precision and number returned within a Hamming radius, (Q,) each.

    Average precision is over the items returned, in the fixed tie order, divided by the hits among them (Cao et
    al., "Deep Cauchy Hashing", CVPR 2018: MAP@H<=2). A query that finds nothing counts 0.
    """
    rows = np.ascontiguousarray(query_words.T)
    precision, average, returned = (np.zeros(len(rows)) for _ in range(3))
    cap = 64 * len(query_words) if distance_cap is None else distance_cap

    def work(block: slice) -> None:
        _radius_block(
            rows[block],
            gallery_words,
            query_labels[block],
            gallery_labels,
            exclude[block],
            radius,
            cap,
            precision[block],
            average[block],
            returned[block],
        )

    run_blocks(work, len(rows), threads)
    return precision, average, returned


@kernel
def _radius_block(
    rows: np.ndarray,
    words: np.ndarray,
    query_labels: np.ndarray,
    labels: np.ndarray,
    exclude: np.ndarray,
    radius: int,
    cap: int,
    precision: np.ndarray,
    average: np.ndarray,
    returned: np.ndarray,
) -> None:
    distances = np.empty(words.shape[1], np.uint16)
    for q in range(rows.shape[0]):
        hamming_distances(rows[q], words, cap, distances)
        seen, found, total = 0, 0, 0.0
        for level in range(radius + 1):
            for n in range(words.shape[1]):
                if distances[n] == level and n != exclude[q]:
                    seen += 1
                    if labels[n] == query_labels[q]:
                        found += 1
                        total += found / seen
        returned[q] = seen
        if found:
            precision[q] = found / seen
            average[q] = total / found
