"""The exact ranks of a shortlist's items: looked up where they are known, by similarity where they are needed."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
from core.search.hashed import gathered_products
from core.search.order import order_by_similarity


@kernel
def look_up(
    near: np.ndarray,
    exact_ids: np.ndarray,
    label_of: np.ndarray,
    rank_of: np.ndarray,
    ranks: np.ndarray,
    labels: np.ndarray,
) -> None:
    """Exact ranks of `near` into `ranks`, the depth of `exact_ids` where it is deeper, and labels into `labels`.

    `label_of` (N,) are all labels; `rank_of` (N,) is the depth everywhere.
    """
    known = exact_ids.shape[0]
    for i in range(known):
        rank_of[exact_ids[i]] = i
    for j in range(ranks.shape[0]):
        ranks[j] = rank_of[near[j]]
        labels[j] = label_of[near[j]]
    for i in range(known):
        rank_of[exact_ids[i]] = known


@kernel
def last_short(ranks: np.ndarray, known: int, shortlists: np.ndarray, ks: np.ndarray) -> int:
    """The length of the last shortlist that has fewer than its k items among those of known rank; 0: there is none."""
    count, j, short = 0, 0, 0
    for column in range(ks.shape[0]):
        while j < shortlists[column]:
            count += ranks[j] < known
            j += 1
        if count < ks[column]:
            short = shortlists[column]
    return short


@kernel
def rank_others(
    query: np.ndarray, gallery: np.ndarray, near: np.ndarray, ranks: np.ndarray, known: int, short: int
) -> None:
    """Give the items whose exact rank is not known the ranks after it, by (similarity descending, index ascending).

    Those beyond the first `short` are among no shortlist that needs them: theirs is past every other.
    """
    others = np.flatnonzero(ranks[:short] == known)
    ids = near[others]
    products = np.empty(ids.shape[0], np.float64)
    gathered_products(query, gallery, ids, products)
    order = order_by_similarity(products, ids)
    for place in range(order.shape[0]):
        ranks[others[order[place]]] = known + place
    for j in range(short, ranks.shape[0]):
        if ranks[j] == known:
            ranks[j] = known + ranks.shape[0]
