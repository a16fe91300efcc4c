"""What the Scale page shows and says, from a table of measured points."""

from __future__ import annotations

import math

import pandas as pd

from core.runtime.shared_types import named_rows
from core.scale.findings import Findings, Models, batch_quality, crossing, evaluations, findings, middle
from core.scale.model import Work
from core.scale.points import QUERY
from core.scale.projection import PROJECTED, project
from dashboard.shared.kept_timings import ratio_text

LABELS = {
    "exact-blas": "Exact: BLAS",
    "exact-faiss": "Exact: faiss",
    "exact-chunked": "Exact: own scan by chunks",
    "hashed": "Hashed",
}


def verdict(table: pd.DataFrame) -> str:
    """One line: from which N hashing pays, by how much at the largest N measured, and what it costs."""
    found = findings(table)
    one, batches = found.query, found.batches
    text = f"{_pays(found)}: at {_count(one.n)} images one query takes {_ms(one.hashed_ms)} "
    text += f"instead of {_ms(one.exact_ms)} ({ratio_text(one.ratio)})"
    if batches is not None:
        text += (
            f", in batches {ratio_text(batches.speed.ratio)} at {_count(batches.speed.n)}; mAP@{batches.k} there "
            f"{batches.hashed_ap:.4f}, exact {batches.exact_ap:.4f}, and {100 * batches.overlap:.0f} % of the exact "
            f"top {batches.k} found"
        )
    return f"**{text}.**"


def crossing_text(models: Models, work: str, of: Work) -> str:
    """What the models say of the N at which the two searches take the same time."""
    n = crossing(models, work, of)
    if n is None:
        return "too few points for a model"
    if n == math.inf:
        return "by the models hashing never pays"
    return f"by the models both take the same time at N = {n:,.0f}" if n >= 1 else "by the models hashing always pays"


def quality(table: pd.DataFrame) -> pd.DataFrame:
    """What each search of a batch reaches at each N, and the memory it took."""
    rows, k = batch_quality(table), middle(table).k
    return pd.DataFrame({
        "N": rows["n"],
        "Search": rows["side"].map(LABELS),
        "Batch, s": rows["batch_s"],
        "Queries a second": rows["per_second"],
        f"mAP@{k}": rows["ap"],
        f"mAHP@{k}": rows["ahp"],
        "Overlap": rows["overlap"],
        "Peak memory, GB": rows["peak_gb"],
        "Checked equal": rows["equal"].map({True: "yes", False: "NO"}),
    })  # fmt: skip


def evaluations_text(table: pd.DataFrame) -> str:
    """How long exact and hashed search of a batch and their metrics took together, at each N."""
    parts = []
    for row in named_rows(evaluations(table)):
        memory = "" if pd.isna(row.peak_gb) else f" and {row.peak_gb:.1f} GB"
        parts.append(f"{_count(row.n)}: {row.seconds:.1f} s{memory}")
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
    rows = project(models, of, list(PROJECTED), ram_gb * 10**9)
    return pd.DataFrame({
        "N": rows["n"],
        "Search": rows["search"].str.capitalize(),
        "Memory, GB": rows["memory_gb"],
        f"Shards of {ram_gb} GB": rows["shards"],
        "One machine, ms": rows["query_ms"],
        "Shards at once, ms": rows["shard_ms"],
        "Queries a second": rows["per_second"],
    })  # fmt: skip


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


def _pays(found: Findings) -> str:
    if found.pays_from is None:
        return "Hashing does not pay in speed here"
    if found.pays_from == found.smallest:
        return f"Hashing pays from the smallest gallery measured on ({_count(found.smallest)})"
    return f"Hashing pays from {_count(found.pays_from)} images on"


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
