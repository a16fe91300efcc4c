"""A timing that a session keeps, with the setting it belongs to, and what is said about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from core.codes.distances import distance_of
from core.hashing.registry import get_hash
from core.metrics.registry import get_metric
from core.runtime.pinning import machine
from core.runtime.shared_types import named_rows
from core.timing.benchmark import SHORT_BATCHES, SHORT_LARGE, SHORT_PATIENCE, run_benchmark
from core.timing.side_figures import conditions, fastest_exact, largest_batch, side_figures, under
from dashboard.shared.state import View

KEY = "timing_measured"
SIDES = {
    "exact-blas": "Exact: BLAS",
    "exact-torch": "Exact: PyTorch",
    "exact-faiss": "Exact: faiss",
    "exact-scan": "Exact: own scan",
    "hashed-faiss": "Hashed: faiss binary, re-rank",
    "hashed-source": "Hashed: source system's path",
    "hamming": "Hamming: own",
    "hamming-faiss": "Hamming: faiss binary",
    "hamming-argsort": "Hamming: full argsort",
}


@dataclass(frozen=True)
class Measured:
    """Timings (`core.timing.timing.to_table`), the machine's limits in words, and what they belong to.

    `quality` are the mean of the sidebar's mAP and the overlap with exact search, by search; `metric` names the mAP.
    """

    depends_on: dict[str, str]
    table: pd.DataFrame
    limits: list[str]
    quality: dict[str, tuple[float, float]]
    metric: str
    shortlist: int
    machine: str
    when: str

    def whole(self, batch: int, threads: int) -> pd.DataFrame:
        """The sides under one condition, the fastest first."""
        return under(self.table, batch, threads)

    @property
    def conditions(self) -> list[tuple[int, int]]:
        """Every (batch, threads) that was timed."""
        return conditions(self.table)

    @property
    def latency(self) -> pd.DataFrame:
        """One query on one thread, fastest side first."""
        return self.whole(1, 1)

    @property
    def throughput(self) -> pd.DataFrame:
        """The largest batch on all threads, fastest side first."""
        return self.whole(*largest_batch(self.table))

    @property
    def opponent(self) -> str:
        """The fastest exact side of one query."""
        return fastest_exact(self.latency)["side"]

    def labels(self) -> dict[str, str]:
        """What the figures call each side."""
        hashed = f"Hashed: own, {self.depends_on['bits']} bits × {self.depends_on['multiplier']}"
        return {**SIDES, "hashed": hashed}


def depends_on(view: View) -> dict[str, str]:
    """What a timing depends on: a change of the hierarchy or of a metric's definition leaves it valid."""
    setting = view.setting
    return {
        "bundle": f"{view.bundle.name} {view.bundle.version}",
        "encoder": setting.encoder,
        "hash": setting.hash,
        "bits": str(view.engine.at(setting).codes.bits),
        "multiplier": setting.multiplier,
        "protocol": setting.protocol,
        "near-duplicates": setting.near_duplicates,
        "k": str(view.k),
    }


def measure(view: View, runs: int, every: bool, batches: Sequence[int] = SHORT_BATCHES) -> Measured:
    """Time the current setting, on one thread and on all; `every` adds the slow and the heavy opponents."""
    found = run_benchmark(
        view.engine, view.setting, view.k, runs, batches, every=every, patience=SHORT_PATIENCE, large=SHORT_LARGE
    )
    results = view.results()
    quality = {
        search: (result.mean(view.map_metric, view.k), result.mean("overlap", view.k))
        for search, result in results.items()
    }
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    return Measured(
        depends_on=depends_on(view),
        table=found.table,
        limits=[limits.text() for limits in found.limits.values()],
        quality=quality,
        metric=f"{get_metric(view.map_metric).label}@{view.k}",
        shortlist=view.setting.shortlist(view.k, view.task.size),
        machine=machine(),
        when=now,
    )


def changes(then: dict[str, str], now: dict[str, str]) -> list[str]:
    """What differs between two settings, in words: `k was 100, is 50`."""
    return [f"{name} was {then[name]}, is {now[name]}" for name in then if then[name] != now[name]]


def ratio_text(value: float) -> str:
    """A ratio in words.

    >>> ratio_text(2.94), ratio_text(0.5)
    ('2.9 × as fast', '2.0 × as slow')
    """
    return f"{value:.1f} × as fast" if value >= 1 else f"{1 / value:.1f} × as slow"


def overview(measured: Measured, batch: int = 1, threads: int = 1) -> pd.DataFrame:
    """One row a side under one condition, fastest first: times, what they are worth, and what was checked."""
    labels, rows = measured.labels(), []
    for row in named_rows(side_figures(measured.table, batch, threads)):
        quality, overlap = measured.quality[row.side.split("-")[0]]
        rows.append(
            {
                "Side": labels[row.side],
                "Median, µs a query": row.median_us,
                "p95": row.p95_us,
                "p99": row.p99_us,
                "Speed against the fastest exact": row.speed,
                "Times the machine's limit": row.of_limit,
                "Queries a second": row.per_second,
                measured.metric: quality,
                "Overlap with exact": overlap,
                "Bytes an image": row.bytes_per_image,
                "Items scanned": row.items_scanned,
                "Items re-ranked": row.items_reranked,
                "Stages, µs a query": " · ".join(f"{stage} {time:.1f}" for stage, time in row.stages.items()),
                "Checked": f"equal by {row.equal_by}" if row.equal else "NOT EQUAL",
                "Runs": row.runs,
                "Mode": row.mode,
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
