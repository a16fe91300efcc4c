"""The controls that choose a query: its index, which is part of the link, a class, and buttons that step and draw."""

from __future__ import annotations

import secrets

import numpy as np
import streamlit as st

from core.metrics.registry import get_metric
from dashboard.shared import query_choice, state
from dashboard.shared.placeholder_cards import readable

ANY = "Any class"


def choose_query(view: state.View) -> int:
    """The controls of the query; returns its place. Buttons act within the class chosen, if one is."""
    task, names = view.task, view.bundle.class_names
    current = take_url(len(task.query_index))
    if st.session_state.get("retrieval_class") not in (None, ANY, *names):
        del st.session_state["retrieval_class"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        index_place = st.container(width=150)
        name = st.selectbox(
            "Class",
            [ANY, *names],
            key="retrieval_class",
            format_func=readable,
            persist_state="session",
            on_change=enter_class,
            help="The buttons beside it choose among the queries of this class.",
            width=190,
        )
        places = query_choice.members(task.query_labels, None if name == ANY else names.index(name))
        pressed = buttons()
    if len(places) and pressed:
        current = press(view, pressed, places, current)
        st.session_state["query"] = current
    with index_place:
        last = len(task.query_index) - 1
        st.number_input(
            "Query",
            0,
            max(last, 1),
            key="query",
            bind="query-params",
            help=f"Index of the query in '{task.protocol.query_split}', 0 to {last}. It is part of the link.",
        )
    current, _ = query_choice.checked(st.session_state["query"], len(task.query_index))
    shown_at, text = st.session_state.get("query_url_note", (None, ""))
    if shown_at == current:
        st.warning(text, icon=":material/link:")
    else:
        st.session_state.pop("query_url_note", None)
    at, said = st.session_state.get("query_note", (None, ""))
    st.caption(said if at == current else ("" if len(places) else "No query has this class."))
    return current


def take_url(count: int) -> int:
    """The query that the link or another page asks for, made valid before the control shows it."""
    given = st.session_state.get("query", st.query_params.get("query", 0))
    current, note = query_choice.checked(given, count)
    st.session_state["query"] = current  # in every run: else a control that refused the link's value shows its default
    if note:
        st.session_state["query_url_note"] = (current, f"The {note}.")
    return current


def enter_class() -> None:
    """A class was chosen: go to its next query, unless the current one has it."""
    view, name = state.current(), st.session_state["retrieval_class"]
    if name == ANY:
        return
    label, current = view.bundle.class_names.index(name), int(st.session_state.get("query", 0))
    places = query_choice.members(view.task.query_labels, label)
    if len(places) and current not in places:
        st.session_state["query"] = query_choice.following(places, current)


def buttons() -> str | None:
    """The buttons that choose; the name of the one pressed."""
    offered = (
        ("previous", "Previous", ":material/chevron_left:", "The query before this one."),
        ("next", "Next", ":material/chevron_right:", "The query after this one."),
        ("random", "Random", ":material/casino:", "A query at random, by a new seed each time."),
        ("hardest", "Hardest", ":material/trending_down:", "The lowest AP at k of hashed search; again for the next."),
        (
            "loss",
            "Largest loss",
            ":material/heart_broken:",
            "The most AP at k lost against exact search; again for the next.",
        ),
    )
    pressed = [
        name for name, label, icon, tip in offered if st.button(label, key=f"retrieval_{name}", icon=icon, help=tip)
    ]
    return pressed[0] if pressed else None


def press(view: state.View, pressed: str, places: np.ndarray, current: int) -> int:
    """Where a button leads; leaves a note on how that query was chosen."""
    if pressed == "next":
        return query_choice.following(places, current)
    if pressed == "previous":
        return query_choice.preceding(places, current)
    if pressed == "random":
        seed = secrets.randbelow(1_000_000)
        chosen = query_choice.drawn(places, seed)
        st.session_state["query_note"] = (chosen, f"Drawn at random from {len(places):,} queries, seed {seed}.")
        return chosen
    return walk(view, pressed, places, current)


def walk(view: state.View, pressed: str, places: np.ndarray, current: int) -> int:
    """The next query down the list of the hardest, or of the largest losses."""
    with st.spinner("Judging every query …"):
        results = view.results(("exact", "hashed"))
        exact, hashed = (results[search].at(view.map_metric, view.k) for search in ("exact", "hashed"))
    if pressed == "hardest":
        order, words = query_choice.lowest_first(places, hashed), "Lowest hashed"
    else:
        order, words = query_choice.largest_first(places, exact - hashed), "Largest loss of"
    walking = (pressed, view.setting, view.k, view.map_metric, st.session_state.get("retrieval_class"))
    rank = query_choice.onward(order, current, st.session_state.get("query_walk") == (walking, current))
    chosen = int(order[rank])
    st.session_state["query_walk"] = (walking, chosen)
    label = single(view.map_metric)
    st.session_state["query_note"] = (
        chosen,
        f"{words} {label}@{view.k}: {rank + 1:,} of {len(places):,} queries "
        f"(exact {exact[chosen]:.4f}, hashed {hashed[chosen]:.4f}).",
    )
    return chosen


def single(metric: str) -> str:
    """The label of a metric for one query: AP for mAP."""
    return get_metric(metric).label.removeprefix("m")
