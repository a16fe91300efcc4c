"""Types that many modules name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Json = dict[str, Any]  # an object of a JSON file; whoever reads the file checks what it needs of it


def named_rows(table: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table as tuples with a field a column, whose types pandas cannot tell."""
    return iter(table.itertuples())
