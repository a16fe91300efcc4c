"""What comes back instead, as tables: right and wrong counted, and the classes returned for each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from core.reports.query_analysis import CELLS, shares


def agreement_table(cells: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """How many queries fall in each cell of the 2 x 2, by what judges: judge, cell, queries.

    `cells`: the cell of each query by judge, as `query_analysis.cells` gives it.
    """
    counts = {judge: np.bincount(cell, minlength=len(CELLS)) for judge, cell in cells.items()}
    rows = [(judge, name, int(count[place])) for judge, count in counts.items() for place, name in enumerate(CELLS)]
    return pd.DataFrame(rows, columns=["judge", "cell", "queries"])


def confusion_table(confusion: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """A confusion int64 (C, C) in long form, all C x C pairs: class (of the query), returned, count, share of the
    images returned for the class."""
    places = np.arange(len(names))
    labels = np.array(names, dtype=object)
    return pd.DataFrame(
        {
            "class": labels[np.repeat(places, len(names))],
            "returned": labels[np.tile(places, len(names))],
            "count": confusion.ravel(),
            "share": shares(confusion).ravel(),
        }
    )
