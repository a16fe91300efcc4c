"""What an engine outside this process needs of a bundle: the vectors and the codes of each protocol's gallery."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.bundle.bundle import Bundle
from core.codes.codes import bits_for, usable_hashes
from core.codes.distances import distance_of, distance_title
from core.engine.default_setting import choose_setting
from core.engine.engine import Engine
from core.engine.near_duplicates import why_not
from core.engine.setting_codes import code_label
from core.errors import BadInput, unknown_name
from core.hashing.packing import to_words
from core.protocols import get_protocol
from core.search.door import PackedCodes, Vectors
from core.search.engines.collections import code_bytes, collection_of_codes, collection_of_vectors
from core.search.engines.engine import Collection
from core.settings import ALL, KEEP, LEAVE_OUT, Setting

Note = Callable[[str], object]


@dataclass(frozen=True)
class Part:
    """One collection: `label` says what it is of, `rows` are float32 (N, d), or packed uint8 (N, width / 8)."""

    label: str
    collection: Collection
    rows: np.ndarray


@dataclass(frozen=True)
class Asked:
    """What is to be loaded: a setting for each gallery, and the hashes and true lengths of its codes."""

    galleries: tuple[Setting, ...]
    codes: tuple[tuple[str, int], ...]


def choose_parts(
    bundle: Bundle,
    note: Note,
    encoder: str | None = None,
    hashes: Sequence[str] | None = None,
    bits: Sequence[int] | None = None,
    protocols: Sequence[str] | None = None,
    seed: int = 0,
    near_duplicates: str = KEEP,
) -> Asked:
    """Galleries and codes by name; None: the bundle's default encoder, hash and length, and all of its protocols.

    `note` is called with a line for what is left out: hashes that are not compared by Hamming distance, lengths that a
    hash does not have, protocols under which near-duplicates cannot be left out. BadInput for an unknown name, and
    where nothing that was named remains.
    """
    base = choose_setting(bundle, encoder, seed=seed, near_duplicates=near_duplicates)
    names = [base.hash] if hashes is None else usable_hashes(bundle, base.encoder) if ALL in hashes else hashes
    codes = [(name, length) for name in names for length in _lengths(bundle, base.encoder, name, bits, note)]
    if bits is not None and not codes and any(distance_of(name).by_hamming for name in names):
        raise BadInput(f"bits {_list(bits)}: no length that {_list(names)} can make with encoder '{base.encoder}'")
    galleries = [replace(base, protocol=name) for name in _protocols(bundle, protocols, near_duplicates, note)]
    return Asked(tuple(galleries), tuple(dict.fromkeys(codes)))


def gallery_parts(engine: Engine, setting: Setting, codes: Sequence[tuple[str, int]]) -> Iterator[Part]:
    """The vectors of a setting's gallery, then its codes by each hash and length. They are made one at a time."""
    task = engine.at(setting).task
    yield Part(task.label, collection_of_vectors(Vectors(task.gallery, label=task.label)), task.gallery)
    for name, bits in codes:
        of_codes = replace(setting, hash=name, bits=bits)
        label = code_label(task, of_codes, bits)
        words = to_words(engine.at(of_codes).codes.gallery.packed)
        collection = collection_of_codes(PackedCodes(bits, words, None, label))
        yield Part(label, collection, code_bytes(words, collection))


def all_parts(engine: Engine, asked: Asked) -> Iterator[Part]:
    """The parts of all galleries; protocols that search the same gallery share its collections."""
    seen = set()
    for setting in asked.galleries:
        for part in gallery_parts(engine, setting, asked.codes):
            if part.collection.name not in seen:
                seen.add(part.collection.name)
                yield part


def _lengths(bundle: Bundle, encoder: str, name: str, bits: Sequence[int] | None, note: Note) -> Iterator[int]:
    if not distance_of(name).by_hamming:
        title = distance_title(name)[1]
        note(f"hash '{name}' is compared by {title}, which is computed in this process: its codes are not loaded")
        return
    offered = bits_for(bundle, encoder, name)
    if bits is None or len(offered) <= 1:
        yield choose_setting(bundle, encoder, name).bits  # raises where the hash has no length at all
        return
    for length in bits:
        if length in offered:
            yield length
        else:
            note(f"hash '{name}' cannot have {length} bits here: left out; it has {_list(offered)}")


def _protocols(bundle: Bundle, names: Sequence[str] | None, near_duplicates: str, note: Note) -> list[str]:
    wanted, unable = list(bundle.protocols if names is None else names), {}
    for name in wanted:
        if name not in bundle.protocols:
            raise unknown_name("protocol", name, bundle.protocols)
        reason = why_not(bundle, get_protocol(name)) if near_duplicates == LEAVE_OUT else None
        if reason is not None:
            unable[name] = reason
    if unable and (names is not None or len(unable) == len(wanted)):
        raise BadInput(next(iter(unable.values())))
    for name in unable:
        note(f"near-duplicates cannot be left out under protocol '{name}': its gallery is not loaded")
    return [name for name in wanted if name not in unable]


def _list(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))
