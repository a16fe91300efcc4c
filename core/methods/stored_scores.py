"""Scores of every query that a bundle holds, so that comparing many methods takes no search.

An entry is of one method at one length under one protocol. It names two digests of what it was computed from: `inputs`,
of the files and choices that its codes follow from, which is compared at once whenever it is read; `codes`, of the
codes themselves, which `make_scores` compares. Where either differs the entry counts as missing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.bundle.bundle import Bundle
from core.bundle.vectors import GRAIN_BITS
from core.codes.codes import find_stored, fit_split
from core.engine.engine import Engine
from core.hashing.registry import get_hash
from core.methods.scores import EXACT, Measure
from core.metrics.registry import get_metric
from core.protocols import get_protocol
from core.runtime.shared_types import Json
from core.settings import KEEP, Setting

UNIT = 65535  # values 0 to 1 are kept as whole numbers of this part: wrong by 0.000008 at most
_FORMAT = 1  # of what the digests cover


def find_scores(bundle: Bundle, setting: Setting, measure: Measure) -> np.ndarray | None:
    """Values float64 (Q,) of a measure; None where the bundle has none of this setting, or none still valid."""
    if setting.queries is not None or setting.near_duplicates != KEEP:
        return None
    for entry in _entries(bundle, setting):
        other_tree = entry["hierarchy"] != setting.hierarchy and get_metric(measure.metric).hierarchical
        if measure.name not in entry["measures"] or other_tree:
            continue
        if entry["inputs"] == inputs_digest(bundle, replace(setting, hierarchy=entry["hierarchy"])):
            return bundle.array(entry["values"])[:, entry["measures"].index(measure.name)] / UNIT
    return None


def stored_seeds(bundle: Bundle, setting: Setting) -> list[int]:
    """The seeds that the bundle has scores of, whatever the setting's own, ascending."""
    return sorted({entry["seed"] for entry in _entries(bundle, setting, any_seed=True)})


def fit_seconds(bundle: Bundle, setting: Setting) -> float | None:
    """How long the method took to fit: as its head was made or, where none is kept, its scores; None if not known."""
    if setting.hash in (EXACT,) or get_hash(setting.hash).fit is None:
        return None
    stored = find_stored(bundle, setting.encoder, get_hash(setting.hash), setting.bits, setting.seed)
    if stored is not None:
        return stored.get("fit_seconds")
    return next((entry["fit_seconds"] for entry in _entries(bundle, setting) if "fit_seconds" in entry), None)


def pack_scores(values: np.ndarray) -> np.ndarray:
    """Values (Q, M) from 0 to 1 as uint16 (Q, M)."""
    return np.round(np.clip(values, 0.0, 1.0) * UNIT).astype(np.uint16)


def inputs_digest(bundle: Bundle, setting: Setting) -> str:
    """SHA-256 of the files and choices that a setting's codes and their scores follow from. Reads no array."""
    rule, manifest = get_protocol(setting.protocol), bundle.manifest
    encoder = bundle.encoder_info(setting.encoder)
    used: list[object] = [_FORMAT, setting.protocol, setting.hierarchy, bundle.similarity(setting.encoder)]
    used.append(manifest["hierarchies"][setting.hierarchy]["sha256"])
    splits = list(dict.fromkeys([rule.query_split, rule.gallery_split]))
    used += [_sums(manifest["splits"][split]["labels"]) for split in splits]
    used += [_sums(encoder["embeddings"][split]) for split in splits]
    if setting.hash == EXACT or get_hash(setting.hash).distance != "hamming":  # such scores follow from embeddings
        used.append(GRAIN_BITS)
    if setting.hash != EXACT:
        used += [setting.hash, setting.bits, setting.seed, *_code_inputs(bundle, setting, splits)]
    return hashlib.sha256(json.dumps(used).encode()).hexdigest()


def codes_digest(engine: Engine, setting: Setting) -> str:
    """SHA-256 of the codes of queries and gallery, and of what a distance other than Hamming compares them by."""
    digest = hashlib.sha256()
    if setting.hash == EXACT:
        return digest.hexdigest()
    at = engine.at(setting)
    codes, info = at.codes, get_hash(setting.hash)
    parts = [codes.queries.packed, codes.gallery.packed]
    if info.distance != "hamming":
        parts += at.method.state().values()
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _code_inputs(bundle: Bundle, setting: Setting, splits: list[str]) -> Iterator[object]:
    """What the codes of a setting follow from, beside its embeddings."""
    info, encoder = get_hash(setting.hash), bundle.encoder_info(setting.encoder)
    if info.of_prediction:
        yield [_sums(encoder["predicted"][split]) for split in splits]
    stored = find_stored(bundle, setting.encoder, info, setting.bits, setting.seed)
    if stored is not None:
        kept = ({**stored.get(part, {})} for part in ("codes", "projections", "head"))
        yield [stored["bits"], [{key: _sums(spec) for key, spec in sorted(part.items())} for part in kept]]
    elif info.fit is not None:
        yield _sums(encoder["embeddings"][fit_split(bundle)])
        if info.needs_labels:
            yield _sums(bundle.manifest["splits"][fit_split(bundle)]["labels"])
        if info.needs_similarity:
            yield bundle.manifest["hierarchies"][bundle.defaults["hierarchy"]]["sha256"]


def _entries(bundle: Bundle, setting: Setting, any_seed: bool = False) -> list[Json]:
    """Entries of this encoder, protocol, hash, length and seed."""
    entries = bundle.stored_scores(setting.encoder, setting.protocol, setting.hash)
    if setting.hash == EXACT:
        return entries
    return [
        entry
        for entry in entries
        if entry.get("bits") == setting.bits and (any_seed or entry.get("seed") == setting.seed)
    ]


def _sums(spec: Json) -> list[str]:
    return [part["sha256"] for part in spec["parts"]]
