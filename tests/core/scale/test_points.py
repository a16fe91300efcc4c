from __future__ import annotations

import pandas as pd
import pytest

from core.errors import BadInput
from core.reports.tables import write_csv
from core.scale.points import fastest_exact, read_points
from tests.core.scale.worlds import table


def test_a_file_gives_the_table_back(tmp_path):
    before = table()
    write_csv(before, tmp_path / "points.csv")
    pd.testing.assert_frame_equal(read_points(tmp_path / "points.csv"), before, check_dtype=False)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(BadInput, match="cannot read"):
        read_points(tmp_path / "none.csv")
    for text in ("a,b\n1,2\n", ",".join(table().columns) + "\n"):
        (tmp_path / "other.csv").write_text(text)
        with pytest.raises(BadInput, match="other columns"):
            read_points(tmp_path / "other.csv")


def test_fastest_exact_side_of_each_n():
    rows = table()
    best = fastest_exact(rows[(rows["curve"] == "n") & (rows["work"] == "query")])
    assert best["n"].tolist() == [10_000, 100_000, 1_000_000]
    assert set(best["side"]) == {"exact-blas"}  # the first of two equal ones; faiss takes twice the time
