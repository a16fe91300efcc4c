"""The codes of a hash on a bundle: those that ship, those that follow from longer ones, or a fit made now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.bundle import Bundle
from core.errors import BadInput
from core.hashing import packing
from core.hashing.base import HashMethod
from core.hashing.predicted_class import class_codes
from core.hashing.random_codes import random_codes
from core.hashing.registry import HASHES, HashInfo, allowed_bits, get_hash


@dataclass(frozen=True)
class Codes:
    """Packed codes uint8 (N, ceil(bits / 8)) of one split; `projections` float32 (N, bits) or None."""

    bits: int
    packed: np.ndarray
    projections: np.ndarray | None

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""
        return self.packed.nbytes + (0 if self.projections is None else self.projections.nbytes)


@dataclass(frozen=True)
class CodePair:
    """Codes of the queries and of the gallery, with what Hamming search needs of them."""

    queries: Codes
    gallery: Codes
    query_words: np.ndarray  # uint64 (W, Q)
    gallery_words: np.ndarray  # uint64 (W, N)
    distance_cap: int | None

    @property
    def bits(self) -> int:
        """The true length of the codes."""
        return self.gallery.bits

    @property
    def nbytes(self) -> int:
        """Memory held beside the gallery's own codes, bytes."""
        return self.queries.nbytes + self.query_words.nbytes + self.gallery_words.nbytes


def bits_for(bundle: Bundle, encoder: str, name: str) -> list[int]:
    """The code lengths of a hash on an encoder of this bundle, ascending; empty where it cannot be used."""
    if name == "predicted-class":
        has = bundle.predicted(encoder, bundle.splits[0]) is not None
        return allowed_bits(name, 0, classes=len(bundle.class_names)) if has else []
    stored = [bits for stored_name, bits in bundle.stored_hashes(encoder) if stored_name == name]
    return allowed_bits(name, bundle.encoder_info(encoder)["dimensions"], stored)


def usable_hashes(bundle: Bundle, encoder: str) -> list[str]:
    """Names of the hashes that this encoder of the bundle has or can be given, controls last."""
    return [name for name in HASHES if bits_for(bundle, encoder, name)]


def true_bits(bundle: Bundle, encoder: str, name: str, bits: int) -> int:
    """The length a hash really has when `bits` are asked for: methods of fixed length ignore it.

    Raises BadInput where the hash cannot be used on this encoder, or not at this length.
    """
    offered = bits_for(bundle, encoder, name)
    if not offered:
        raise BadInput(
            f"hash '{name}' has no codes for encoder '{encoder}' in this bundle: "
            f"expected one of {', '.join(usable_hashes(bundle, encoder))}"
        )
    if len(offered) == 1 or bits in offered:
        return offered[0] if len(offered) == 1 else bits
    raise BadInput(f"bits {bits} is not a length of hash '{name}' here: expected one of {_list(offered)}")


def fit_split(bundle: Bundle) -> str:
    """The split that hashes are fitted on: the training images, or an imported gallery."""
    return "train" if "train" in bundle.splits else "gallery"


def fit_hash(bundle: Bundle, encoder: str, name: str, bits: int, seed: int = 0) -> HashMethod:
    """Fit a hash on the encoder's embeddings of the fitting split (labels where it learns from them)."""
    info = get_hash(name)
    if info.fit is None:
        raise BadInput(f"hash '{name}' is not fitted on embeddings: its codes come with the bundle")
    split = fit_split(bundle)
    labels = bundle.labels(split) if info.needs_labels else None
    return info.fit(bits, seed).fit(bundle.embeddings(encoder, split), labels)


def split_codes(
    bundle: Bundle,
    encoder: str,
    name: str,
    bits: int,
    split: str,
    seed: int,
    method: HashMethod | None,
    projected: bool = True,
) -> Codes:
    """Codes of one split, with their real values if `projected` (queries need them, a gallery does not).

    `method` is a fitted hash where one is at hand; stored codes come first.
    """
    info = get_hash(name)
    if name == "predicted-class":
        predicted = bundle.predicted(encoder, split)
        return Codes(bits, class_codes(predicted, len(bundle.class_names)), None)
    if name == "random-codes":
        return Codes(bits, random_codes(bundle.count(split), bits, seed, split), None)
    stored = find_stored(bundle, encoder, info, bits, seed)
    if stored is not None:
        packed = bundle.array(stored["codes"][split])
        if stored["bits"] != bits:
            packed = packing.truncate(packed, stored["bits"], bits)
        values = _stored_projections(bundle, stored, encoder, split, bits, method) if projected else None
        return Codes(bits, np.asarray(packed), values)
    if method is None:
        raise BadInput(f"hash '{name}' at {bits} bits has no stored codes for encoder '{encoder}'")
    embeddings = bundle.embeddings(encoder, split)
    return Codes(bits, method.encode(embeddings), method.project(embeddings) if projected else None)


def find_stored(bundle: Bundle, encoder: str, info: HashInfo, bits: int, seed: int) -> dict | None:
    """The bundle's entry whose codes give this hash at this length: itself, or a longer one with prefixes.

    What ships was made with seed 0; another seed asks for another draw.
    """
    if seed != 0 and not info.stored_only:
        return None
    lengths = sorted(length for name, length in bundle.stored_hashes(encoder) if name == info.name)
    usable = [length for length in lengths if length == bits or (info.prefix and length > bits)]
    return bundle.stored_hash(encoder, info.name, usable[0]) if usable else None


def _stored_projections(
    bundle: Bundle, stored: dict, encoder: str, split: str, bits: int, method: HashMethod | None
) -> np.ndarray | None:
    if split in stored.get("projections", {}):
        return np.asarray(bundle.array(stored["projections"][split]), dtype=np.float32)[:, :bits]
    head = stored.get("head") or {}
    if head:
        projection = np.asarray(bundle.array(head["projection"]))[:, :bits]
        return (bundle.embeddings(encoder, split) - np.asarray(bundle.array(head["mean"]))) @ projection
    return method.project(bundle.embeddings(encoder, split)) if method is not None else None


def _list(values: list[int]) -> str:
    return ", ".join(map(str, values))
