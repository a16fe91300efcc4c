"""What the Curves page draws: one series a search of a setting, its curves and values kept between reruns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from core.codes.codes import true_bits
from core.engine.engine import Engine
from core.engine.results import Curve, SearchResult
from core.errors import BadInput
from core.hashing.registry import get_hash
from core.metrics.intervals import Comparison, compare
from core.metrics.registry import get_metric
from core.reports.curve_lines import (
    Line,
    control_lines,
    line_ks,
    line_metric,
    pin_lines,
    setting_lines,
)
from core.reports.figures.style import CONTROL_LOOKS, PIN_LOOKS, SEARCH_LOOKS, Look
from core.reports.pins import Pin
from core.runtime.cache import ByteCache
from core.search.kinds import search_kind
from core.settings import Setting
from dashboard.shared.state import View

T = TypeVar("T")
_KEPT = ByteCache(2000)  # so many curves, values and comparisons


@dataclass(frozen=True)
class Series:
    """One line: a search of a setting. `expected` averages over ties; `sparse` is judged at fewer k.

    `own_view` is that of another bundle than the page's, with a k within its gallery.
    """

    label: str
    look: Look
    search: str
    setting: Setting
    expected: bool = False
    sparse: bool = False
    own_view: View | None = None

    def metric(self, name: str) -> str | None:
        """The metric this series shows where `name` is asked for, if it has one."""
        return line_metric(name, self.expected)


def of_setting(view: View, asymmetric: bool, expected: bool) -> list[Series]:
    """The searches of the current setting."""
    series = []
    for line in setting_lines(view.engine, view.setting, view.k, asymmetric, expected):
        look = SEARCH_LOOKS[line.search]
        if line.expected:
            look = replace(look, label=line.label, dash="dashdot", symbol="cross")
        series.append(_drawn(line, look))
    return series


def of_controls(view: View, names: Sequence[str]) -> list[Series]:
    """Hashed and Hamming search with the codes of each control, at the setting's length and multiplier."""
    return [
        _drawn(line, replace(look, dash=look.dash if line.search == "hashed" else "dot"))
        for line in control_lines(view.engine, view.setting, view.k, names)
        for look in [CONTROL_LOOKS[line.setting.hash]]
    ]


def of_pins(view: View, pins: Sequence[Pin]) -> list[Series]:
    """Hashed search of each pinned setting, under the current protocol and hierarchy."""
    lines = pin_lines(view.engine, view.setting, view.k, pins)
    return [_drawn(line, look) for line, look in zip(lines, PIN_LOOKS, strict=False)]


def line_of(view: View, series: Series) -> Line:
    """The line of a series as a table has it."""
    own = series.own_view or view
    return Line(series.label, series.search, series.setting, own.engine, own.k, series.expected, series.sparse)


def _drawn(line: Line, look: Look) -> Series:
    return Series(line.label, look, line.search, line.setting, line.expected, line.sparse)


def curve(view: View, series: Series, metric: str) -> Curve:
    """Mean and band of one series at its k."""
    view = series.own_view or view
    setting, ks = _needed(view, series), _ks(view, series)
    if get_metric(metric).hamming_only:
        return view.engine.at(setting).expected_curves(ks)[metric]
    return view.engine.curves(series.search, setting, ks, keep=view.k)[metric]


def at_k(view: View, series: Series, metric: str) -> tuple[float, float, float]:
    """Mean and 95 % bootstrap interval of one series at the current k; BadInput where its gallery is smaller."""
    if series.own_view is not None and series.own_view.k != view.k:
        raise BadInput(f"k {view.k} is above the {series.own_view.task.size:,} images that a query of it can find")
    view = series.own_view or view
    key = (_needed(view, series), series.search, view.k)

    def make() -> tuple[float, float, float]:
        found = _result(view.engine, *key)
        return found.mean(metric, view.k), *found.interval(metric, view.k)

    return _kept("at k", view, (*key, metric), make)


def ceiling(view: View, series: Series, metric: str) -> Curve | None:
    """The value of a perfect ranking at each k of a series, where the metric's is not 1."""
    if get_metric(metric).ceiling is None:
        return None
    setting, ks = _needed(view, series), tuple(_ks(view, series))

    def make() -> Curve:
        perfect = _result(view.engine, setting, series.search, view.k).ceiling(metric, np.array(ks))
        return Curve(np.array(ks), perfect, perfect, perfect)

    return _kept("ceiling", view, (setting, series.search, ks, metric), make)


def result(view: View, series: Series) -> SearchResult:
    """The result of a series at the current k."""
    return _result(view.engine, _needed(view, series), series.search, view.k)


def values(view: View, series: Series, metric: str) -> np.ndarray:
    """Values float64 (Q,) of one series at the current k."""
    return result(view, series).at(metric, view.k)


def difference(view: View, first: Series, second: Series, metric: str) -> Comparison:
    """`second` against `first`, paired by query, at the current k."""
    sides = [(_needed(view, series), series.search, view.k) for series in (first, second)]

    def make() -> Comparison:
        before, after = (_result(view.engine, *side).at(metric, view.k) for side in sides)
        return compare(before, after)

    return _kept("difference", view, (*sides, metric), make)


def allows_asymmetric(view: View) -> bool:
    """Whether the setting's hash has real values, so that a query need not be cut to bits."""
    return get_hash(view.setting.hash).asymmetric


def note(view: View, drawn: Sequence[Series]) -> str:
    """What a reader of the values must know: queries without anything to find, lines at fewer k."""
    missing = result(view, drawn[0]).without_relevant
    parts = [f"{missing:,} queries have no relevant image and count 0." if missing else ""]
    if any(series.sparse for series in drawn):
        parts.append(
            "Controls, pinned settings and other bundles are drawn at fewer k; the table has them at this k exactly."
        )
    return " ".join(filter(None, parts))


def _ks(view: View, series: Series) -> list[int]:
    return line_ks(view.k, view.task.size, series.sparse)


def _needed(view: View, series: Series) -> Setting:
    """The setting without what the search does not depend on, so that a moved dial finds what is kept."""
    setting = series.setting
    kind = search_kind(series.search)
    if not kind.by_code:
        return replace(setting, multiplier="1", bits=8, hash=view.bundle.defaults["hash"])
    bits = true_bits(view.bundle, setting.encoder, setting.hash, setting.bits)
    return replace(setting, bits=bits, multiplier=setting.multiplier if kind.shortlisted else "1")


def _result(engine: Engine, setting: Setting, search: str, k: int) -> SearchResult:
    return engine.result(search, setting, [k])


def _kept(name: str, view: View, key: tuple[Any, ...], make: Callable[[], T]) -> T:
    """What `make` gives, kept by what it depends on: a page asks for some forty of them at every move.

    Not `st.cache_data`, which goes through every one of 250 k and copies what it finds.
    """
    return _KEPT.get((name, *view.version, *key), make, lambda _: 1)
