"""Make the scores that a bundle keeps: every method at every length, under every protocol asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from core.bundle.bundle import Bundle, load_bundle
from core.bundle.writer import BundleWriter
from core.codes.codes import bits_for, find_stored
from core.engine.engine import Engine
from core.errors import BadInput
from core.hashing.info import LEARNED_BITS
from core.hashing.registry import get_hash
from core.methods.scores import (
    BEST,
    EXACT,
    SHIPPED_MEASURES,
    Measure,
    compared_methods,
    has_measure,
    method_lengths,
    plain_setting,
    query_scores,
)
from core.methods.stored_scores import codes_digest, find_scores, inputs_digest, pack_scores
from core.runtime.shared_types import Json
from core.search.door import SearchBackend
from core.search.local import LOCAL
from core.settings import BITS_DEFAULT, Setting

Progress = Callable[[Setting, int, int], object]


def make_scores(
    folder: str | Path,
    encoder: str,
    names: Sequence[str] | None = None,
    bits: Sequence[int] | None = None,
    protocols: Sequence[str] | None = None,
    seeds: Sequence[int] = (0,),
    threads: int | None = None,
    progress: Progress | None = None,
    backend: SearchBackend = LOCAL,
) -> tuple[int, int]:
    """Compute and keep what a bundle lacks; returns how many cells were made and how many were there.

    What is there and still of the same codes is left alone, what is of others is taken out. Each cell is kept as soon
    as it is made. Seeds but the first apply to the default length alone. BadInput for a name or a length that the
    bundle does not have.
    """
    engine = Engine(load_bundle(folder), threads, backend=backend)
    cells = list(score_cells(engine, encoder, names, bits, protocols, seeds))
    if not cells:
        raise BadInput(f"bits {', '.join(map(str, bits or ()))}: no length that these methods have with '{encoder}'")
    made = 0
    took: dict[tuple[str, int, int], float] = {}
    for number, setting in enumerate(cells):
        if progress:
            progress(setting, number, len(cells))
        if not _is_there(engine, setting):
            _keep(folder, engine, setting, _seconds(engine, setting, took))
            made += 1
    _drop_stale(folder)
    return made, len(cells) - made


def score_cells(
    engine: Engine,
    encoder: str,
    names: Sequence[str] | None = None,
    bits: Sequence[int] | None = None,
    protocols: Sequence[str] | None = None,
    seeds: Sequence[int] = (0,),
) -> Iterator[Setting]:
    """The settings to score, protocol by protocol; without `names`, `bits`, `protocols` all that are compared."""
    bundle = engine.bundle
    for protocol in protocols or bundle.protocols:
        for name in [name for name in names or compared_methods(engine, encoder) if name != BEST]:
            common = (protocol, bundle.defaults["hierarchy"])
            if name == EXACT:
                yield Setting(encoder, EXACT, BITS_DEFAULT, "1", *common)
                continue
            for length in _lengths(engine, encoder, name, bits):
                for seed in seeds:
                    if seed == seeds[0] or (length == BITS_DEFAULT and _has_draws(bundle, encoder, name, length)):
                        yield Setting(encoder, name, length, "1", *common, seed=seed)


def wanted_measures(name: str, measures: Sequence[Measure] = SHIPPED_MEASURES) -> list[Measure]:
    """The measures that a method is kept by: exact search has each metric once."""
    if name == EXACT:
        return list(dict.fromkeys(measure.base for measure in measures))
    return [measure for measure in measures if has_measure(name, measure)]


def _lengths(engine: Engine, encoder: str, name: str, bits: Sequence[int] | None) -> list[int]:
    offered = bits_for(engine.bundle, encoder, name)
    if not offered:
        raise BadInput(f"hash '{name}' has no codes for encoder '{encoder}': make it with 'python -m core hash'")
    if bits is None:
        return method_lengths(engine, encoder, name, LEARNED_BITS)
    return offered if len(offered) == 1 else [length for length in bits if length in offered]


def _has_draws(bundle: Bundle, encoder: str, name: str, bits: int) -> bool:
    """Whether another seed gives other codes."""
    if get_hash(name).fit is None:
        return get_hash(name).drawn
    stored = find_stored(bundle, encoder, get_hash(name), bits, seed=1)
    return stored is None or bool(stored.get("head"))


def _fitting(space_size: int, measures: Sequence[Measure]) -> list[Measure]:
    """Those whose k the gallery has."""
    return [measure for measure in measures if isinstance(measure.k, str) or measure.k <= space_size]


def _size(engine: Engine, setting: Setting) -> int:
    return engine.at(plain_setting(engine, setting)).task.size


def _is_there(engine: Engine, setting: Setting) -> bool:
    measures = _fitting(_size(engine, setting), wanted_measures(setting.hash))
    if any(find_scores(engine.bundle, setting, measure) is None for measure in measures):
        return False
    entry = next(e for e in engine.bundle.manifest["scores"] if _key(e) == _key_of(setting))
    return entry["codes"] == codes_digest(engine, setting)


def _seconds(engine: Engine, setting: Setting, took: dict[tuple[str, int, int], float]) -> float | None:
    """Time to fit a method of which no head is kept, once a length and seed."""
    if setting.hash == EXACT or get_hash(setting.hash).fit is None:
        return None
    if find_stored(engine.bundle, setting.encoder, get_hash(setting.hash), setting.bits, setting.seed) is not None:
        return None
    key = (setting.hash, setting.bits, setting.seed)
    if key not in took:
        start = perf_counter()
        _ = engine.at(setting).method
        took[key] = perf_counter() - start
    return took[key]


def _keep(folder: str | Path, engine: Engine, setting: Setting, seconds: float | None) -> None:
    measures = _fitting(_size(engine, setting), wanted_measures(setting.hash))
    values = np.stack([query_scores(engine, setting, measure) for measure in measures], axis=1)
    with BundleWriter(folder) as writer:
        entry = {
            **dict(zip(("encoder", "protocol", "hierarchy", "hash", "bits", "seed"), _key_of(setting), strict=True)),
            "inputs": inputs_digest(engine.bundle, setting),
            "codes": codes_digest(engine, setting),
            "measures": [measure.name for measure in measures],
            "values": writer.add_array(pack_scores(values)),
        }
        if seconds is not None:
            entry["fit_seconds"] = round(seconds, 3)
        now = load_bundle(folder).manifest
        others = [e for e in now.get("scores") or () if _key(e) != _key_of(setting)]
        writer.commit({**now, "scores": [*others, entry]})


def _drop_stale(folder: str | Path) -> None:
    """Take out the entries of codes that the bundle no longer has."""
    bundle = load_bundle(folder)
    entries = bundle.manifest.get("scores") or []
    valid = [entry for entry in entries if _is_valid(bundle, entry)]
    if len(valid) < len(entries):
        with BundleWriter(folder) as writer:
            writer.commit({**bundle.manifest, "scores": valid})


def _is_valid(bundle: Bundle, entry: Json) -> bool:
    setting = Setting(
        entry["encoder"], entry["hash"], entry["bits"] or BITS_DEFAULT, "1", entry["protocol"], entry["hierarchy"],
        entry["seed"],
    )  # fmt: skip
    try:
        return entry["inputs"] == inputs_digest(bundle, setting)
    except (BadInput, KeyError):  # of a hash or a split that is there no more
        return False


def _key(entry: Json) -> tuple[Any, ...]:
    return tuple(entry.get(name) for name in ("encoder", "protocol", "hierarchy", "hash", "bits", "seed"))


def _key_of(setting: Setting) -> tuple[Any, ...]:
    bits = None if setting.hash == EXACT else setting.bits
    return setting.encoder, setting.protocol, setting.hierarchy, setting.hash, bits, setting.seed
