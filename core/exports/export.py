"""One table under its name: how it is made, what it reads of a request, and how its file is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from core.exports.request import Request
from core.reports.tables import to_csv
from core.settings import LEAVE_OUT

Table = pd.DataFrame | str


@dataclass(frozen=True)
class Export:
    """`make` gives the table, a frame for CSV or a text; `reads` are the fields of `Request` that it depends on.

    `ks` are the usual k, as far as the gallery has them; `protocol` the usual protocol where the bundle's own is not
    meant; `timed` says that it holds times, so that its bytes differ from run to run; `suffix` is the file's ending.
    """

    name: str
    page: str
    description: str
    make: Callable[[Request], Table]
    reads: tuple[str, ...] = ()
    ks: tuple[int | str, ...] = (100,)
    protocol: str | None = None
    timed: bool = False
    suffix: str = "csv"
    file: Callable[[Request], str] | None = None

    def write(self, request: Request) -> bytes:
        """The file's bytes: what the page's download gives."""
        return encode(self.make(request))

    def file_name(self, request: Request) -> str:
        """What the download is called."""
        return self.file(request) if self.file else by_setting(request, self.name, self.suffix)


def encode(table: Table) -> bytes:
    """The bytes of a table's file: CSV of a frame, a text as it is; UTF-8."""
    return (to_csv(table) if isinstance(table, pd.DataFrame) else table).encode()


def by_setting(request: Request, table: str, suffix: str = "csv") -> str:
    """A name that tells files apart: bundle, hash, bits, multiplier, table."""
    setting = request.setting
    words = [request.engine.bundle.name, setting.hash, str(setting.bits), f"x{setting.multiplier}", table]
    words += ["without-near-duplicates"] if setting.near_duplicates == LEAVE_OUT else []
    return f"{'_'.join(words)}.{suffix}"
