"""Codes and heads of hashes, fitted on a bundle's training embeddings and kept in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from core.bundle import Bundle, load_bundle
from core.bundle_writer import BundleWriter
from core.codes import fit_hash, fit_split, is_own_layer
from core.errors import BadInput
from core.hashing.registry import fitted_bits, get_hash

SHIPPED_HASHES = ("random-hyperplane", "pca-sign", "itq")


def make_hashes(
    folder: str | Path, encoder: str, names: Sequence[str] = SHIPPED_HASHES, bits: Sequence[int] | None = None
) -> None:
    """Fit hashes on the training embeddings of a bundle and store codes and heads at every length asked for.

    A method whose codes are prefixes of longer ones is stored once, at its greatest length; one that is slow to fit as
    its head alone, from which codes are made when they are asked for. What the bundle has at other lengths stays, and
    so do codes of a layer that the encoder was trained with.
    """
    bundle = load_bundle(folder)
    with BundleWriter(folder) as writer:
        described = dict(bundle.manifest)
        for name in names:
            wanted = _lengths(bundle, encoder, name, bits)
            gone = {(encoder, name, length) for length in wanted}
            if get_hash(name).prefix:
                gone |= {(encoder, name, length) for _, length in bundle.stored_hashes(encoder)}
            kept = [e for e in described["hashes"] if (e["encoder"], e["hash"], e["bits"]) not in gone]
            shown = tqdm(wanted, desc=name, unit="length", disable=None)
            described["hashes"] = [*kept, *(_stored_hash(bundle, encoder, name, length, writer) for length in shown)]
        writer.commit(described)


def _lengths(bundle: Bundle, encoder: str, name: str, bits: Sequence[int] | None) -> list[int]:
    """The lengths to fit; BadInput where the method has none of those asked for."""
    info = get_hash(name)
    own = {
        length
        for stored, length in bundle.stored_hashes(encoder)
        if stored == name and is_own_layer(info, bundle.stored_hash(encoder, name, length))
    }
    possible = fitted_bits(name, bundle.encoder_info(encoder)["dimensions"], bundle.count(fit_split(bundle)))
    offered = [length for length in possible if length not in own]
    wanted = offered if bits is None else [length for length in bits if length in offered]
    if not wanted:
        raise BadInput(f"hash '{name}' has none of the lengths {bits}: expected some of {offered}")
    return [max(wanted)] if info.prefix else wanted


def _stored_hash(bundle: Bundle, encoder: str, name: str, bits: int, writer: BundleWriter) -> dict:
    info, split = get_hash(name), fit_split(bundle)
    method = fit_hash(bundle, encoder, name, bits)
    made = f"python -m core hash: fitted on the {bundle.count(split):,} embeddings of '{split}', seed 0"
    if info.needs_labels:
        made += ", with their labels"
    if info.needs_similarity:
        made += f" and the class tree '{bundle.defaults['hierarchy']}'"
    if info.slow_fit:
        made += "; settings chosen on held-out training images of CIFAR-100"
    coded = () if info.slow_fit else bundle.splits
    return {
        "encoder": encoder,
        "hash": name,
        "bits": bits,
        "made": made,
        "codes": {s: writer.add_array(method.encode(bundle.embeddings(encoder, s))) for s in coded},
        "projections": {},
        "head": {key: writer.add_array(_smallest(value)) for key, value in method.state().items()},
    }


def _smallest(values: np.ndarray) -> np.ndarray:
    """float16 where that holds every value exactly, else the array as it is."""
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    return half if np.array_equal(half.astype(values.dtype), values) else values
