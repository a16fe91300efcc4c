"""One query, answered by several searches side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from core.codes.pair import CodePair
from core.engine.experiment import DEFAULT_SEARCHES, Experiment
from core.engine.task import RetrievalTask
from core.pictures.paths import read_paths
from core.search.door import Ranking
from core.search.searcher import Searcher

COLUMNS = ("search", "rank", "index", "class", "relation", "similarity", "distance", "exact_rank")


@dataclass(frozen=True)
class Answer:
    """The top k of one search: gallery places int64 (k,), similarities float64 (k,), code distances (k,), int64
    or, where they are no whole numbers, float64, NaN without codes; each item's rank (from 1) in exact search over the
    whole gallery."""

    search: str
    ids: np.ndarray
    similarities: np.ndarray
    distances: np.ndarray
    exact_ranks: np.ndarray


@dataclass(frozen=True)
class Retrieved:
    """One query's answers; `lost` are the items of the exact top k that the shortlist does not hold."""

    query: int  # place among the queries of the setting
    label: int | None  # None for a picture that is in no split
    answers: dict[str, Answer]
    lost: np.ndarray
    shortlist: int


def retrieve(at: Experiment, query: int, k: int, searches: Sequence[str] = DEFAULT_SEARCHES) -> Retrieved:
    """The top k of one query (its place among the setting's queries, from 0) by each search.

    Raises BadInput for a query or a k outside what there is.
    """
    at.check_query(query)
    return answer(replace(at.searcher, threads=1), at.task, at.codes, query, at.check_k(k), searches, at.shortlist(k))


def answer(
    searcher: Searcher,
    task: RetrievalTask,
    codes: CodePair | None,
    query: int,
    k: int,
    searches: Sequence[str],
    shortlist: int,
) -> Retrieved:
    """The top k of one query of a task by each search; without codes by exact search alone, with no shortlist.

    A label below 0 is none. Raises BadInput for asymmetric search by codes that have no real values.
    """
    row = slice(query, query + 1)
    whole = searcher.exact(row, task.size)
    exact, similarities = _by_id(whole, task)
    ranked = {"exact": whole.ids[0][:k]}
    if codes is None:
        distance_of, lost, shortlist = np.full(len(exact), np.nan), np.empty(0, np.int64), 0
    else:
        near = searcher.by_code(row, task.size)
        distance_of = np.zeros(len(exact), np.int64 if codes.whole else np.float64)
        distance_of[near.ids[0]] = near.scores[0]
        ranked["hamming"] = near.ids[0][:k]
        lost = np.setdiff1d(ranked["exact"], near.ids[0][:shortlist])
    ranked |= {name: searcher.rank(name, row, k, shortlist).ids[0] for name in searches if name not in ranked}
    answers = {
        name: Answer(
            name,
            ranked[name].astype(np.int64),
            similarities[ranked[name]],
            distance_of[ranked[name]],
            exact[ranked[name]],
        )
        for name in searches
    }
    label = int(task.query_labels[query])
    return Retrieved(query, label if label >= 0 else None, answers, lost[np.argsort(exact[lost])], shortlist)


def to_table(retrieved: Retrieved, at: Experiment) -> pd.DataFrame:
    """The answers in long form, one row an item, `index` its row in its split; `relation` as in `relation`.

    Of a bundle that was made of a folder `path` too, below that folder.
    """
    bundle, task = at.bundle, at.task
    rows = []
    for name, answer in retrieved.answers.items():
        for rank, item in enumerate(answer.ids):
            label = int(task.gallery_labels[item])
            rows.append(
                (
                    name,
                    rank + 1,
                    int(task.gallery_index[item]),
                    bundle.class_names[label],
                    relation(bundle.superclass_of, retrieved.label, label),
                    answer.similarities[rank],
                    answer.distances[rank],
                    answer.exact_ranks[rank],
                )
            )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    paths = read_paths(bundle, task.protocol.gallery_split)
    return table if paths is None else table.assign(path=[paths[item] for item in table["index"]])


Relation = Literal["same", "superclass", "wrong", "unlabelled"]


def relation(superclass_of: np.ndarray | None, query: int | None, item: int) -> Relation:
    """How a found class relates to the query's: `same`, `superclass` (another class of the same one) or `wrong`;
    `unlabelled` where the query has no class."""
    if query is None:
        return "unlabelled"
    if query == item:
        return "same"
    alike = superclass_of is not None and superclass_of[query] == superclass_of[item]
    return "superclass" if alike else "wrong"


def _by_id(found: Ranking, task: RetrievalTask) -> tuple[np.ndarray, np.ndarray]:
    """Rank (from 1; beyond the gallery for an item left out) and similarity of every gallery item of one query."""
    rank = np.full(len(task.gallery), task.size + 1, np.int64)
    similarity = np.zeros(len(task.gallery))
    rank[found.ids[0]] = np.arange(1, found.ids.shape[1] + 1)
    similarity[found.ids[0]] = found.scores[0]
    return rank, similarity
