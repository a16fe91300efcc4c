from __future__ import annotations

import pandas as pd

from core.runtime.shared_types import named_rows


def test_a_row_has_a_field_a_column():
    first, second = named_rows(pd.DataFrame({"side": ["exact", "hashed"], "median_ms": [2.0, 0.5]}, index=[7, 9]))
    assert (first.Index, first.side, first.median_ms) == (7, "exact", 2.0)
    assert (second.Index, second.side, second.median_ms) == (9, "hashed", 0.5)
