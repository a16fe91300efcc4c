"""The sidebar: one set of controls for all pages. Each has a URL parameter of its own, so every view is a link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import settings
from core.bundle import Bundle
from core.codes import bits_for, usable_hashes
from core.engine import Engine
from core.errors import BadInput
from core.hashing.registry import get_hash
from core.metrics.registry import family, get_metric
from core.protocols import get_protocol
from core.settings import Setting
from dashboard import state
from dashboard.launch import launch

MULTIPLIERS = [
    *(settings.format_multiplier(1 + step * settings.MULTIPLIER_STEP) for step in range(77)),
    settings.ALL,
]
HELP = {
    "encoder": "The network whose embeddings are searched.",
    "bits": "Length of a code. Eight bits are one byte an image.",
    "multiplier": "Hashed search shortlists ceil(multiplier × k) images by Hamming distance and ranks them again by "
    "exact similarity. faiss calls it k_factor, sentence-transformers rescore_multiplier.",
    "k": "How many images a search returns.",
    "hierarchy": "The class tree behind hierarchical precision.",
}


def draw() -> None:
    """Draw the controls and make their setting the session's current view; raises BadInput for a bad bundle."""
    with st.sidebar:
        # What a person moves most stands first, though it depends on what stands below.
        dials, judged, data = st.container(), st.container(), st.container()
        with data:
            st.subheader("Data")
            engine = _choose_bundle()
            _repair_url(engine.bundle)
        state.set_view(_choose_setting(engine, dials, judged, data))
    for note in st.session_state.get("url_notes", []):
        st.warning(note, icon=":material/link:")


def _choose_bundle() -> Engine:
    paths = [str(launch().bundle), *st.session_state.get("opened_bundles", [])]
    names = {path: state.open_engine(path).bundle.dataset for path in paths}
    path = st.selectbox(
        "Dataset",
        paths,
        key="bundle_path",
        format_func=lambda path: f"{names[path]} · {Path(path).name}",
        help="The bundle that is open. The page 'Your data' adds others.",
    )
    return state.open_engine(path)


def _choose_setting(
    engine: Engine, dials: DeltaGenerator, judged: DeltaGenerator, data: DeltaGenerator
) -> state.View:
    bundle = engine.bundle
    defaults = bundle.defaults
    with data:
        encoder = _select("Encoder", "encoder", bundle.encoders, defaults["encoder"])
    with dials:
        name = _select(
            "Hash",
            "hash",
            usable_hashes(bundle, encoder),
            defaults["hash"],
            lambda name: get_hash(name).label,
        )
        st.caption(get_hash(name).description)
        bits = _choose_bits(bits_for(bundle, encoder, name), defaults["bits"])
        multiplier = _slide("Shortlist multiplier", "multiplier", MULTIPLIERS, "2")
    with judged:
        protocol = _select("Protocol", "protocol", bundle.protocols, defaults["protocol"])
        st.caption(get_protocol(protocol).description)
        hierarchy = _select("Hierarchy", "hierarchy", bundle.hierarchies, defaults["hierarchy"])
        map_metric, mahp_metric = _choose_metrics()
    setting = Setting(encoder, name, bits, multiplier, protocol, hierarchy)
    with dials:
        k = _choose_k(engine.space(setting).size)
    return state.View(engine, setting, k, map_metric, mahp_metric)


def _choose_metrics() -> tuple[str, str]:
    def label(name: str) -> str:
        return f"{get_metric(name).label} · {name}"

    chosen = []
    with st.expander("Metric definitions"):
        for title, key, default in (("mAP", "map", "ap"), ("mAHP", "mahp", "ahp")):
            chosen.append(_select(title, key, [metric.name for metric in family(key)], default, label))
            st.caption(get_metric(chosen[-1]).description)
    return chosen[0], chosen[1]


def _select(label: str, key: str, options: Sequence[str], default: str, format_func: Callable[[Any], str] = str) -> str:
    _keep_valid(key, options, default)
    return st.selectbox(label, list(options), key=key, bind="query-params", help=HELP.get(key), format_func=format_func)


def _slide(label: str, key: str, options: Sequence[Any], default: Any) -> Any:
    _keep_valid(key, options, default)
    return st.select_slider(label, list(options), key=key, bind="query-params", help=HELP.get(key))


def _choose_bits(offered: list[int], default: int) -> int:
    if len(offered) == 1:
        st.markdown(f"**Hash length**: {offered[0]} bits (fixed)", help=HELP["bits"])
        return offered[0]
    # The wish outlives a hash that cannot have it: back at another hash, it is there again.
    return int(_slide("Hash length", "bits", offered, default))


def _choose_k(size: int) -> int:
    most = min(settings.K_RANGE[1], size)
    value = st.session_state.get("k", settings.K_DEFAULT)
    st.session_state["k"] = min(max(int(value), 1), most)
    return st.slider("k", 1, most, key="k", bind="query-params", help=HELP["k"])


def _keep_valid(key: str, options: Sequence[Any], default: Any) -> None:
    """Give a widget a value it can show: its own, else the nearest number, else the default."""
    if st.session_state.get(key) not in options:
        value = st.session_state.get(key, default)
        st.session_state[key] = nearest(value, options, default)


def nearest(value: Any, options: Sequence[Any], default: Any) -> Any:
    """The option equal to `value`, else the one nearest in number, else `default`, else the first."""
    if value in options:
        return value
    try:
        number = float(value)
        numbers = [option for option in options if str(option) != settings.ALL]
        return min(numbers, key=lambda option: abs(float(option) - number))
    except ValueError:
        return default if default in options else options[0]


def _repair_url(bundle: Bundle) -> None:
    """Once a session: values of the URL that no control can show are clamped or dropped, and said so."""
    if st.session_state.get("url_checked"):
        return
    st.session_state["url_checked"] = True
    notes = []
    for key, check in _url_checks(bundle).items():
        given = st.query_params.get(key)
        if given is None:
            continue
        try:
            check(given)
        except BadInput as error:
            notes.append(f"The link's {error}. The nearest possible value is shown.")
            _take_clamped(key, given, bundle)
    st.session_state["url_notes"] = notes


def _url_checks(bundle: Bundle) -> dict[str, Callable[[str], object]]:
    def member(kind: str, options: Sequence[str]) -> Callable[[str], object]:
        def check(value: str) -> None:
            if value not in options:
                raise BadInput(f"{kind} '{value}' is none of {', '.join(options)}")

        return check

    def whole(key: str, low: int, high: int) -> Callable[[str], object]:
        def check(value: str) -> None:
            if not value.isdigit() or not low <= int(value) <= high:
                raise BadInput(f"{key} '{value}' is no whole number from {low} to {high}")

        return check

    lengths = [str(bits) for bits in range(settings.BITS_RANGE[0], settings.BITS_RANGE[1] + 1, settings.BITS_STEP)]
    return {
        "encoder": member("encoder", bundle.encoders),
        "hash": member("hash", [name for encoder in bundle.encoders for name in usable_hashes(bundle, encoder)]),
        "bits": member("bits", lengths),
        "multiplier": member("multiplier", MULTIPLIERS),
        "k": whole("k", *settings.K_RANGE),
        "protocol": member("protocol", bundle.protocols),
        "hierarchy": member("hierarchy", bundle.hierarchies),
        "map": member("mAP definition", [metric.name for metric in family("map")]),
        "mahp": member("mAHP definition", [metric.name for metric in family("mahp")]),
    }


def _take_clamped(key: str, given: str, bundle: Bundle) -> None:
    numeric = {
        "bits": (list(range(settings.BITS_RANGE[0], settings.BITS_RANGE[1] + 1, settings.BITS_STEP)), 48),
        "multiplier": (MULTIPLIERS, "2"),
        "k": (list(range(settings.K_RANGE[0], settings.K_RANGE[1] + 1)), settings.K_DEFAULT),
    }
    if key in numeric:
        st.session_state[key] = nearest(given, *numeric[key])
