"""The source system's table, reproduced: its published figures beside ours, in its own definitions and protocol.

Besides stand the same embeddings and codes without the query in the gallery and with the divisor min(R, k): the
difference is what the protocol alone was worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from core.bundle.bundle import Bundle
from core.codes.codes import bits_for, true_bits
from core.datasets.cifar100 import class_tree
from core.engine.engine import Engine
from core.engine.results import SearchResult
from core.errors import BadInput
from core.metrics.accumulate import Kept, accumulate_ranking
from core.reports.tables import ENCODE_TIME, RETRIEVAL_TIME
from core.runtime.parallel import blocks
from core.runtime.shared_types import Json
from core.settings import Setting
from core.studies.original_system.published import BITS, HASH, HIERARCHY, KS, MAHP, MAP, MULTIPLIER, PROTOCOL, PUBLISHED

SEARCHES = ("exact", "hashed")
HONEST_PROTOCOL, HONEST_MAP = "test-vs-test", "ap"
ONE_LIST, OWN_LIST = "{size} for all k", "2k at each k"
FIGURES = tuple(f"{name}@{k}" for name in ("mAP", "mAHP") for k in KS)
COLUMNS = (
    "origin", "encoder", "search", "hash", "bits", "shortlist", "protocol", "mAP is", "mAHP is", ENCODE_TIME,
    RETRIEVAL_TIME, *FIGURES,
)  # fmt: skip
_FIRST = ("source", "semantic")  # the encoders that stand first where a bundle has them
_BLOCK = 1000  # queries ranked at once


def source_settings(
    bundle: Bundle, encoders: Sequence[str] | None = None, hash_name: str | None = None
) -> list[Setting]:
    """The source system's setting on each encoder (None: all), by the encoder's own layer where it has one.

    An encoder without such a layer gets random hyperplanes, unless `hash_name` says otherwise. Raises BadInput
    where the bundle does not hold CIFAR-100's test split, and for a name that it does not have.
    """
    check_bundle(bundle)
    names = [name for name in bundle.encoders if "test" in bundle.encoder_info(name).get("embeddings", {})]
    names.sort(key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    return [_setting(bundle, name, hash_name) for name in (names if encoders is None else encoders)]


def check_bundle(bundle: Bundle) -> None:
    """BadInput unless the bundle holds CIFAR-100's test split, with the source system's protocol and class tree."""
    lacking = None
    if PROTOCOL not in bundle.protocols:
        lacking = f"protocol '{PROTOCOL}'"
    elif HIERARCHY not in bundle.hierarchies:
        lacking = f"hierarchy '{HIERARCHY}'"
    else:
        try:
            class_tree(HIERARCHY, bundle.class_names)
        except BadInput:
            lacking = "classes of CIFAR-100"
    if lacking:
        raise BadInput(
            f"the source system's table needs CIFAR-100's test split: the bundle '{bundle.name}' has no {lacking}; "
            "open one that 'python -m core build' made"
        )


def source_table(
    engine: Engine, settings: Sequence[Setting], times: Mapping[str, Mapping[str, float]] | None = None
) -> pd.DataFrame:
    """What was published, then what each setting of `source_settings` gives here: one row a search.

    `times`: milliseconds of one query by encoder and search, at the deepest k; what is not given is empty.
    """
    known = times or {}
    own = [own_rows(engine, setting, known.get(setting.encoder, {})) for setting in settings]
    return pd.concat([published_rows(), *own], ignore_index=True)


def published_rows() -> pd.DataFrame:
    """The published figures as rows of the table."""
    rows = []
    for row in PUBLISHED:
        common = {"origin": f"published, {row.source}", "search": row.search, "protocol": PROTOCOL}
        told = {"mAP is": MAP, "mAHP is": MAHP, ENCODE_TIME: row.encode_ms, RETRIEVAL_TIME: row.retrieval_ms}
        code = {"hash": HASH, "bits": BITS, "shortlist": f"{KS[-1]} for all k"} if row.search == "hashed" else {}
        rows.append({**common, **code, **told, **dict(zip(FIGURES, (*row.map, *row.mahp), strict=True))})
    return _frame(rows)


def own_rows(engine: Engine, setting: Setting, times: Mapping[str, float] | None = None) -> pd.DataFrame:
    """The rows of one encoder; a figure at a k above the gallery is empty.

    Exact search; hashed search as the source system reads it, one list of the deepest k with all k cut from it;
    hashed search with a shortlist for each k; then exact and hashed search by `test-vs-test` and the divisor
    min(R, k). The times, milliseconds by search, stand in the rows of the source system's protocol.
    """
    ks, info = fitting_ks(engine, setting), engine.bundle.encoder_info(setting.encoder)
    common = {"origin": "here", "encoder": setting.encoder, "mAHP is": MAHP, ENCODE_TIME: info.get("encode_ms")}
    code = {"hash": setting.hash, "bits": setting.bits}
    each = {**code, "shortlist": OWN_LIST}
    listed = one_list(engine, setting, ks)
    assert listed.shortlists is not None  # of hashed search
    rows = []
    for search, how, result in (
        ("exact", {}, engine.result("exact", setting, ks)),
        ("hashed", {**code, "shortlist": ONE_LIST.format(size=listed.shortlists[-1])}, listed),
        ("hashed", each, engine.result("hashed", setting, ks)),
    ):
        told = {"search": search, "protocol": PROTOCOL, "mAP is": MAP, RETRIEVAL_TIME: (times or {}).get(search)}
        rows.append({**common, **told, **how, **_figures(result, MAP)})
    honest = replace(setting, protocol=HONEST_PROTOCOL)
    for search, how in (("exact", {}), ("hashed", each)):
        result = engine.result(search, honest, fitting_ks(engine, honest))
        told = {"search": search, "protocol": HONEST_PROTOCOL, "mAP is": HONEST_MAP}
        rows.append({**common, **told, **how, **_figures(result, HONEST_MAP)})
    return _frame(rows)


def fitting_ks(engine: Engine, setting: Setting) -> list[int]:
    """Those of the source system's k that the gallery of a setting can answer."""
    ks = [k for k in KS if k <= engine.at(setting).task.size]
    if not ks:
        raise BadInput(f"the gallery of '{engine.bundle.name}' is empty: expected CIFAR-100's test split")
    return ks


def one_list(engine: Engine, setting: Setting, ks: Sequence[int]) -> SearchResult:
    """Hashed search as the source system evaluates it: one list of the largest k, cut at each k of `ks` (ascending)."""
    depth = ks[-1]
    at = engine.at(setting)
    judgements = at.judgements(depth)
    kept = Kept(np.array(ks, np.int64), judgements.relevant)
    for rows in blocks(len(judgements.query_labels), _BLOCK):
        ids = np.ascontiguousarray(at.top_ids("hashed", depth, rows))
        exact = at.rankings.exact(depth, rows)
        accumulate_ranking(ids, exact, judgements[rows], kept, engine.threads, rows.start)
    shortlist = setting.shortlist(depth, at.task.size)
    return SearchResult("hashed", kept.sums, None, np.full(len(ks), shortlist))


def _setting(bundle: Bundle, encoder: str, hash_name: str | None) -> Setting:
    bundle.encoder_info(encoder)
    name = hash_name or (HASH if bits_for(bundle, encoder, HASH) else "random-hyperplane")
    offered = bits_for(bundle, encoder, name)
    nearest = min(offered, key=lambda bits: (bits > BITS, abs(bits - BITS)), default=BITS)
    bits = true_bits(bundle, encoder, name, nearest)
    return Setting(encoder, name, bits, MULTIPLIER, PROTOCOL, HIERARCHY)


def _figures(result: SearchResult, definition: str) -> dict[str, float]:
    judged = {"mAP": definition, "mAHP": MAHP}
    return {f"{name}@{k}": result.mean(metric, k) for name, metric in judged.items() for k in map(int, result.ks)}


def _frame(rows: list[Json]) -> pd.DataFrame:
    numbers = dict.fromkeys((ENCODE_TIME, RETRIEVAL_TIME, *FIGURES), float)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(
        {**dict.fromkeys(COLUMNS, object), **numbers, "bits": "Int64"}
    )
