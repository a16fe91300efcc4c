"""The sidebar: one set of controls for all pages. Each has a URL parameter of its own, so every view is a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import settings
from core.bundle.bundle import Bundle
from core.codes.codes import bits_for, usable_hashes
from core.engine.engine import Engine
from core.engine.near_duplicates import has_pairs, leave_out, why_not
from core.engine.nearest_setting import nearest_option
from core.errors import BadInput
from core.hashing.registry import get_hash
from core.metrics.registry import family, get_metric
from core.protocols import get_protocol
from core.settings import KEEP, LEAVE_OUT, Setting
from dashboard.shared import engine_notes, engines, state
from dashboard.shared.links import quoted
from dashboard.shared.open_bundles import read_bundle
from dashboard.shared.refusals import worded

MULTIPLIERS = [
    *(settings.format_multiplier(1 + step * settings.MULTIPLIER_STEP) for step in range(77)),
    settings.ALL,
]
HELP = {
    "encoder": "The network whose embeddings are searched.",
    "bits": "Length of a code. Eight bits are one byte an image.",
    "multiplier": "Hashed search shortlists ceil(multiplier × k) images by code distance and ranks them again by "
    "exact similarity. faiss calls it k_factor, sentence-transformers rescore_multiplier.",
    "k": "How many images a search returns: each to 250, every tenth beyond. The commands take any k.",
    "leave_out": "Some pictures are in the data twice: the same one, or nearly so (mirrored, cropped, brighter). A "
    "search finds them for their pixels, not for what they show.",
    "engine": "Which engine searches; results are the same. `local` and `faiss` run in this process. To offer another "
    "one, start the dashboard with `--engine NAME=ADDRESS`.",
    "hierarchy": "The class tree behind hierarchical precision.",
}


def draw() -> None:
    """Draw the controls and make their setting the session's current view; raises BadInput for a bad bundle."""
    _read_link()
    with st.sidebar:
        # What a person moves most stands first, though it depends on what stands below.
        dials, judged, data = st.container(), st.container(), st.container()
        with data:
            st.subheader("Data")
            path = _choose_bundle()
            name = _select("Search engine", "engine", list(engines.offered()), engines.LOCAL)
            engine = state.open_engine(path, name)
            engine_notes.begin(engine.backend, path, name)
        view = replace(_choose_setting(engine, dials, judged, data), engine_name=name)
    state.set_view(view)
    for note in _link_notes(view):
        st.warning(note, icon=":material/link:")


def _choose_bundle() -> str:
    bundles = _bundles()
    opening = st.session_state.pop("opening_bundle", None)
    if opening in bundles:
        st.session_state["bundle_path"] = opening
        st.session_state.pop("bits_wish", None)
        st.session_state.update(bundles[opening].defaults)  # what it was made for, not what was on show before
    return st.selectbox(
        "Dataset",
        list(bundles),
        key="bundle_path",
        format_func=lambda path: f"{bundles[path].dataset} · {Path(path).name}",
        help="The bundle that is open. The page 'Your data' adds others.",
    )


def _bundles() -> dict[str, Bundle]:
    """The bundles to choose from, by path. One that was opened and has gone since is dropped."""
    first, *others = state.bundle_paths()
    bundles = {first: read_bundle(first)}
    for path in others:
        try:
            bundles[path] = read_bundle(path)
        except BadInput as error:
            st.warning(worded(error), icon=":material/folder_off:")
    return bundles


def _choose_setting(engine: Engine, dials: DeltaGenerator, judged: DeltaGenerator, data: DeltaGenerator) -> state.View:
    bundle = engine.bundle
    defaults = bundle.defaults
    with data:
        encoder = _select("Encoder", "encoder", bundle.encoders, defaults["encoder"])
    with dials:
        name = _select("Hash", "hash", usable_hashes(bundle, encoder), defaults["hash"])
        st.caption(f"{get_hash(name).label}: {get_hash(name).description}")
        bits = _choose_bits(bits_for(bundle, encoder, name), defaults["bits"])
        multiplier = _slide("Shortlist multiplier", "multiplier", MULTIPLIERS, "2")
    with judged:
        protocol = _select("Protocol", "protocol", bundle.protocols, defaults["protocol"])
        st.caption(get_protocol(protocol).description)
        near_duplicates = _choose_near_duplicates(bundle, protocol)
        hierarchy = _select("Hierarchy", "hierarchy", bundle.hierarchies, defaults["hierarchy"])
        map_metric, mahp_metric = _choose_metrics()
    setting = Setting(encoder, name, bits, multiplier, protocol, hierarchy, near_duplicates=near_duplicates)
    with dials:
        k = _choose_k(engine.at(setting).task.size)
    return state.View(engine, setting, k, map_metric, mahp_metric)


def _choose_near_duplicates(bundle: Bundle, protocol: str) -> str:
    """Whether near-duplicates stay in the gallery; nothing to choose where the bundle knows of none."""
    if not has_pairs(bundle):
        return KEEP
    label, rule = "Leave near-duplicates out", get_protocol(protocol)
    reason = why_not(bundle, rule)
    if reason is not None:  # a control of its own, so that the wish is there again under another protocol
        st.toggle(label, False, key="leave_out_disabled", disabled=True, help=reason[0].upper() + reason[1:] + ".")
        return KEEP
    wish = st.session_state.get("leave_out_wish", st.session_state["link"].get("leave_out") == "true")
    st.session_state.setdefault("leave_out", wish)
    count = bundle.count(rule.gallery_split)
    fewer = count - len(leave_out(bundle, rule).rows)
    text = f"{HELP['leave_out']} Under this protocol {fewer:,} of the {count:,} gallery images are left out."
    wish = st.toggle(label, False, key="leave_out", bind="query-params", help=text)
    st.session_state["leave_out_wish"] = wish
    return LEAVE_OUT if wish else KEEP


def _choose_metrics() -> tuple[str, str]:
    chosen = []
    with st.expander("Metric definitions"):
        for title, key, default in (("mAP", "map", "ap"), ("mAHP", "mahp", "ahp")):
            chosen.append(_select(title, key, [metric.name for metric in family(key)], default))
            st.caption(f"{get_metric(chosen[-1]).label}: {get_metric(chosen[-1]).description}")
    return chosen[0], chosen[1]


# Each control is given its true default beside the session's value: Streamlit leaves a control's own default out of
# the URL, so with another default a link would lose a value. Options are plain names, since a link carries what is
# shown.


def _select(label: str, key: str, options: Sequence[str], default: str) -> str:
    default = _keep_valid(key, options, default)
    return st.selectbox(
        label, list(options), list(options).index(default), key=key, bind="query-params", help=HELP.get(key)
    )


def _slide(label: str, key: str, options: Sequence[Any], default: Any) -> Any:
    default = _keep_valid(key, options, default)
    return st.select_slider(label, list(options), default, key=key, bind="query-params", help=HELP.get(key))


def _choose_bits(offered: list[int], default: int) -> int:
    if len(offered) == 1:
        st.markdown(f"**Hash length**: {offered[0]} bits (fixed)", help=HELP["bits"])
        return offered[0]
    # The wish outlives a hash that cannot have it: back at another hash, it is there again.
    kept = st.session_state
    if "bits_wish" in kept and kept.get("bits", kept["bits_shown"]) == kept["bits_shown"]:  # nobody moved the slider
        kept["bits"] = kept["bits_wish"]
    kept["bits_wish"] = kept.get("bits", kept["link"].get("bits", default))
    kept["bits_shown"] = int(_slide("Hash length", "bits", offered, default))
    return kept["bits_shown"]


def _choose_k(size: int) -> int:
    offered = settings.offered_ks(size)
    if len(offered) == 1:
        st.markdown("**k**: 1 (the gallery has one image to find)", help=HELP["k"])
        return 1
    return int(_slide("k", "k", offered, settings.K_DEFAULT))


def _keep_valid(key: str, options: Sequence[Any], default: Any) -> Any:
    """Give a control a value it can show: its own, else the nearest number, else the default, which is returned."""
    default = nearest_option(default, options, default)
    value = st.session_state.get(key, st.session_state["link"].get(key, default))
    st.session_state[key] = nearest_option(value, options, default)
    return default


def _read_link() -> None:
    """Keep what the session's first URL asked for, before any control changes it."""
    if "link" not in st.session_state:
        st.session_state["link"] = st.query_params.to_dict()


def _link_notes(view: state.View) -> list[str]:
    """What of the link cannot be shown; until the view is another one."""
    shown = {"leave_out": "false", "engine": engines.LOCAL} | view.parameters()
    if "link_view" not in st.session_state:
        st.session_state["link_view"] = shown
    return link_notes(st.session_state["link"], shown) if st.session_state["link_view"] == shown else []


def link_notes(link: Mapping[str, str], shown: Mapping[str, str]) -> list[str]:
    """A line for each parameter of a link that is not what is shown."""
    return [
        f"The link asks for {key} {quoted(link[key])}, which cannot be had here: {value} is shown."
        for key, value in shown.items()
        if key in link and not _same(link[key], value)
    ]


def _same(given: str, shown: str) -> bool:
    try:
        return given == shown or float(given) == float(shown)
    except ValueError:
        return False
