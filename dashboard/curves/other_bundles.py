"""Other bundles beside the open one on the Curves page: which, at what setting, and what makes figures differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import streamlit as st

from core.bundle.bundle import Bundle
from core.codes.codes import bits_for, usable_hashes
from core.engine.near_duplicates import has_pairs, why_not
from core.errors import BadInput
from core.hashing.registry import get_hash
from core.protocols import get_protocol
from core.settings import KEEP, LEAVE_OUT
from dashboard.curves import pins
from dashboard.curves.series import Series
from dashboard.shared import state
from dashboard.shared.curve_charts import BUNDLE_LOOKS
from dashboard.shared.sidebar import nearest
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
    engine = state.open_engine(path)
    bundle, own = engine.bundle, view.setting
    defaults = bundle.defaults
    encoder = nearest(own.encoder, bundle.encoders, defaults["encoder"])
    name = nearest(own.hash, usable_hashes(bundle, encoder), defaults["hash"])
    offered = bits_for(bundle, encoder, name)
    protocol = nearest(own.protocol, bundle.protocols, defaults["protocol"])
    leave_out = own.near_duplicates == LEAVE_OUT and has_pairs(bundle) and not why_not(bundle, get_protocol(protocol))
    setting = replace(
        own,
        encoder=encoder,
        hash=name,
        bits=nearest(own.bits, offered, offered[0]),
        protocol=protocol,
        hierarchy=nearest(own.hierarchy, bundle.hierarchies, defaults["hierarchy"]),
        near_duplicates=LEAVE_OUT if leave_out else KEEP,
    )
    return replace(view, engine=engine, setting=setting, k=min(view.k, engine.at(setting).task.size))


def series_of(besides: Sequence[Beside]) -> list[Series]:
    """Exact and hashed search of each, in one colour a bundle."""
    lines = []
    for beside, look in zip(besides, BUNDLE_LOOKS, strict=False):
        setting, bundle = beside.view.setting, beside.view.bundle
        hashed = f"hashed, {pins.Pin.of(setting, bundle).label(bundle)}"
        for search, label, dash in (("exact", "exact", "solid"), ("hashed", hashed, "dash")):
            line = replace(look, dash=dash)
            lines.append(Series(f"{beside.name}: {label}", line, search, setting, sparse=True, own_view=beside.view))
    return lines


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
    """What makes figures of two views incomparable; empty where both judge the same queries on the same gallery."""
    found = []
    if view.setting.protocol != other.setting.protocol:
        found.append(f"protocol {other.setting.protocol} there, {view.setting.protocol} here")
    if view.setting.near_duplicates != other.setting.near_duplicates:
        found.append("near-duplicates are left out of one gallery alone")
    if not _same_labels(view, other):
        found.append(
            f"other images ({_size(other)} there, {_size(view)} here)"
            if view.bundle.class_names == other.bundle.class_names
            else f"other classes ({len(other.bundle.class_names):,} there, {len(view.bundle.class_names):,} here)"
        )
    elif not _same_tree(view.bundle, view.setting.hierarchy, other.bundle, other.setting.hierarchy):
        found.append(f"hierarchy {other.setting.hierarchy} there is another tree, so mAHP is another measure")
    return found


def _size(view: View) -> str:
    return f"{len(view.task.queries):,} queries on {view.task.size:,}"


def _same_labels(view: View, other: View) -> bool:
    """Whether queries and gallery have the same classes row by row, as those of the same pictures do.

    Where both bundles were made of folders, the pictures' paths and sizes must be the same too.
    """
    mine, theirs = view.task, other.task
    return (
        view.bundle.class_names == other.bundle.class_names
        and np.array_equal(mine.query_labels, theirs.query_labels)
        and np.array_equal(mine.gallery_labels, theirs.gallery_labels)
        and all(_same_files(view, other, split) for split in ("query_split", "gallery_split"))
    )


def _same_files(view: View, other: View, role: str) -> bool:
    entries = [each.bundle.manifest["splits"][getattr(each.task.protocol, role)] for each in (view, other)]
    return all(
        entries[0][key] == entries[1][key] for key in ("paths", "sizes") if entries[0].get(key) and entries[1].get(key)
    )


def _same_tree(bundle: Bundle, name: str, other: Bundle, other_name: str) -> bool:
    try:
        return np.array_equal(bundle.hierarchy(name).similarity(), other.hierarchy(other_name).similarity())
    except BadInput:
        return False
