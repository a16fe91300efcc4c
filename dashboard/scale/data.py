"""What the Scale page shows and says, from a table of measured points."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from core.runtime.shared_types import named_rows
from core.scale.model import Model, Work, best_exact, crossover, fit_models
from core.scale.points import BATCH, EVALUATION, QUERY, fastest_exact
from core.scale.projection import project
from dashboard.shared.kept_timings import ratio_text

LABELS = {
    "exact-blas": "Exact: BLAS",
    "exact-faiss": "Exact: faiss",
    "exact-chunked": "Exact: own scan by chunks",
    "hashed": "Hashed",
}
PROJECTED = [100_000_000, 1_000_000_000]
Models = dict[tuple[str, str], Model]


def middle(table: pd.DataFrame) -> Work:
    """The setting that all curves share, at the largest N of the curve of N."""
    rows = table[(table["curve"] == "n") & (table["side"] == "hashed") & (table["work"] == QUERY)]
    row = rows.sort_values("n").iloc[-1]
    return Work(int(row["n"]), int(row["dimensions"]), int(row["bits"]), int(row["shortlist"]), int(row["k"]))


def per_query(table: pd.DataFrame, curve: str, work: str) -> pd.DataFrame:
    """The points of a curve with `ms`, milliseconds a query, and `label`; ascending along the curve."""
    rows = table[(table["curve"] == curve) & (table["work"] == work)].copy()
    rows["ms"] = rows["median_ms"] / rows["batch"]
    rows["label"] = rows["side"].map(LABELS)
    rows["at"] = pd.to_numeric(rows[curve])
    return rows.sort_values("at", kind="stable").reset_index(drop=True)


def ratios(table: pd.DataFrame, work: str) -> pd.DataFrame:
    """At each N of the curve: milliseconds of the fastest exact side and of hashed search, and their ratio."""
    rows = per_query(table, "n", work)
    exact = fastest_exact(rows).set_index("n")["ms"]
    hashed = rows[rows["side"] == "hashed"].set_index("n")["ms"]
    both = pd.DataFrame({"exact": exact, "hashed": hashed}).dropna()
    return both.assign(ratio=both["exact"] / both["hashed"])


def verdict(table: pd.DataFrame) -> str:
    """One line: from which N hashing pays, by how much at the largest N measured, and what it costs."""
    one, many = ratios(table, QUERY), ratios(table, BATCH)
    largest = one.index[-1]
    text = f"{_pays(one)}: at {_count(largest)} images one query takes {_ms(one['hashed'].iloc[-1])} "
    text += f"instead of {_ms(one['exact'].iloc[-1])} ({ratio_text(one['ratio'].iloc[-1])})"
    if len(many):
        text += f", in batches {ratio_text(many['ratio'].iloc[-1])} at {_count(many.index[-1])}"
        at = table[(table["work"] == BATCH) & (table["n"] == many.index[-1])].set_index("side")
        exact, hashed = at.loc["exact-chunked"], at.loc["hashed"]
        text += (
            f"; mAP@{int(hashed['k'])} there {hashed['ap']:.4f}, exact {exact['ap']:.4f}, and "
            f"{100 * hashed['overlap']:.0f} % of the exact top {int(hashed['k'])} found"
        )
    return f"**{text}.**"


def crossing(models: Models, work: str, of: Work) -> str:
    """What the models say of the N at which the two searches take the same time."""
    hashed, exact = models.get((work, "hashed")), best_exact(models, work, of)
    if hashed is None or exact is None:
        return "too few points for a model"
    n = crossover(exact, hashed, of)
    if n is None:
        return "by the models hashing never pays"
    return f"by the models both take the same time at N = {n:,.0f}" if n >= 1 else "by the models hashing always pays"


def quality(table: pd.DataFrame) -> pd.DataFrame:
    """What each search of a batch reaches at each N, and the memory it took."""
    rows, k = per_query(table, "n", BATCH), middle(table).k
    return pd.DataFrame({
        "N": rows["n"],
        "Search": rows["label"],
        "Batch, s": rows["median_ms"] / 1000,
        "Queries a second": 1000 / rows["ms"],
        f"mAP@{k}": rows["ap"],
        f"mAHP@{k}": rows["ahp"],
        "Overlap": rows["overlap"],
        "Peak memory, GB": rows["peak_mb"] / 1000,
        "Checked equal": np.where(rows["equal"], "yes", "NO"),
    })  # fmt: skip


def evaluations(table: pd.DataFrame) -> str:
    """How long exact and hashed search of a batch and their metrics took together, at each N."""
    rows = table[table["work"] == EVALUATION].sort_values("n")
    parts = []
    for row in named_rows(rows):
        memory = "" if pd.isna(row.peak_mb) else f" and {row.peak_mb / 1000:.1f} GB"
        parts.append(f"{_count(row.n)}: {row.median_ms / 1000:.1f} s{memory}")
    return "; ".join(parts)


def model_table(models: Models) -> pd.DataFrame:
    """The models, with what they are off by."""
    return pd.DataFrame([
        {
            "Work": "one query, 1 thread" if model.work == QUERY else f"in batches, {model.threads} threads",
            "Search": LABELS[model.side],
            "Time of a query": model.formula(),
            "Points": model.points,
            "Residual, %": 100 * model.residual,
            "Largest, %": 100 * model.worst,
            "At the largest N, %": 100 * model.at_largest,
        }
        for model in models.values()
    ])  # fmt: skip


def projection_table(models: Models, of: Work, ram_gb: int) -> pd.DataFrame:
    """The projection as the page shows it."""
    rows = project(models, of, PROJECTED, ram_gb * 10**9)
    return pd.DataFrame({
        "N": rows["n"],
        "Search": rows["search"].str.capitalize(),
        "Memory, GB": rows["memory_gb"],
        f"Shards of {ram_gb} GB": rows["shards"],
        "One machine, ms": rows["query_ms"],
        "Shards at once, ms": rows["shard_ms"],
        "Queries a second": rows["per_second"],
    })  # fmt: skip


def works_of(points: pd.DataFrame, of: Work) -> dict[str, list[Work]]:
    """The work of each point, by side, in the order of the points; `of` stands in for what plays no part."""
    works: dict[str, list[Work]] = {}
    for row in named_rows(points):
        codes = {} if pd.isna(row.bits) else {"bits": int(row.bits), "shortlist": int(row.shortlist)}
        works.setdefault(row.side, []).append(replace(of, n=int(row.n), k=int(row.k), **codes))
    return works


def sized(of: Work, counts: np.ndarray, sides: Iterable[str]) -> dict[str, list[Work]]:
    """The work of each side at other N."""
    return {side: [replace(of, n=n) for n in counts] for side in sides}


def models_of(table: pd.DataFrame) -> Models:
    """The models through the points."""
    return fit_models(table)


def facts(table: pd.DataFrame) -> str:
    """What the points cover, and where and when they were taken."""
    row, of = table.iloc[0], middle(table)
    return (
        f"Encoder {row['encoder']}, {of.dimensions} dimensions; {row['hash']}, {of.bits} bits, shortlist "
        f"{of.shortlist:,}, k = {of.k}, unless the axis says otherwise. {row['machine']}; {row['date']}."
    )


def how_made(table: pd.DataFrame) -> str:
    """How the galleries were made."""
    row = table.iloc[0]
    return (
        f"The first {int(row['sources']):,} rows of a gallery are the real embeddings of the training images; every "
        f"further one is a copy of one of them plus normal noise of {row['noise']:.3f} of its length, scaled back "
        "to that length. The noise turns a copy by half the median angle between neighbouring class means, so that no "
        f"two copies are near-duplicates and {100 * row['kept_class']:.1f} % of them are nearest to their own class's "
        f"mean. Seed {int(row['seed'])}."
    )


def _pays(one: pd.DataFrame) -> str:
    slower = one.index[one["ratio"] <= 1]
    if not len(slower):
        return f"Hashing pays from the smallest gallery measured on ({_count(one.index[0])})"
    later = one.index[one.index > slower[-1]]
    return f"Hashing pays from {_count(later[0])} images on" if len(later) else "Hashing does not pay in speed here"


def _ms(value: float) -> str:
    return f"{1000 * value:.0f} µs" if value < 1 else f"{value:.1f} ms"


def _count(n: int) -> str:
    """A count in words: 10,000, 3 million.

    >>> _count(300_000), _count(3_000_000), _count(1_500_000_000)
    ('300,000', '3 million', '1.5 billion')
    """
    for unit, name in ((10**9, "billion"), (10**6, "million")):
        if n >= unit:
            return f"{n / unit:g} {name}"
    return f"{n:,}"
