"""The exact ranks of a shortlist's items: looked up where they are known, by similarity where they are needed."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
from core.search.hashed import gathered_products
from core.search.order import order_by_similarity

_LAST_STAMP = 2**31  # up to here an older stamp, less a newer one, is an unsigned number beyond any rank


@kernel
def look_up(near: np.ndarray, exact_ids: np.ndarray, stamps: np.ndarray, stamp: int, ranks: np.ndarray) -> int:
    """Exact ranks of `near` into `ranks` int32 (M,), the depth of `exact_ids` where it is deeper.

    `stamps` uint32 (N,) are what earlier queries left there, below `stamp` all, 0 for the first one; returns what they
    are below now. So nothing has to be taken back: a stamp below this query's own is an item of unknown rank.
    """
    known = exact_ids.shape[0]
    if stamp > _LAST_STAMP - known:
        stamps[:] = 0
        stamp = 0
    base = np.uint32(max(stamp, known))
    for i in range(known):
        stamps[np.uint64(exact_ids[i])] = base + np.uint32(i)
    for j in range(ranks.shape[0]):
        ranks[j] = min(np.uint32(stamps[np.uint64(near[j])] - base), np.uint32(known))
    return np.int64(base) + known


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
    query: np.ndarray,
    gallery: np.ndarray,
    near: np.ndarray,
    ranks: np.ndarray,
    item_at: np.ndarray,
    known: int,
    short: int,
) -> None:
    """Give the items whose exact rank is not known the ranks after it, by (similarity descending, index ascending).

    Their ids are put into `item_at` int32 by rank. Those beyond the first `short` are among no shortlist that needs
    them: theirs is past every other.
    """
    others = np.flatnonzero(ranks[:short] == known)
    ids = near[others]
    products = np.empty(ids.shape[0], np.float64)
    gathered_products(query, gallery, ids, products)
    order = order_by_similarity(products, ids)
    for place in range(order.shape[0]):
        ranks[others[order[place]]] = known + place
        item_at[known + place] = ids[order[place]]
    for j in range(short, ranks.shape[0]):
        if ranks[j] == known:
            ranks[j] = known + ranks.shape[0]
