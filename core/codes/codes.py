"""The codes of a hash on a bundle: those that ship, those that follow from longer ones, or a fit made now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.bundle.bundle import Bundle
from core.errors import BadInput
from core.hashing import packing
from core.hashing.base import HashMethod
from core.hashing.info import Images
from core.hashing.registry import HASHES, HashInfo, allowed_bits, get_hash
from core.runtime.parallel import run_blocks
from core.runtime.shared_types import Json

_ROWS = 2048  # of embeddings that a thread makes codes of at once


@dataclass(frozen=True)
class Codes:
    """Packed codes uint8 (N, ceil(bits / 8)) of one split; `project` gives their real values, where they have any."""

    bits: int
    packed: np.ndarray
    project: Callable[[], np.ndarray] | None

    @cached_property
    def projections(self) -> np.ndarray | None:
        """The real values float32 (N, bits), made when they are asked for: only asymmetric search compares them."""
        return None if self.project is None else self.project()

    @property
    def values(self) -> np.ndarray:
        """The real values of codes that have some."""
        assert self.projections is not None
        return self.projections

    def first(self, bits: int) -> Codes:
        """The codes of the first `bits` alone."""
        project = None if self.project is None else (lambda: self.values[:, :bits])
        return Codes(bits, packing.truncate(self.packed, self.bits, bits), project)

    @property
    def nbytes(self) -> int:
        """Memory held once the real values are there, bytes."""
        return self.packed.nbytes + (0 if self.project is None else 4 * self.bits * len(self.packed))


def bits_for(bundle: Bundle, encoder: str, name: str) -> list[int]:
    """The code lengths of a hash on an encoder of this bundle, ascending; empty where it cannot be used."""
    info = get_hash(name)
    if info.of_prediction and bundle.predicted(encoder, bundle.splits[0]) is None:
        return []
    if info.class_bits is not None:
        return allowed_bits(name, 0, classes=len(bundle.class_names))
    stored = [bits for stored_name, bits in bundle.stored_hashes(encoder) if stored_name == name]
    rows = bundle.count(fit_split(bundle))
    return allowed_bits(name, bundle.encoder_info(encoder)["dimensions"], stored, rows=rows)


def usable_hashes(bundle: Bundle, encoder: str) -> list[str]:
    """Names of the hashes that this encoder of the bundle has or can be given, controls last."""
    return [name for name in HASHES if bits_for(bundle, encoder, name)]


def true_bits(bundle: Bundle, encoder: str, name: str, bits: int) -> int:
    """The length a hash really has when `bits` are asked for: methods of fixed length ignore it.

    Raises BadInput where the hash cannot be used on this encoder, or not at this length.
    """
    offered = bits_for(bundle, encoder, name)
    if not offered:
        mend = f"make it with 'python -m core hash --hash {name}', or use" if get_hash(name).fit else "expected"
        raise BadInput(
            f"hash '{name}' has no codes for encoder '{encoder}' in this bundle: "
            f"{mend} one of {', '.join(usable_hashes(bundle, encoder))}"
        )
    if len(offered) == 1 or bits in offered:
        return offered[0] if len(offered) == 1 else bits
    others = [other for other in usable_hashes(bundle, encoder) if bits in bits_for(bundle, encoder, other)]
    mend = f", or a hash that has {bits} bits, such as {others[0]}" if others else ""
    raise BadInput(f"bits {bits} is not a length of hash '{name}' here: expected one of {_list(offered)}{mend}")


def fit_split(bundle: Bundle) -> str:
    """The split that hashes are fitted on: the training images, or an imported gallery."""
    return "train" if "train" in bundle.splits else "gallery"


def fit_hash(bundle: Bundle, encoder: str, name: str, bits: int, seed: int = 0) -> HashMethod:
    """Fit a hash on the encoder's embeddings of the fitting split, with the labels and similarities it learns from."""
    info = get_hash(name)
    if info.fit is None:
        raise BadInput(f"hash '{name}' is not fitted on embeddings: its codes come with the bundle")
    split = fit_split(bundle)
    asked: dict[str, np.ndarray] = {"y": bundle.labels(split)} if info.needs_labels else {}
    if info.needs_similarity:
        asked["similarity"] = bundle.hierarchy(bundle.defaults["hierarchy"]).similarity()
    return info.fit(bits, seed).fit(bundle.embeddings(encoder, split), **asked)


def hash_method(bundle: Bundle, encoder: str, name: str, bits: int, seed: int = 0) -> HashMethod:
    """The fitted hash: of the stored head where there is one, else a fit made now."""
    info = get_hash(name)
    stored = find_stored(bundle, encoder, info, bits, seed)
    method = None if stored is None else stored_method(bundle, stored, info, bits)
    return method or fit_hash(bundle, encoder, name, bits, seed)


def split_codes(
    bundle: Bundle,
    encoder: str,
    name: str,
    bits: int,
    split: str,
    seed: int,
    method: HashMethod | None,
    projected: bool = True,
    threads: int | None = 1,
) -> Codes:
    """Codes of one split: as queries, with their real values, if `projected`, else as gallery items without.

    `method` is a fitted hash where one is at hand; stored codes come first, then a stored head.
    """
    info = get_hash(name)
    if info.make_codes is not None:
        predicted = bundle.predicted(encoder, split) if info.of_prediction else None
        if info.of_prediction and predicted is None:
            raise BadInput(
                f"encoder '{encoder}' predicts no classes of '{split}': {name} needs those, take another hash"
            )
        images = Images(split, bundle.count(split), len(bundle.class_names), predicted)
        return Codes(bits, info.make_codes(images, bits, seed), None)
    projected = projected and info.distance == "hamming"  # else no signs of real values are compared
    stored = find_stored(bundle, encoder, info, bits, seed)
    if stored is not None and stored["bits"] > bits:
        return split_codes(bundle, encoder, name, stored["bits"], split, seed, None, projected).first(bits)
    if stored is not None and split in stored["codes"]:
        values = _stored_projections(bundle, stored, info, encoder, split, method) if projected else None
        return Codes(bits, np.asarray(bundle.array(stored["codes"][split])), values)
    method = method or (None if stored is None else stored_method(bundle, stored, info, bits))
    if method is None:
        raise BadInput(f"hash '{name}' at {bits} bits has no stored codes for encoder '{encoder}'")
    embeddings = bundle.embeddings(encoder, split)
    encode = method.encode if not projected else lambda rows: packing.pack(method.project_queries(rows) > 0)
    packed = np.empty((len(embeddings), packing.width(bits)), np.uint8)

    def work(rows: slice) -> None:
        packed[rows] = encode(embeddings[rows])

    try:
        run_blocks(work, len(embeddings), threads, _ROWS)
    except BadInput:
        encode(embeddings)  # says the same of the row's own number
        raise
    return Codes(bits, packed, (lambda: method.project_queries(embeddings)) if projected else None)


def find_stored(bundle: Bundle, encoder: str, info: HashInfo, bits: int, seed: int) -> Json | None:
    """The bundle's entry whose codes or head give this hash at this length: itself, or a longer one with prefixes.

    Another seed asks for another draw, which codes that were imported and an encoder's own layer have not.
    """
    entry = _usable(bundle, encoder, info, bits, 0)
    other_draw = seed != 0 and not info.stored_only and not is_own_layer(info, entry)
    return _usable(bundle, encoder, info, bits, seed) if other_draw else entry


def _usable(bundle: Bundle, encoder: str, info: HashInfo, bits: int, seed: int) -> Json | None:
    lengths = sorted(length for name, length in bundle.stored_hashes(encoder, seed) if name == info.name)
    usable = [length for length in lengths if length == bits or (info.prefix and length > bits)]
    return bundle.stored_hash(encoder, info.name, usable[0], seed) if usable else None


def is_own_layer(info: HashInfo, entry: Json | None) -> bool:
    """Whether a stored entry holds codes that the encoder was trained with, which no head on embeddings gives."""
    return entry is not None and info.own_layer and not entry.get("head")


def stored_method(bundle: Bundle, entry: Json, info: HashInfo, bits: int) -> HashMethod | None:
    """The method of a stored entry's head, at `bits` of its bits; None where there is no head."""
    head = entry.get("head") or {}
    if not head or info.fit is None:
        return None
    method = info.fit.from_state({key: np.asarray(bundle.array(spec)) for key, spec in head.items()})
    if method.bits != entry["bits"]:
        raise BadInput(f"the stored {info.name} of {entry['bits']} bits has a head of {method.bits}: fit it again")
    return method if method.bits == bits else method.cut(bits)


def _stored_projections(
    bundle: Bundle, stored: Json, info: HashInfo, encoder: str, split: str, method: HashMethod | None
) -> Callable[[], np.ndarray] | None:
    if split in stored.get("projections", {}):
        return lambda: np.asarray(bundle.array(stored["projections"][split]), dtype=np.float32)
    method = stored_method(bundle, stored, info, stored["bits"]) or method
    return None if method is None else lambda: method.project_queries(bundle.embeddings(encoder, split))


def _list(values: list[int]) -> str:
    return ", ".join(map(str, values))
