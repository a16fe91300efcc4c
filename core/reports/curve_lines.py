"""Lines over k side by side, as the Curves page draws them, and their table: one row a line, metric and k."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from core.codes.codes import true_bits
from core.engine.engine import Engine
from core.engine.results import Curve
from core.metrics.registry import METRICS, get_metric
from core.reports.curve_table import rounded
from core.reports.figures.style import CONTROL_LOOKS, SEARCH_LOOKS
from core.reports.pins import Pin
from core.search.kinds import search_kind
from core.settings import CURVE_DEPTH, K_RANGE, Setting, curve_ks

TIES_LABEL = "Hamming only, ties averaged"
_FIRST = ("precision", "recall", "ndcg", "ndcg_hierarchical", "hp", "overlap")
_ELSEWHERE = ("map", "mahp", "expected")  # families that the sidebar or another switch chooses from
MORE_METRICS = tuple(dict.fromkeys([*_FIRST, *(n for n, metric in METRICS.items() if metric.family not in _ELSEWHERE)]))
COLUMNS = (
    "line", "bundle", "version", "encoder", "hash", "bits", "multiplier", "protocol", "near_duplicates", "hierarchy",
    "search", "metric", "k", "value", "ci_low", "ci_high", "queries",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A search of a setting over k, which reaches to the `k` of its page. `expected` averages over ties; `sparse` is
    judged at fewer k."""

    label: str
    search: str
    setting: Setting
    engine: Engine
    k: int
    expected: bool = False
    sparse: bool = False

    def curve(self, metric: str) -> Curve:
        """Mean and 95 % normal band of a metric at each k of the line."""
        at = self.engine.at(self.setting)
        ks = line_ks(self.k, at.task.size, self.sparse)
        if get_metric(metric).hamming_only:
            return at.expected_curves(ks)[metric]
        return self.engine.curves(self.search, self.setting, ks, keep=self.k)[metric]


def line_metric(name: str, expected: bool) -> str | None:
    """The metric that a line shows where `name` is asked for, if it has one."""
    if not expected:
        return name
    return f"{name}_expected" if f"{name}_expected" in METRICS else None


def line_ks(k: int, size: int, sparse: bool) -> list[int]:
    """The k of a line: beyond 250 the same whatever k is, so that moving k computes that k alone."""
    if sparse:
        return sparse_ks(k, size)
    return curve_ks(k if k <= CURVE_DEPTH else K_RANGE[1], size)


def sparse_ks(k: int, size: int) -> list[int]:
    """The k of lines beside the setting's own: fewer, and the same whatever k is, so that many fit in memory."""
    values = {*range(1, 21), *range(25, 51, 5), *range(60, CURVE_DEPTH + 1, 10)}
    if k > CURVE_DEPTH:
        values |= set(range(275, K_RANGE[1] + 1, 25))
    return sorted({value for value in values if value < size} | {min(size, max(values))})


def setting_lines(engine: Engine, setting: Setting, k: int, asymmetric: bool, expected: bool) -> list[Line]:
    """The searches of a setting, asymmetric search and the average over ties where they are asked for."""
    searches = ["exact", "hashed", "hamming", *(["asymmetric"] if asymmetric else [])]
    lines = [Line(SEARCH_LOOKS[name].label, name, setting, engine, k) for name in searches]
    return lines + ([Line(TIES_LABEL, "hamming", setting, engine, k, expected=True)] if expected else [])


def control_lines(engine: Engine, setting: Setting, k: int, names: Sequence[str]) -> list[Line]:
    """Hashed and Hamming search with the codes of each control, at the setting's length and multiplier."""
    kinds = {"hashed": "hashed", "hamming": "Hamming only"}
    return [
        Line(f"{short}, {kind} (control)", search, replace(setting, hash=name), engine, k, sparse=True)
        for name in names
        for short in [CONTROL_LOOKS[name].label.removesuffix(" (control)")]
        for search, kind in kinds.items()
    ]


def pin_lines(engine: Engine, setting: Setting, k: int, pins: Sequence[Pin]) -> list[Line]:
    """Hashed search of each pinned setting, under the protocol and hierarchy of `setting`."""
    return [
        Line(f"Pinned: {pin.label(engine.bundle)}", "hashed", pin.setting(setting), engine, k, sparse=True)
        for pin in pins
    ]


def bundle_lines(name: str, engine: Engine, setting: Setting, k: int) -> list[Line]:
    """Exact and hashed search of another bundle, shown as `name`, at a setting that it has."""
    labels = {"exact": "exact", "hashed": f"hashed, {Pin.of(setting, engine.bundle).label(engine.bundle)}"}
    return [Line(f"{name}: {label}", search, setting, engine, k, sparse=True) for search, label in labels.items()]


def line_table(lines: Sequence[Line], metrics: Sequence[str]) -> pd.DataFrame:
    """Mean and 95 % normal band over queries of every line at each of its k, for metrics that it has.

    What a search does not depend on is empty: exact search on a hash, Hamming search on a multiplier.
    """
    parts = [
        pd.DataFrame({**_described(line), "metric": metric, "k": found.ks, **rounded(found)})
        for line, metric, found in line_curves(lines, metrics)
    ]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def line_curves(lines: Sequence[Line], metrics: Sequence[str]) -> Iterator[tuple[Line, str, Curve]]:
    """Every line with each metric that it has, no metric twice, and its curve."""
    for line in lines:
        for metric in dict.fromkeys(name for asked in metrics if (name := line_metric(asked, line.expected))):
            yield line, metric, line.curve(metric)


def _described(line: Line) -> dict[str, object]:
    bundle, setting = line.engine.bundle, line.setting
    kind = search_kind(line.search)
    return {
        "line": line.label,
        "bundle": bundle.name,
        "version": bundle.version,
        "encoder": setting.encoder,
        "hash": setting.hash if kind.by_code else "",
        "bits": str(true_bits(bundle, setting.encoder, setting.hash, setting.bits)) if kind.by_code else "",
        "multiplier": setting.multiplier if kind.shortlisted else "",
        "protocol": setting.protocol,
        "near_duplicates": setting.near_duplicates,
        "hierarchy": setting.hierarchy,
        "search": line.search,
        "queries": len(line.engine.at(setting).task.queries),
    }
