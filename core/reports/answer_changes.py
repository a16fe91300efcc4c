"""What one search's answer has otherwise than another's: moved ranks, and what the shortlist lost."""

from __future__ import annotations

import numpy as np

from core.engine.retrieval import Retrieved


def rank_changes(ids: np.ndarray, other: np.ndarray) -> list[int | None]:
    """Rank in `other` minus rank in `ids` of each id: above 0 it moved up; None where `other` lacks it.

    >>> rank_changes(np.array([7, 3, 9]), np.array([3, 5, 9, 7]))
    [3, -1, 0]
    """
    rank_of = {int(item): rank for rank, item in enumerate(other)}
    return [rank_of[int(item)] - rank if int(item) in rank_of else None for rank, item in enumerate(ids)]


def lost_places(retrieved: Retrieved) -> np.ndarray:
    """Places (from 0) int64 in exact search's top k of what the shortlist does not hold, ascending."""
    return np.flatnonzero(np.isin(retrieved.answers["exact"].ids, retrieved.lost))


def lost_of_class(retrieved: Retrieved, gallery_labels: np.ndarray) -> int:
    """How many of the lost are of the query's class; 0 for a picture without one."""
    return int((gallery_labels[retrieved.lost] == retrieved.label).sum())
