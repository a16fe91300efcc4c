"""Other bundles beside the open one on the Curves page: which, at what setting, and what makes figures differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from core.engine.nearest_setting import nearest_setting
from core.hashing.registry import get_hash
from core.reports import comparability
from core.reports.comparability import Difference
from core.reports.curve_lines import bundle_lines
from core.reports.figures.style import BUNDLE_LOOKS
from dashboard.curves.series import Series
from dashboard.shared import state
from dashboard.shared.state import View

KEY = "curves_bundles"


@dataclass(frozen=True)
class Beside:
    """Another bundle under the name it is shown by, at the setting nearest to the page's."""

    name: str
    view: View


def choose(view: View) -> list[Beside]:
    """The control that adds bundles of the session; one that cannot be opened is said and left out."""
    offered = {name: path for path, name in names(state.bundle_paths()).items() if Path(path) != view.bundle.path}
    if KEY in st.session_state:  # one of them may be the open one by now
        st.session_state[KEY] = [name for name in st.session_state[KEY] if name in offered]
    chosen = st.multiselect(
        "Other bundles",
        list(offered),
        key=KEY,
        bind="query-params",
        max_selections=len(BUNDLE_LOOKS),
        disabled=not offered,
        placeholder="None drawn" if offered else "No other is open",
        help="Exact and hashed search of another bundle beside this one. The page 'Your data' opens bundles, and so "
        "does `--bundle`, given once more at the start.",
        width=320,
    )
    found = []
    for name in chosen:
        with state.section():
            found.append(Beside(name, view_of(offered[name], view)))
    return found


def names(paths: Sequence[str]) -> dict[str, str]:
    """A name for each path: the folder's, with as many of those above it as tell it from the others."""
    places = {path: Path(path).resolve().parts for path in paths}
    shown = {}
    for path, parts in places.items():
        others = [other for other in places.values() if other != parts]
        depth = next((n for n in range(1, len(parts)) if all(o[-n:] != parts[-n:] for o in others)), len(parts))
        shown[path] = "/".join(parts[-depth:])
    return shown


def view_of(path: str, view: View) -> View:
    """A bundle at the setting of `view`, and at its own defaults for what it does not have; k within its gallery.

    Raises BadInput where it cannot be opened.
    """
    engine = state.open_engine(path, view.engine_name)
    setting = nearest_setting(engine.bundle, view.setting)
    return replace(view, engine=engine, setting=setting, k=min(view.k, engine.at(setting).task.size))


def series_of(besides: Sequence[Beside]) -> list[Series]:
    """Exact and hashed search of each, in one colour a bundle."""
    drawn = []
    for beside, look in zip(besides, BUNDLE_LOOKS, strict=False):
        view = beside.view
        for line in bundle_lines(beside.name, view.engine, view.setting, view.k):
            dash = "solid" if line.search == "exact" else "dash"
            shown = replace(look, dash=dash)
            drawn.append(Series(line.label, shown, line.search, line.setting, sparse=True, own_view=view))
    return drawn


def draw_notes(view: View, besides: Sequence[Beside]) -> None:
    """At what setting each is drawn, and why its figures may not be compared with the open bundle's."""
    for beside in besides:
        name = f"`{beside.name.replace('`', ' ')}`"
        st.caption(f"{name}: {described(beside.view)}")
        with state.section():
            reasons = differences(view, beside.view)
            if reasons:
                text = f"Figures of {name} are not comparable with this bundle's: {'; '.join(reasons)}."
                st.warning(text, icon=":material/balance:")


def described(view: View) -> str:
    """Encoder, hash, protocol and size of a view, in words."""
    setting = view.setting
    return (
        f"encoder {setting.encoder}, {get_hash(setting.hash).label} {setting.bits} bit ×{setting.multiplier}, protocol "
        f"{view.protocol}, hierarchy {setting.hierarchy}; {len(view.task.queries):,} queries on {view.task.size:,} "
        "images."
    )


def differences(view: View, other: View) -> list[str]:
    """What makes figures of two views incomparable, in words; empty where nothing does."""
    return [
        in_words(each) for each in comparability.differences(view.engine, view.setting, other.engine, other.setting)
    ]


def in_words(difference: Difference) -> str:
    """One reason why figures are not comparable."""
    here, there = difference.here, difference.there
    match difference.kind:
        case "protocol":
            return f"protocol {there} there, {here} here"
        case "near-duplicates":
            return "near-duplicates are left out of one gallery alone"
        case "classes":
            return f"other classes ({there:,} there, {here:,} here)"
        case "images":
            return f"other images ({_size(there)} there, {_size(here)} here)"
        case "hierarchy":
            return f"hierarchy {there} there is another tree, so mAHP is another measure"


def _size(counts: tuple[int, int]) -> str:
    return f"{counts[0]:,} queries on {counts[1]:,}"
