"""A timing that a session keeps, with the setting it belongs to, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from core.code_distances.registry import distance_of
from core.conditions import machine
from core.hashing.registry import get_hash
from core.timing import time_latency, time_throughput, to_table
from dashboard.state import View

KEY = "timing_measured"
SIDES = {
    "exact-blas": "Exact: BLAS",
    "exact-faiss": "Exact: faiss",
    "exact-scan": "Exact: own scan",
}


@dataclass(frozen=True)
class Measured:
    """Timings (`core.timing.to_table`) and the setting, machine and moment they belong to."""

    depends_on: dict[str, str]
    table: pd.DataFrame
    shortlist: int
    machine: str
    when: str

    @property
    def latency(self) -> pd.DataFrame:
        """The whole queries, fastest side first."""
        return self.table[self.table["work"] == "query"].sort_values("median_ms")

    @property
    def throughput(self) -> pd.DataFrame:
        """The batches, fastest side first."""
        return self.table[self.table["work"] == "batch"].sort_values("median_ms")

    @property
    def opponent(self) -> str:
        """The fastest exact side of one query."""
        return fastest_exact(self.latency)["side"]

    def labels(self) -> dict[str, str]:
        """What the figures call each side."""
        hashed = f"Hashed: {self.depends_on['bits']} bits × {self.depends_on['multiplier']}"
        return {**SIDES, "hashed": hashed}


def depends_on(view: View) -> dict[str, str]:
    """What a timing depends on: a change of the hierarchy or of a metric's definition leaves it valid."""
    setting = view.setting
    return {
        "bundle": f"{view.bundle.name} {view.bundle.version}",
        "encoder": setting.encoder,
        "hash": setting.hash,
        "bits": str(view.engine.codes(setting).bits),
        "multiplier": setting.multiplier,
        "protocol": setting.protocol,
        "near-duplicates": setting.near_duplicates,
        "k": str(view.k),
    }


def measure(view: View, runs: int, batch: int) -> Measured:
    """Time the current setting: latency, then throughput."""
    timings = time_latency(view.engine, view.setting, view.k, runs)
    timings += time_throughput(view.engine, view.setting, view.k, batch)
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    table = to_table(timings).astype({"bits": "Int64"})
    return Measured(depends_on(view), table, view.setting.shortlist(view.k, view.space.size), machine(), now)


def changes(then: dict[str, str], now: dict[str, str]) -> list[str]:
    """What differs between two settings, in words: `k was 100, is 50`."""
    return [f"{name} was {then[name]}, is {now[name]}" for name in then if then[name] != now[name]]


def fastest_exact(rows: pd.DataFrame) -> pd.Series:
    """The exact side of least median."""
    exact = rows[rows["side"] != "hashed"]
    return exact.loc[exact["median_ms"].idxmin()]


def ratio(rows: pd.DataFrame) -> float:
    """Median of the fastest exact side over that of hashed search: above 1, hashing pays."""
    hashed = rows[rows["side"] == "hashed"]["median_ms"].iloc[0]
    return float(fastest_exact(rows)["median_ms"] / hashed)


def ratio_text(value: float) -> str:
    """A ratio in words.

    >>> ratio_text(2.94), ratio_text(0.5)
    ('2.9 × as fast', '2.0 × as slow')
    """
    return f"{value:.1f} × as fast" if value >= 1 else f"{1 / value:.1f} × as slow"


def overview(measured: Measured) -> pd.DataFrame:
    """One row a side, fastest first: times of one query with its stages, and queries a second in batches."""
    table, labels = measured.table, measured.labels()
    base = float(fastest_exact(measured.latency)["median_ms"])
    speed = {row.side: 1000 * row.batch / row.median_ms for row in measured.throughput.itertuples()}
    rows = []
    for whole in measured.latency.itertuples():
        stages = table[(table["side"] == whole.side) & table["work"].str.startswith("query:")]
        rows.append(
            {
                "Side": labels[whole.side],
                "Median, µs": 1000 * whole.median_ms,
                "p95, µs": 1000 * whole.p95_ms,
                "Speed against the fastest exact": base / whole.median_ms,
                "Queries a second": speed[whole.side],
                "Stages, µs": " · ".join(
                    f"{each.work.removeprefix('query:')} {1000 * each.median_ms:.1f}" for each in stages.itertuples()
                ),
                "Checked equal": "yes" if table[table["side"] == whole.side]["equal"].all() else "NO",
            }
        )
    return pd.DataFrame(rows)


def code_note(measured: Measured) -> str:
    """Whether the query's code is part of the time."""
    label = get_hash(measured.depends_on["hash"]).label
    if not distance_of(measured.depends_on["hash"]).by_hamming:
        return "The stage 'hash' makes of the query's embedding what the gallery's codes are compared with."
    if (measured.table["work"] == "query:hash").any():
        return "The stage 'hash' makes the query's code of its embedding: projection, sign, pack."
    return f"No stage 'hash': a code of {label} does not follow from the embedding, so it is taken as it is."
