"""The CSV of a sweep: what an earlier run left in it, and its replacement in whole steps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from core.errors import BadInput
from core.reports.tables import COLUMNS, write_csv
from core.runtime.atomic_file import write_whole
from core.settings import KEEP


class GridFile:
    """A metric CSV and, beside it, FILE.sweep.json with what the columns of the CSV do not tell: the seed, and
    whether near-duplicates were left out.

    A run that is stopped at any moment leaves a whole CSV whose rows are all of what the other file says. Nothing
    is written before the first call of `write`.
    """

    def __init__(self, out: Path, seed: int, near_duplicates: str = KEEP) -> None:
        """Read the rows of an earlier run; BadInput where the file is something else than a metric table."""
        self.out = out
        self.untold = {"seed": seed} | ({} if near_duplicates == KEEP else {"near_duplicates": near_duplicates})
        self.untold_path = out.with_name(out.name + ".sweep.json")
        self.found = _read(out)
        self.found_untold = _read_untold(self.untold_path)

    @property
    def rows(self) -> pd.DataFrame:
        """The earlier rows, as text, that are of this seed and this choice of near-duplicates."""
        return self.found if self.found_untold == self.untold else self.found.iloc[:0]

    def pick(self, same: Mapping[str, str], expected: Sequence[tuple[str, str]]) -> pd.DataFrame | None:
        """Earlier rows with the values `same` and the (k, metric) of `expected`, in that order; None unless all."""
        mine = self.rows
        for column, value in same.items():
            mine = mine[mine[column] == value]
        place = {pair: row for row, pair in enumerate(zip(mine["k"], mine["metric"], strict=True))}
        if not all(pair in place for pair in expected):
            return None
        picked = mine.iloc[[place[pair] for pair in expected]]
        numbers = picked[["value", "ci_low", "ci_high"]].apply(pd.to_numeric, errors="coerce")
        return None if numbers.isna().to_numpy().any() else picked

    def write(self, rows: Sequence[pd.DataFrame]) -> None:
        """Replace the content; without rows nothing changes."""
        if not rows:
            return
        if self.found_untold != self.untold:
            if self.out.exists():
                write_csv(pd.DataFrame(columns=list(COLUMNS)), self.out)
            write_whole(json.dumps(self.untold).encode(), self.untold_path)
            self.found_untold, self.found = self.untold, self.found.iloc[:0]
        write_csv(pd.concat(rows), self.out)


def _read(path: Path) -> pd.DataFrame:
    if not path.exists():
        return pd.DataFrame(columns=list(COLUMNS), dtype=str)
    try:
        found = pd.read_csv(path, dtype=str, keep_default_na=False)
    except ValueError as error:  # pandas' parser errors and undecodable text are both of this kind
        raise BadInput(f"'{path}' is no metric table: name another file, or remove it") from error
    if tuple(found.columns) != COLUMNS:
        raise BadInput(f"'{path}' is no metric table: expected the columns {','.join(COLUMNS)}; name another file")
    return found


def _read_untold(path: Path) -> object:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
