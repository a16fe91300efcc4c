from __future__ import annotations

from math import log2

import numpy as np
import pytest

from core.metrics.ideal import ideal_sums
from core.metrics.tables import Judgements, tables_of
from tests.core.metrics.hand import SIMILARITY


def test_judgements_of_some_queries():
    ideal = ideal_sums(np.eye(2), np.array([1, 1]), 2, False)
    judgements = Judgements(np.array([0, 1, 1]), np.array([0, 1]), np.eye(2), ideal)
    assert judgements[1:].query_labels.tolist() == [1, 1]
    assert judgements[1:].rows.tolist() == [1, 1]
    assert judgements[np.array([0, 2])].relevant.tolist() == [1, 1]
    assert judgements[1:].gallery_labels is judgements.gallery_labels


def test_relevant_items_are_those_of_a_query_s_row():
    ideal = ideal_sums(np.eye(3), np.array([4, 3, 0]), 2, False)
    labels = np.array([0, 1, 2, 1]), np.repeat([0, 1], [4, 3])
    assert Judgements(*labels, np.eye(3), ideal).relevant.tolist() == [4, 3, 0, 3]
    assert Judgements(*labels, np.eye(3), ideal, np.array([1, 1, 0, 2])).relevant.tolist() == [3, 3, 4, 0]


def test_ideal_sums_are_inverted_and_nothing_where_there_is_nothing_to_find():
    """Two cats, no dog, one car; a dog finds nothing of its class, though cats are like it."""
    labels = np.array([0, 0, 2])
    ideal = ideal_sums(SIMILARITY, np.array([2, 0, 1]), 3, False)
    tables = tables_of(Judgements(np.array([0]), labels, SIMILARITY, ideal))
    assert tables.inverse_ideal[0].tolist() == [[1, 1 / 2, 1 / 2], [0, 0, 0], [1, 1, 1]]
    assert not tables.inverse_ideal[:, 1].any()
    assert tables.inverse_ideal[1, 0] == pytest.approx([1, *[1 / (1 + 1 / log2(3))] * 2], abs=1e-15)
    assert tables.by_rank[0] == pytest.approx([1, 1 / log2(3), 1 / 2], abs=1e-15)
    assert tables.by_rank[1].tolist() == [1, 1 / 2, 1 / 3]
    assert tables.labels.tolist() == labels.tolist()
