"""Which queries a search answers well and what it returns instead: a table by query, right and wrong, confusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.bundle.bundle import Bundle
from core.engine.engine import Engine
from core.engine.results import SearchResult
from core.engine.retrieval import Retrieved
from core.engine.task import RetrievalTask
from core.metrics.accumulate import judge_rankings
from core.runtime.parallel import blocks
from core.search.kinds import search_kind
from core.settings import Setting

CELLS = ("both right", "lost by the hash", "gained by the hash", "both wrong")
PAIR_COLUMNS = ("class", "returned", "related", "share", "other", "change")
_CELLS_HELD = 4_000_000  # entries of the largest array of a block


@dataclass(frozen=True)
class TopLabels:
    """What a search returns in its top k, by class: the class at rank 1 and the one most frequent, int64 (Q,), and
    how often queries of class a (rows) had class b returned (columns), int64 (C, C)."""

    first: np.ndarray
    majority: np.ndarray
    confusion: np.ndarray


def top_labels(engine: Engine, setting: Setting, search: str, k: int) -> TopLabels:
    """The classes that a search returns in the top k of every query; raises BadInput as the search does."""
    at = engine.at(setting)
    task, classes = at.task, len(engine.bundle.class_names)
    count = len(task.query_labels)
    first, majority = np.empty(count, np.int64), np.empty(count, np.int64)
    confusion = np.zeros((classes, classes), np.int64)
    widest = max(classes, setting.shortlist(k, task.size), k)
    for rows in blocks(count, max(64, _CELLS_HELD // widest)):
        labels = task.gallery_labels[at.top_ids(search, k, rows)]
        counts = count_labels(labels, classes)
        first[rows], majority[rows] = labels[:, 0], majority_of(labels, counts)
        np.add.at(confusion, task.query_labels[rows], counts)
    return TopLabels(first, majority, confusion)


def count_labels(labels: np.ndarray, classes: int) -> np.ndarray:
    """How often each class stands in each row of `labels` int64 (Q, k): int64 (Q, C)."""
    places = np.arange(len(labels))[:, None] * classes + labels
    return np.bincount(places.ravel(), minlength=len(labels) * classes).reshape(len(labels), classes)


def majority_of(labels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The most frequent class of each ranking int64 (Q,); of several, the one that is returned first."""
    depth, rows = labels.shape[1], np.arange(len(labels))
    found_at = np.full(counts.shape, depth, np.int64)
    for rank in range(depth - 1, -1, -1):
        found_at[rows, labels[:, rank]] = rank
    return (counts * (depth + 1) - found_at).argmax(axis=1)


def query_table(
    bundle: Bundle, task: RetrievalTask, results: Mapping[str, SearchResult], k: int, metrics: tuple[str, str]
) -> pd.DataFrame:
    """One row a query, in their order: its class and how exact and hashed search answer it at k.

    `results` holds `exact` and `hashed`, judged at k; `metrics` are the definitions behind `ap_*` and `ahp_*`.
    `loss` is exact minus hashed AP, `query` the place among the queries, `index` that in their split.
    """
    names = np.array(bundle.class_names, dtype=object)
    columns: dict[str, np.ndarray] = {
        "query": np.arange(len(task.query_index)),
        "index": task.query_index,
        "class": names[task.query_labels],
    }
    if bundle.superclass_of is not None and bundle.superclass_names is not None:
        groups = np.array(bundle.superclass_names, dtype=object)
        columns["superclass"] = groups[bundle.superclass_of[task.query_labels]]
    for short, metric in zip(("ap", "ahp"), metrics, strict=True):
        for search in ("exact", "hashed"):
            columns[f"{short}_{search}"] = results[search].at(metric, k)
    columns["loss"] = columns["ap_exact"] - columns["ap_hashed"]
    columns["ahp_loss"] = columns["ahp_exact"] - columns["ahp_hashed"]
    columns["overlap"] = results["hashed"].at("overlap", k)
    return pd.DataFrame(columns)


def cells(labels: np.ndarray, exact: np.ndarray, hashed: np.ndarray) -> np.ndarray:
    """The cell of the 2 x 2 that each query falls in, an index into `CELLS`: int64 (Q,).

    `labels` are the queries' classes, `exact` and `hashed` the classes that the two searches answer.
    """
    return 2 * (exact != labels).astype(np.int64) + (hashed != labels)


def cell_counts(cell: np.ndarray) -> np.ndarray:
    """Queries in each cell as int64 (2, 2): rows exact right, wrong; columns hashed right, wrong."""
    return np.bincount(cell, minlength=4).reshape(2, 2)


def by_superclass(confusion: np.ndarray, superclass_of: np.ndarray, count: int) -> np.ndarray:
    """Class counts (C, C) summed to superclasses (count, count)."""
    member = np.zeros((len(superclass_of), count), np.int64)
    member[np.arange(len(superclass_of)), superclass_of] = 1
    return member.T @ confusion @ member


def shares(confusion: np.ndarray) -> np.ndarray:
    """Each row over its sum, float64; a row of nothing stays 0."""
    total = confusion.sum(axis=1, keepdims=True)
    return np.divide(confusion, total, out=np.zeros(confusion.shape), where=total > 0)


def top_pairs(
    confusion: np.ndarray, other: np.ndarray, names: Sequence[str], superclass_of: np.ndarray | None, count: int = 20
) -> pd.DataFrame:
    """The classes most often returned instead: `share` of the items returned for `class` that are `returned`.

    `other` is the confusion (C, C) of another search: its share of the same pair, and `change` = share - other.
    Ordered by share, then by class index; pairs that never occur are left out.
    """
    share, base = shares(confusion), shares(other)
    apart = share.copy()
    np.fill_diagonal(apart, 0.0)
    order = np.argsort(-apart, axis=None, kind="stable")[:count]
    rows = []
    for a, b in zip(*np.unravel_index(order, apart.shape), strict=True):
        if apart[a, b] > 0:
            related = superclass_of is not None and bool(superclass_of[a] == superclass_of[b])
            rows.append((names[a], names[b], related, share[a, b], base[a, b], share[a, b] - base[a, b]))
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def score(engine: Engine, setting: Setting, retrieved: Retrieved) -> dict[str, SearchResult]:
    """Each answer of one query judged at its k, as a result of one query; `exact` must be among the answers."""
    k = len(retrieved.answers["exact"].ids)
    row = slice(retrieved.query, retrieved.query + 1)
    judgements = engine.at(setting).judgements(k)[row]
    exact = retrieved.answers["exact"].ids[None].astype(np.int32)
    scored = {}
    for name, answer in retrieved.answers.items():
        sums = judge_rankings(answer.ids[None].astype(np.int32), exact, judgements, np.array([k]), 1)
        shortlists = np.array([retrieved.shortlist]) if search_kind(name).shortlisted else None
        scored[name] = SearchResult(name, sums, None, shortlists)
    return scored
