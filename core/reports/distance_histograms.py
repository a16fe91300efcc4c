"""Code distances of pairs by how alike their classes are, and how far these distributions cover each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.codes.hamming import HammingPair
from core.codes.pair import CodePair
from core.engine.engine import Engine
from core.engine.task import RetrievalTask
from core.settings import Setting

SAME, SUPERCLASS, OTHER = "same class", "same superclass", "other"
SAMPLE = 500  # queries whose distances are counted where they are not Hamming distances
BINS = 64


@dataclass(frozen=True)
class DistanceHistograms:
    """Shares of the pairs of query and item at each distance, by relation; each sums to 1.

    `at` float64 (B,) are the distances, or the middles of equal bins; `pairs` how many there are; `queries` how many
    queries were counted. Another class of the same superclass is in `same superclass`, which is missing where the
    data has no superclasses.
    """

    at: np.ndarray
    shares: dict[str, np.ndarray]
    pairs: dict[str, int]
    queries: int
    binned: bool

    def overlap(self, first: str = SAME, second: str = OTHER) -> float:
        """The overlapping coefficient: the sum over distances of the smaller share (Weitzman 1970; Inman & Bradley,
        Communications in Statistics, 1989). 0: a threshold separates the two; 1: they are the same."""
        return float(np.minimum(self.shares[first], self.shares[second]).sum())

    def mean(self, relation: str) -> float:
        """Mean distance of the pairs of a relation."""
        return float(self.at @ self.shares[relation])


def distance_histograms(engine: Engine, setting: Setting, sample: int = SAMPLE, seed: int = 0) -> DistanceHistograms:
    """Count the pairs of a setting's codes: all of them by Hamming distance, those of a seeded sample otherwise."""
    codes, task = engine.at(setting).codes, engine.at(setting).task
    groups = engine.bundle.superclass_of
    if isinstance(codes, HammingPair):
        at, counts = np.arange(codes.cap + 1), _all_pairs(engine, setting, codes, task, groups)
        counts = [count[: codes.cap + 1] for count in counts]
        queries, binned = len(task.queries), False
    else:
        queries = min(sample, len(task.queries))
        rows = np.sort(np.random.default_rng(seed).choice(len(task.queries), queries, replace=False))
        at, counts = _sampled(codes, task, groups, rows)
        binned = True
    same, alike, every = counts
    parts = {SAME: same, OTHER: every - same}
    if groups is not None:
        parts = {SAME: same, SUPERCLASS: alike - same, OTHER: every - alike}
    shares = {name: part / max(part.sum(), 1) for name, part in parts.items()}
    pairs = {name: int(part.sum()) for name, part in parts.items()}
    return DistanceHistograms(at.astype(np.float64), shares, pairs, queries, binned)


def histogram_table(found: DistanceHistograms) -> pd.DataFrame:
    """One row a relation and distance: the share of that relation's pairs."""
    frames = [
        pd.DataFrame({"relation": relation, "distance": found.at, "share": share})
        for relation, share in found.shares.items()
    ]
    return pd.concat(frames, ignore_index=True)


def overlap_table(found: DistanceHistograms) -> pd.DataFrame:
    """One row a relation: pairs, mean distance, overlap with the pairs of one class, and the queries counted."""
    rows = [
        (relation, found.pairs[relation], found.mean(relation), found.overlap(SAME, relation), found.queries)
        for relation in found.shares
    ]
    return pd.DataFrame(rows, columns=["relation", "pairs", "mean", "overlap", "queries"])


def _all_pairs(
    engine: Engine, setting: Setting, codes: HammingPair, task: RetrievalTask, groups: np.ndarray | None
) -> list[np.ndarray]:
    """Pairs at each distance: of one class, of one superclass, all; int64 (bits + 1,) each."""
    levels = engine.at(setting).levels()
    assert levels is not None  # whole distances have them
    every, same = levels
    alike = same
    if groups is not None:
        labels = groups[task.query_labels], groups[task.gallery_labels]
        alike = codes.levels(*labels, task.exclude, task.size, engine.threads)[1]
    return [part.sum(axis=0, dtype=np.int64) for part in (same, alike, every)]


def _sampled(
    codes: CodePair, task: RetrievalTask, groups: np.ndarray | None, rows: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray]]:
    scanner = codes.scanner(1)
    found = [np.array(scanner.scan(scanner.prepare(int(row))), np.float64) for row in rows]
    low, high = min(each.min() for each in found), max(each.max() for each in found)
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    counts = [np.zeros(BINS, np.int64) for _ in range(3)]
    for row, distances in zip(rows, found, strict=True):
        label, own = task.query_labels[row], task.exclude[row]
        kept = np.arange(len(distances)) != own
        same = task.gallery_labels == label
        alike = same if groups is None else groups[task.gallery_labels] == groups[label]
        for count, chosen in zip(counts, (same, alike, np.ones_like(same)), strict=True):
            count += np.histogram(distances[kept & chosen], edges)[0]
    return (edges[:-1] + edges[1:]) / 2, counts
