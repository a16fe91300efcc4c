"""Hash tables of random hyperplanes: a search looks into one bucket a table and ranks what it finds exactly.

Indyk & Motwani, "Approximate Nearest Neighbors: Towards Removing the Curse of Dimensionality", STOC 1998, with the
hash of Charikar, STOC 2002. Two vectors at the angle t (about the mean of the training features, which the planes go
through) share a bucket of J bits with probability (1 - t / pi)^J, and one of L such buckets with probability
1 - (1 - (1 - t / pi)^J)^L. Short keys and many tables find more and examine more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.engine.task import RetrievalTask, relevant_counts
from core.errors import BadInput
from core.hashing.random_hyperplane import RandomHyperplane
from core.runtime.parallel import blocks
from core.search.buckets import rank_buckets

MOST_BITS = 62  # of a key, which is a whole number of 64 bits
ANGLE_BINS = 18
_PAIRS = 4_000_000  # pairs of query and item held at once


@dataclass(frozen=True)
class HashTables:
    """`tables` tables, the key of each made of `bits` bits of one hash of all their planes."""

    planes: RandomHyperplane
    tables: int
    bits: int

    def keys(self, X: np.ndarray) -> np.ndarray:
        """The bucket of each row of features float (N, d) in each table: int64 (tables, N)."""
        bits = (self.planes.project(X) > 0).reshape(len(X), self.tables, self.bits)
        return np.ascontiguousarray((bits @ (1 << np.arange(self.bits, dtype=np.int64)[::-1])).T)


@dataclass(frozen=True)
class TableAnswers:
    """What each query finds: `ids` int32 (Q, k), -1 after its last, and its number of candidates int64 (Q,).

    `size` is the number of items that a query could find.
    """

    ids: np.ndarray
    candidates: np.ndarray
    size: int

    @property
    def examined(self) -> float:
        """Mean share of the gallery that is ranked exactly."""
        return float(self.candidates.mean() / self.size)

    @property
    def nothing_found(self) -> float:
        """Share of the queries without a candidate."""
        return float((self.candidates == 0).mean())


@dataclass(frozen=True)
class TableFigures:
    """Figures of each query at k, float64 (Q,): places that hold nothing are no hits.

    `ap` is divided by min(R, k), `ap_found` by the hits (0 without one); `answered` says which have a candidate.
    """

    precision: np.ndarray
    ap: np.ndarray
    ap_found: np.ndarray
    answered: np.ndarray

    @property
    def answered_map(self) -> float:
        """Mean of `ap_found` over the queries that have a candidate, the others skipped; 0 where none has one.

        It rises as fewer queries are answered: never compare it with a mean over all queries.
        """
        return float(self.ap_found[self.answered].mean()) if self.answered.any() else 0.0


def fit_tables(X: np.ndarray, bits: int, tables: int, seed: int = 0) -> HashTables:
    """Draw the planes of `tables` tables of `bits` bits about the mean of features float (N, d)."""
    if not 1 <= bits <= MOST_BITS:
        raise BadInput(f"keys of {bits} bits: expected 1 to {MOST_BITS}")
    if tables < 1:
        raise BadInput(f"{tables} tables: expected at least 1")
    return HashTables(RandomHyperplane(bits * tables, seed).fit(X), tables, bits)


def search_tables(task: RetrievalTask, tables: HashTables, k: int, threads: int | None = None) -> TableAnswers:
    """The top k of the candidates of every query; raises BadInput for a k outside the gallery."""
    if not 1 <= k <= task.size:
        raise BadInput(f"k {k} is outside 1 to {task.size}, the gallery's size")
    keys = tables.keys(task.queries), tables.keys(task.gallery)
    ids, _, counts = rank_buckets(task.queries, task.gallery, *keys, k, task.exclude, threads)
    return TableAnswers(ids, counts, task.size)


def judge_tables(answers: TableAnswers, task: RetrievalTask, k: int) -> TableFigures:
    """The answers judged at k, which is at most the k they were searched for."""
    if not 1 <= k <= answers.ids.shape[1]:
        raise BadInput(f"k {k} is outside 1 to {answers.ids.shape[1]}, the number of places that were filled")
    ids, labels = answers.ids[:, :k], task.query_labels[:, None]
    hits = (ids >= 0) & (task.gallery_labels[ids] == labels)
    sums = (hits * (hits.cumsum(axis=1) / np.arange(1, k + 1))).sum(axis=1)
    found = hits.sum(axis=1)
    return TableFigures(
        found / k,
        sums / np.maximum(np.minimum(relevant_counts(task), k), 1),
        sums / np.maximum(found, 1),
        answers.candidates > 0,
    )


def candidate_probability(angles: np.ndarray, bits: int, tables: int) -> np.ndarray:
    """The chance that items at these angles (radians) share a bucket in at least one table, float64.

    >>> round(float(candidate_probability(np.array(np.pi / 3), 2, 3)), 4)
    0.8285
    """
    return 1.0 - (1.0 - (1.0 - np.asarray(angles, np.float64) / np.pi) ** bits) ** tables


def measured_candidates(
    queries: np.ndarray,
    gallery: np.ndarray,
    tables: HashTables,
    exclude: np.ndarray | None = None,
    bins: int = ANGLE_BINS,
) -> pd.DataFrame:
    """Predicted and measured share of candidates among pairs of query and item, by their angle about the planes' mean.

    Embeddings float32 (Q, d) and (N, d); `exclude` int64 (Q,) leaves one item out a query, -1 none. One row a range of
    angles that has pairs: `low` and `high` in degrees, `pairs`, `predicted` (the mean over the pairs) and `measured`.
    """
    mean = tables.planes.state()["mean"]
    about, items = _unit(queries - mean), _unit(gallery - mean)
    query_keys, keys = tables.keys(queries), tables.keys(gallery)
    sums = np.zeros((3, bins))  # pairs, predicted, measured
    for rows in blocks(len(queries), max(1, _PAIRS // len(gallery))):
        angles = np.arccos(np.clip(about[rows] @ items.T, -1.0, 1.0))
        shared = np.zeros(angles.shape, np.bool_)
        for own, others in zip(query_keys[:, rows], keys, strict=True):
            shared |= own[:, None] == others
        counted = np.ones(angles.shape, np.bool_)
        if exclude is not None:
            left_out = np.flatnonzero(exclude[rows] >= 0)
            counted[left_out, exclude[rows][left_out]] = False
        place = np.minimum((angles[counted] / np.pi * bins).astype(np.int64), bins - 1)
        predicted = candidate_probability(angles[counted], tables.bits, tables.tables)
        for row, weights in enumerate((None, predicted, shared[counted])):
            sums[row] += np.bincount(place, weights, bins)
    edges = np.linspace(0.0, 180.0, bins + 1)
    has = sums[0] > 0
    return pd.DataFrame(
        {
            "low": edges[:-1][has],
            "high": edges[1:][has],
            "pairs": sums[0][has].astype(np.int64),
            "predicted": sums[1][has] / sums[0][has],
            "measured": sums[2][has] / sums[0][has],
        }
    )


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length 1, float64; a row of zeros stays one."""
    vectors = vectors.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1.0)
