"""Average precision of Hamming search, in expectation over a random order inside each distance.

A block of n tied items, r of them relevant, with N items and Q relevant ones before it, contributes
sum over t = N+1 .. min(N+n, k) of (r/n) * (Q + 1 + (t-N-1)(r-1)/(n-1)) / t  (for n = 1 without the last summand):
McSherry & Najork, "Computing Information Retrieval Performance Measures Efficiently in the Presence of Tied
Scores", ECIR 2008.
"""

from __future__ import annotations

import numpy as np

from core.runtime.compiled import kernel
from core.runtime.parallel import run_blocks
from core.search.select import popcount


def relevant_levels(
    query_words: np.ndarray,
    gallery_words: np.ndarray,
    query_labels: np.ndarray,
    gallery_labels: np.ndarray,
    bits: int,
    exclude: np.ndarray,
    distance_cap: int | None = None,
    threads: int | None = None,
) -> np.ndarray:
    """Relevant items at each Hamming distance, int32 (Q, bits + 1); arguments as in `rank_hamming`."""
    order = np.argsort(gallery_labels, kind="stable")
    classes = int(max(query_labels.max(), gallery_labels.max())) + 1
    starts = np.searchsorted(gallery_labels[order], np.arange(classes + 1))
    rows = np.ascontiguousarray(query_words.T)
    levels = np.zeros((len(query_labels), bits + 1), np.int32)
    cap = bits if distance_cap is None else distance_cap

    def work(block: slice) -> None:
        _levels_block(
            rows[block], gallery_words, query_labels[block], order, starts, exclude[block], cap, levels[block]
        )

    run_blocks(work, len(query_labels), threads)
    return levels


def expected_ap_sum(levels: np.ndarray, relevant: np.ndarray, ks: np.ndarray, threads: int | None = None) -> np.ndarray:
    """Expected S_k, float64 (Q, K), from all and relevant items at each distance, int32 (Q, D) both.

    Divide by min(R, k), R or k for `ap_expected`, `ap_trec_expected`, `ap_source_expected`.
    """
    out = np.empty((len(levels), len(ks)))
    harmonic = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, int(ks[-1]) + 1))])

    def work(block: slice) -> None:
        _expected_block(levels[block], relevant[block], ks, harmonic, out[block])

    run_blocks(work, len(levels), threads)
    return out


@kernel
def _levels_block(
    rows: np.ndarray,
    words: np.ndarray,
    labels: np.ndarray,
    members: np.ndarray,
    starts: np.ndarray,
    exclude: np.ndarray,
    cap: int,
    levels: np.ndarray,
) -> None:
    for q in range(rows.shape[0]):
        for m in range(starts[labels[q]], starts[labels[q] + 1]):
            item = members[m]
            if item == exclude[q]:
                continue
            distance = 0
            for w in range(words.shape[0]):
                distance += popcount(rows[q, w] ^ words[w, item])
            levels[q, min(distance, cap)] += 1


@kernel
def _expected_block(
    levels: np.ndarray, relevant: np.ndarray, ks: np.ndarray, harmonic: np.ndarray, out: np.ndarray
) -> None:
    for q in range(levels.shape[0]):
        before, found, column = 0, 0, 0
        total = 0.0
        for level in range(levels.shape[1]):
            n, r = levels[q, level], relevant[q, level]
            while column < ks.shape[0] and ks[column] <= before + n:
                out[q, column] = total + _tied(before, found, n, r, ks[column] - before, harmonic)
                column += 1
            if column == ks.shape[0]:
                break
            total += _tied(before, found, n, r, n, harmonic)
            before += n
            found += r


@kernel
def _tied(before: int, found: int, n: int, r: int, first: int, harmonic: np.ndarray) -> float:
    """What the `first` items of a block contribute: the sum over t, with that of 1/t from the harmonic numbers."""
    if r == 0:
        return 0.0
    ahead = (r - 1) / (n - 1) if n > 1 else 0.0
    reciprocals = harmonic[before + first] - harmonic[before]
    return r / n * ((found + 1 - (before + 1) * ahead) * reciprocals + ahead * first)
