"""The gallery without near-duplicates: what the option `leave-out` makes of a protocol.

Two splits: every gallery item that is a near-duplicate of some item of the query split goes, so that all queries
search one gallery, whatever the sample of queries. One split that queries itself: of each group of near-duplicates
(connected by pairs) the first stays in the gallery, and all queries of the group leave out that one item, which for
itself is the usual leaving-one-out. Every query then leaves out exactly one item and finds the same number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.bundle.bundle import Bundle
from core.errors import BadInput
from core.protocols import Protocol


@dataclass(frozen=True)
class Kept:
    """What stays of a gallery: `rows` int64 (N,) of its split, ascending; `exclude` int64 (items of the query split,),
    the place in `rows` that each of them leaves out, or -1."""

    rows: np.ndarray
    exclude: np.ndarray


def has_pairs(bundle: Bundle) -> bool:
    """Whether the bundle holds near-duplicates of any two splits."""
    return any(bundle.near_duplicates(first, second) is not None for first in bundle.splits for second in bundle.splits)


def why_not(bundle: Bundle, rule: Protocol) -> str | None:
    """Why near-duplicates cannot be left out under a protocol, as a sentence; None where they can."""
    if rule.query_split == rule.gallery_split and not rule.leave_one_out:
        return (
            f"near-duplicates cannot be left out under protocol '{rule.name}': there each query searches itself, its "
            "nearest duplicate, by design; choose another protocol, or keep them"
        )
    if bundle.near_duplicates(rule.query_split, rule.gallery_split) is None:
        return (
            f"bundle '{bundle.name}' holds no near-duplicates of '{rule.query_split}' in '{rule.gallery_split}' to "
            "leave out: find them with 'python -m core duplicates', or keep them"
        )
    return None


def keep_all(bundle: Bundle, rule: Protocol) -> Kept:
    """The whole gallery of a protocol; each query leaves out itself where the protocol says so."""
    queries = bundle.count(rule.query_split)
    exclude = np.arange(queries) if rule.leave_one_out else np.full(queries, -1, np.int64)
    return Kept(np.arange(bundle.count(rule.gallery_split)), exclude)


def leave_out(bundle: Bundle, rule: Protocol) -> Kept:
    """The gallery without near-duplicates; raises BadInput where `why_not` has a reason."""
    count, queries = bundle.count(rule.gallery_split), bundle.count(rule.query_split)
    reason = why_not(bundle, rule)
    if reason is not None:
        raise BadInput(reason)
    pairs = np.asarray(bundle.near_duplicates(rule.query_split, rule.gallery_split), np.int64)
    if (pairs < 0).any() or (pairs >= [queries, count]).any():
        raise BadInput(
            f"the near-duplicates of bundle '{bundle.name}' name rows outside its splits: "
            "find them again with 'python -m core duplicates'"
        )
    if not rule.leave_one_out:
        return Kept(np.setdiff1d(np.arange(count), pairs[:, 1]), np.full(queries, -1, np.int64))
    first = first_of_group(pairs, count)
    rows = np.flatnonzero(first == np.arange(count))
    return Kept(rows, np.searchsorted(rows, first))


def first_of_group(pairs: np.ndarray, count: int) -> np.ndarray:
    """The smallest row int64 (count,) that each row is connected to by pairs int64 (P, 2); itself where by none.

    >>> first_of_group(np.array([[3, 4], [1, 4]]), 5).tolist()
    [0, 1, 2, 1, 1]
    """
    first = np.arange(count)
    while True:
        before = first.copy()
        smaller = first[pairs].min(axis=1)
        for side in (0, 1):
            np.minimum.at(first, pairs[:, side], smaller)
        first = first[first]
        if np.array_equal(first, before):
            return first
