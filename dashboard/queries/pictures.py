"""The pictures beside the rows of the table of queries, where pictures are at hand."""

from __future__ import annotations

import pandas as pd

from dashboard.shared import state

PICTURED = 50  # rows: a picture travels with the page, about 6 KB each


def with_pictures(view: state.View, table: pd.DataFrame) -> pd.DataFrame:
    """The table with a first column `picture` of data URIs, None below the first rows; as it is without pictures."""
    found = state.pictures(view)
    if found is None:
        return table
    split = view.task.protocol.query_split
    uris = [found.uri(split, int(index)) for index in table["index"].iloc[:PICTURED]]
    shown = table.copy(deep=False)
    shown.insert(0, "picture", [*uris, *[None] * (len(table) - len(uris))])
    return shown


def note(table: pd.DataFrame) -> str:
    """Which rows have a picture, where not all have."""
    return f" Pictures of the first {PICTURED}." if "picture" in table and len(table) > PICTURED else ""
