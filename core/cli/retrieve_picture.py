"""`retrieve --picture`: a picture of anyone's as the query."""

from __future__ import annotations

import argparse

from core.bundle.bundle import Bundle
from core.cli import options
from core.engine.engine import Engine
from core.engine.retrieval import Retrieved
from core.errors import BadInput
from core.picture_query.query_encoder import (
    ENCODE_RUNS,
    EncodedPicture,
    QueryEncoder,
    open_query_encoder,
    predictions,
    time_encoding,
)
from core.picture_query.search import SEARCH_RUNS, PictureTimes, search_picture
from core.pictures.file import read_picture
from core.reports.tables import ordered_searches
from core.settings import ALL, Setting, check_k


def answer_picture(args: argparse.Namespace, engine: Engine, setting: Setting) -> tuple[Retrieved, str]:
    """The answers to the picture that was named, and what is said of it before them."""
    picture = read_picture(args.picture)
    size = len(engine.at(setting).task.gallery)
    k = size if args.k == ALL else check_k(args.k, size)
    encoder = open_query_encoder(engine.bundle, setting.encoder, args.weights)
    encoded = encoder.encode(picture)
    found = search_picture(engine, setting, encoded, k, ordered_searches(args.searches))
    if found.no_code and "exact" not in args.searches:
        raise BadInput(found.no_code)
    height, width = picture.shape[:2]
    lines = [
        f"picture '{args.picture}' ({width} x {height}, seen as {encoded.seen.shape[1]} x {encoded.seen.shape[0]}), "
        f"gallery of {setting.protocol}{options.gallery_note(engine, setting)}: top {k} of {size:,}, encoder "
        f"{setting.encoder} (similarity: {engine.bundle.similarity(setting.encoder).replace('-', ' ')}), "
        f"hash {setting.hash} of {setting.bits} bits, multiplier {setting.multiplier}",
        "it has no label: nothing is judged, so there is no AP and no AHP",
        *_predicted(engine.bundle, encoded, encoder),
        describe_times(time_encoding(encoder, picture), found.times, encoder.encoder.mirrored),
    ]
    lines += [f"no hashed results: {found.no_code}"] if found.no_code else []
    return found.retrieved, "\n".join(lines)


def describe_times(encode_ms: float, times: PictureTimes, mirrored: bool) -> str:
    """The times in one sentence, with how they were taken."""
    parts = [f"encode {encode_ms:.1f}"]
    parts += [] if times.hash_ms is None else [f"hash {times.hash_ms:.3f}"]
    parts.append(f"exact search {times.exact_ms:.3f}")
    parts += [] if times.hashed_ms is None else [f"hashed search {times.hashed_ms:.3f}"]
    mirror = ", encode with the mirror image" if mirrored else ""
    return (
        f"times in ms: {', '.join(parts)} (wall clock, warm, one thread{mirror}; medians of "
        f"{ENCODE_RUNS} runs for encode, {SEARCH_RUNS} for the others)"
    )


def _predicted(bundle: Bundle, encoded: EncodedPicture, encoder: QueryEncoder) -> list[str]:
    if not encoder.own_classes:
        return ["no predicted class: this encoder predicts none of the bundle's"]
    classes, superclasses = predictions(bundle, encoded)
    said = [("class", classes)] + ([] if superclasses is None else [("superclass", superclasses)])
    note = "" if encoder.encoder.classifies else " (no classifier: a softmax of cosines, flat by nature)"
    return [
        f"predicted {name}{note}: "
        + ", ".join(f"{row[name]} {row['probability']:.4f}" for row in table.to_dict("records"))
        for name, table in said
    ]
