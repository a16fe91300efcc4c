"""The Retrieval page when a picture of one's own is the query: what the encoder makes of it, and what is found."""

from __future__ import annotations

import shlex
from pathlib import Path

import streamlit as st

from core.engine.engine import Engine
from core.picture_query.query_encoder import (
    ENCODE_RUNS,
    EncodedPicture,
    QueryEncoder,
    find_weights,
    open_query_encoder,
    predictions,
    time_encoding,
)
from core.picture_query.search import SEARCH_RUNS, PictureAnswer, PictureTimes, search_picture
from core.settings import Setting
from dashboard.retrieval import picture_choice, picture_input
from dashboard.retrieval.answers import choose_view, draw_answers, draw_lost, draw_table
from dashboard.retrieval.picture_html import Shares, picture_html
from dashboard.retrieval.picture_input import Given
from dashboard.retrieval.tiles import Tiles, no_picture
from dashboard.shared import state
from dashboard.shared.launch import launch
from dashboard.shared.pictures import png_uri
from dashboard.shared.placeholder_cards import readable


def draw(view: state.View) -> None:
    """The picture that was given and its answers; what cannot be used is said in its place."""
    with state.section():
        given = picture_input.take_picture()
        if given is None:
            st.caption(
                f"The picture is encoded here, on this server's processor, by encoder {view.setting.encoder}, and "
                "searched for in the gallery. It stays in this session and is not kept."
            )
            return
        name, version = view.setting.encoder, view.bundle.version
        weights = find_weights(view.bundle, name, launch().weights)
        encoder = _encoder(view.engine, version, name, weights)
        encoded, encode_ms = _encoded(encoder, version, name, given.digest, given)
        draw_picture(view, given, encoded, encoder)
        slot = st.container()
        searches, shown = choose_view(view)
        answer = _answer(view.engine, encoded, view.bundle.version, given.digest, view.setting, view.k, tuple(searches))
        with slot:
            draw_times(encode_ms, answer, encoder.encoder.mirrored)
        found, pictures = answer.retrieved, state.pictures(view)
        if pictures is None:
            picture_choice.offer(view)
        tiles = Tiles(found, view.bundle, view.task, pictures.uri if pictures else no_picture)
        draw_answers(view, found, tiles, shown)
        if answer.no_code is None:
            draw_lost(view, found, tiles, shown)
        named = "" if weights is None else f" --weights {shlex.quote(str(weights))}"
        draw_table(view, found, f"--picture {shlex.quote(given.name)}{named}")


@st.cache_resource(max_entries=4, show_spinner="Loading the encoder …")
def _encoder(_engine: Engine, version: str, name: str, weights: Path | None) -> QueryEncoder:
    """An encoder, shared by all sessions. PyTorch is imported here for a network, and not before."""
    return open_query_encoder(_engine.bundle, name, weights)


@st.cache_data(max_entries=8, show_spinner="Encoding the picture …", scope="session")
def _encoded(
    _encoder: QueryEncoder, version: str, name: str, digest: str, _given: Given
) -> tuple[EncodedPicture, float]:
    """What the encoder says of the picture, and the milliseconds it takes."""
    picture = _given.picture()
    return _encoder.encode(picture), time_encoding(_encoder, picture)


@st.cache_data(max_entries=16, show_spinner="Searching …", scope="session")
def _answer(
    _engine: Engine,
    _encoded: EncodedPicture,
    version: str,
    digest: str,
    setting: Setting,
    k: int,
    searches: tuple[str, ...],
) -> PictureAnswer:
    return search_picture(_engine, setting, _encoded, k, searches)


def draw_picture(view: state.View, given: Given, encoded: EncodedPicture, encoder: QueryEncoder) -> None:
    """The picture, what the encoder sees of it, and what it takes it for where it predicts these classes."""
    named = zip(("class", "superclass"), predictions(view.bundle, encoded), strict=True) if encoder.own_classes else ()
    shares = [
        Shares(f"Predicted {name}", [readable(each) for each in table[name]], table["probability"].tolist())
        for name, table in named
        if table is not None
    ]
    seen = encoded.seen
    size, cut = (given.width, given.height), encoder.encoder.cut
    st.html(picture_html(given.thumbnail, png_uri(seen), size, seen.shape[1], shares, cut))
    if not encoder.own_classes:
        st.caption(
            f"Encoder {view.setting.encoder} predicts none of this bundle's classes: it describes the picture, and "
            "that is all."
        )
    elif not encoder.encoder.classifies:
        st.caption(
            f"Encoder {view.setting.encoder} has no classifier: its probabilities are a softmax of cosines, which is "
            "flat by nature. Their order counts, not their size."
        )
    everything = ""
    if view.task.protocol.leave_one_out:
        everything = f" All {len(view.task.gallery):,} images of the gallery are searched: none is its own."
    st.info(
        f"Your picture has no label: nothing is right or wrong here, so there is no AP and no AHP.{everything}",
        icon=":material/label_off:",
    )


def draw_times(encode_ms: float, answer: PictureAnswer, mirrored: bool) -> None:
    """What encoding, hashing and each search took."""
    times = answer.times
    shown = {"Encode": encode_ms, "Hash": times.hash_ms, "Exact search": times.exact_ms}
    shown["Hashed search"] = times.hashed_ms
    with st.container(horizontal=True, gap="medium"):
        for name, value in shown.items():
            st.metric(name, "–" if value is None else milliseconds(value), width=150)
    mirror = " (with the mirror image, as the bundle's pictures were)" if mirrored else ""
    st.caption(
        "Wall clock, warm, on one thread, beside whatever else this machine does now: medians of "
        f"{ENCODE_RUNS} runs for encoding{mirror} and of {SEARCH_RUNS} for the others, after one that does not count. "
        f"{_hash_words(times)}Exact search is a matrix product (BLAS)."
    )
    if answer.no_code is not None:
        st.warning(f"No hashed results: {answer.no_code}.", icon=":material/block:")


def _hash_words(times: PictureTimes) -> str:
    if times.hash_ms is None and times.hashed_ms is not None:
        return "The code comes from the network itself, while it encodes. "
    return ""


def milliseconds(value: float) -> str:
    """Three digits, in ms, or in µs below a tenth of one.

    >>> milliseconds(0.0123), milliseconds(1.2345), milliseconds(159.5)
    ('12.3 µs', '1.23 ms', '160 ms')
    """
    if value < 0.1:
        return f"{1000 * value:.3g} µs"
    return f"{value:.3g} ms" if value < 999.5 else f"{value / 1000:.3g} s"
