from __future__ import annotations

import numpy as np

from core.engine.retrieval import Answer, Retrieved
from core.reports.answer_changes import lost_of_class, lost_places, rank_changes


def test_rank_changes_count_from_the_other_list():
    assert rank_changes(np.array([7, 3, 9]), np.array([3, 5, 9, 7])) == [3, -1, 0]
    assert rank_changes(np.array([1, 2]), np.array([2])) == [None, -1]


def test_what_the_shortlist_lost():
    ids, none = np.array([4, 1, 7]), np.zeros(3)
    found = Retrieved(0, 2, {"exact": Answer("exact", ids, none, none, none)}, np.array([4, 7]), 5)
    assert lost_places(found).tolist() == [0, 2]
    labels = np.array([0, 0, 0, 0, 2, 0, 0, 1])
    assert lost_of_class(found, labels) == 1
    unlabelled = Retrieved(0, None, found.answers, found.lost, 5)
    assert lost_of_class(unlabelled, labels) == 0
