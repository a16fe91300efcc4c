"""Exact, hashed and Hamming search side by side at one k; the rows of the shipped bundle's default setting ship too.

They stand in `overview.json` beside the bundle's manifest, which does not name it. They are used only for the very
bundle, setting, k and source files that they were computed with; otherwise they are as good as absent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from core.bundle.bundle import Bundle
from core.engine.default_setting import choose_setting
from core.engine.engine import Engine
from core.engine.results import SearchResult
from core.metrics.intervals import Comparison, compare
from core.metrics.registry import get_metric
from core.runtime.atomic_file import write_whole
from core.runtime.kernel_folder import CORE, source_digest
from core.runtime.shared_types import Json
from core.settings import K_DEFAULT, Setting

METRICS = ("ap", "ahp", "overlap")
NAME = "overview.json"
# What the numbers come from.
SOURCES = (
    "search/*.py", "metrics/*.py", "hashing/*.py", "codes/*.py", "engine/*.py", "reports/overview.py",
    "bundle/bundle.py", "bundle/hierarchy.py", "bundle/vectors.py", "runtime/compiled.py", "runtime/parallel.py",
    "protocols.py", "settings.py",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One metric at k: means by search, and the paired differences of the other two from exact search."""

    label: str
    exact: float
    hashed: float
    hamming: float
    hashed_difference: Comparison
    hamming_difference: Comparison


@dataclass(frozen=True)
class Overview:
    """A row for each metric, and the number of queries that have no relevant item."""

    rows: list[Row]
    without_relevant: int

    @classmethod
    def of(cls, results: Mapping[str, SearchResult], metrics: tuple[str, ...], k: int) -> Overview:
        """The overview of exact, hashed and Hamming search at k."""
        return cls(compare_searches(results, metrics, k), results["exact"].without_relevant)


def compare_searches(results: Mapping[str, SearchResult], metrics: tuple[str, ...], k: int) -> list[Row]:
    """One row per metric; `results` of exact, hashed and Hamming search at k."""
    rows = []
    for metric in metrics:
        exact, hashed, hamming = (results[search].at(metric, k) for search in ("exact", "hashed", "hamming"))
        label = f"{get_metric(metric).label}@{k}"
        means = [float(values.mean()) for values in (exact, hashed, hamming)]
        rows.append(Row(label, means[0], means[1], means[2], compare(exact, hashed), compare(exact, hamming)))
    return rows


def stored(bundle: Bundle, setting: Setting, k: int, metrics: tuple[str, ...] = METRICS) -> Overview | None:
    """The rows that were stored with the bundle; None unless they are of this setting, this bundle and this code."""
    try:
        found = json.loads((bundle.path / NAME).read_bytes())
        if found["made_for"] != _made_for(bundle, setting, k, metrics):
            return None
        rows = [
            Row(
                row["label"], row["exact"], row["hashed"], row["hamming"],
                Comparison(**row["hashed_difference"]), Comparison(**row["hamming_difference"]),
            )
            for row in found["rows"]
        ]  # fmt: skip
        return Overview(rows, found["without_relevant"])
    except (OSError, ValueError, TypeError, LookupError):  # no such file, or not one of ours
        return None


def store(bundle: Bundle) -> Path:
    """Compute the rows of the bundle's default setting and write them beside its manifest; returns the file."""
    engine, setting = Engine(bundle), choose_setting(bundle)
    k = min(K_DEFAULT, engine.at(setting).task.size)
    overview = Overview.of(engine.evaluate(setting, [k]), METRICS, k)
    content = {"made_for": _made_for(bundle, setting, k, METRICS), **asdict(overview)}
    path = bundle.path / NAME
    write_whole(json.dumps(content, indent=1).encode() + b"\n", path)
    return path


@cache
def _code_version() -> str:
    return source_digest({file for pattern in SOURCES for file in CORE.glob(pattern)})


def _made_for(bundle: Bundle, setting: Setting, k: int, metrics: tuple[str, ...]) -> Json:
    return {
        "bundle": bundle.version,
        "code": _code_version(),
        "setting": asdict(setting),
        "k": k,
        "metrics": list(metrics),
    }
