"""Loading data into an engine, and comparing what it answers."""

from __future__ import annotations

import numpy as np


def load(engine, collection, rows):
    """A new collection with these rows, in batches."""
    engine.drop(collection.name)
    engine.create(collection)
    for first in range(0, len(rows), engine.rows):
        ids = np.arange(first, min(first + engine.rows, len(rows)))
        engine.insert(collection, ids, rows[ids])
    engine.finish(collection)


def agree(found, right):
    assert np.array_equal(found.ids, right.ids)
    assert np.array_equal(found.scores, right.scores, equal_nan=True)
