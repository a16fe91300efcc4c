"""Exact, hashed and Hamming search side by side at one k: the tables of the overview."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from core.hashing.registry import get_hash
from core.reports.overview import Row
from dashboard.shared.state import View
from dashboard.shared.verdict import Outcome, Score, interval, signed

COLUMNS = ("", "Exact", "Hashed", "Hashed − exact", "Hamming only", "Hamming − exact")


@dataclass(frozen=True)
class Memory:
    """Bytes an image: the embedding as it is searched and as it is stored, and the packed code."""

    embedding: int
    stored: int
    stored_as: str
    code: int


def memory_of(view: View) -> Memory:
    """What an image of the gallery takes."""
    info = view.bundle.encoder_info(view.setting.encoder)
    stored_as = info["embeddings"][view.task.protocol.gallery_split]["dtype"]
    dimensions = info["dimensions"]
    stored = dimensions * int(stored_as.removeprefix("float")) // 8
    return Memory(4 * dimensions, stored, stored_as, math.ceil(view.setting.bits / 8))


def outcome_of(view: View, rows: list[Row], times: Mapping[str, float] | None) -> Outcome:
    """What the headline speaks of: mAP first, mAHP second."""
    setting, size = view.setting, view.task.size
    shortlist = setting.shortlist(view.k, size)
    first, second = (Score(row.label, row.exact, row.hashed, row.hashed_difference) for row in rows[:2])
    label, times = get_hash(setting.hash).label, times or {}
    return Outcome(
        label, setting.bits, shortlist, shortlist == size, first, second, times.get("exact"), times.get("hashed")
    )


def overview_table(rows: list[Row], memory: Memory, times: Mapping[str, float] | None) -> pd.DataFrame:
    """Everything as text; times are dashes until they are measured."""
    lines: list[tuple[str, ...]] = [
        (
            row.label,
            f"{row.exact:.4f}",
            f"{row.hashed:.4f}",
            interval(row.hashed_difference),
            f"{row.hamming:.4f}",
            interval(row.hamming_difference),
        )
        for row in rows
    ]
    lines.append(_time_line(times))
    lines.append(_memory_line(memory))
    return pd.DataFrame(lines, columns=list(COLUMNS))


def waiting_table(labels: list[str], memory: Memory) -> pd.DataFrame:
    """The overview's table before a search is judged: what is known without, and dots."""
    dots = ["…" for _ in COLUMNS[1:]]
    lines = [(label, *dots) for label in labels]
    return pd.DataFrame([*lines, _time_line(None), _memory_line(memory)], columns=list(COLUMNS))


def detail_table(rows: list[Row]) -> pd.DataFrame:
    """The paired comparisons in full, one row a metric and search."""
    records = []
    for row in rows:
        for search, found in (("hashed", row.hashed_difference), ("hamming", row.hamming_difference)):
            records.append(
                {
                    "metric": row.label,
                    "search": search,
                    "difference": found.difference,
                    "low": found.low,
                    "high": found.high,
                    "wins": found.wins,
                    "ties": found.ties,
                    "losses": found.losses,
                    "effect": found.effect,
                    "p": found.p_value,
                }
            )
    return pd.DataFrame(records)


def milliseconds(value: float) -> str:
    """A time with three significant digits."""
    return f"{value:.3g} ms" if value < 1000 else f"{value:,.0f} ms"


def _time_line(times: Mapping[str, float] | None) -> tuple[str, ...]:
    label = "Time for one query"
    if not times:
        return (label, *("…" for _ in COLUMNS[1:]))
    exact, hashed, hamming = (times[search] for search in ("exact", "hashed", "hamming"))
    return (
        label,
        milliseconds(exact),
        milliseconds(hashed),
        _ratio(exact, hashed),
        milliseconds(hamming),
        _ratio(exact, hamming),
    )


def _memory_line(memory: Memory) -> tuple[str, ...]:
    whole = memory.embedding + memory.code
    return (
        "Bytes an image, searched",
        f"{memory.embedding:,}",
        f"{whole:,} (code {memory.code} + embedding)",
        signed(memory.code, 0),
        f"{memory.code}",
        signed(memory.code - memory.embedding, 0),
    )


def _ratio(exact: float, other: float) -> str:
    return f"{exact / other:.1f} times as fast" if other <= exact else f"{other / exact:.1f} times as long"
