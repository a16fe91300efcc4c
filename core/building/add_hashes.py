"""Codes and heads of hashes, fitted on a bundle's training embeddings and kept in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from core.building.fit_hashes import Fitted, fit_hashes
from core.bundle.bundle import Bundle, load_bundle
from core.bundle.manifest import hash_key
from core.bundle.writer import BundleWriter
from core.codes.codes import fit_split, is_own_layer
from core.errors import BadInput
from core.hashing.registry import fitted_bits, get_hash
from core.runtime.shared_types import Json

SHIPPED_HASHES = ("random-hyperplane", "pca-sign", "itq")
AT_ONCE = 100_000  # images that a head codes while nobody notices


def make_hashes(
    folder: str | Path,
    encoder: str,
    names: Sequence[str] = SHIPPED_HASHES,
    bits: Sequence[int] | None = None,
    seed: int = 0,
    jobs: int = 1,
) -> None:
    """Fit hashes on the training embeddings of a bundle and store codes and heads at every length asked for.

    A method whose codes are prefixes of longer ones is stored once, at its greatest length. One that is slow to fit, or
    that codes all images at once, is kept as its head alone, from which codes are made when they are asked for. What
    the bundle has at other lengths stays, and so do codes of a layer that the encoder was trained with, and what there
    is of other seeds. Of a seed other than 0 the head alone is kept: it is there to tell how much of a figure is
    chance. `jobs` are fitted at a time.
    """
    bundle = load_bundle(folder)
    wanted = [(name, length) for name in names for length in _lengths(bundle, encoder, name, bits)]
    gone = {(encoder, name, length, seed) for name, length in wanted}
    for name in filter(lambda name: get_hash(name).prefix, names):
        gone |= {(encoder, name, length, seed) for _, length in bundle.stored_hashes(encoder, seed)}
    with BundleWriter(folder) as writer:
        made = []
        with tqdm(total=len(wanted), unit="code", disable=None) as bar:
            for (name, length), fitted in zip(wanted, fit_hashes(folder, encoder, wanted, seed, jobs), strict=True):
                made.append(_stored_hash(bundle, encoder, name, length, seed, fitted, writer))
                bar.set_description(f"{name} {length}", refresh=False)
                bar.update()
        now = load_bundle(folder).manifest  # once more: fitting takes minutes, in which others may have written
        kept = [entry for entry in now["hashes"] if hash_key(entry) not in gone]
        writer.commit({**now, "hashes": [*kept, *made]})


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
        asked = "can be made at no length" if bits is None else f"has none of the lengths {_listed(bits)}"
        lengths = f"expected some of {_listed(offered)}" if offered else "there is none for so few rows or dimensions"
        raise BadInput(f"hash '{name}' {asked} here: {lengths}; random-hyperplane has every length")
    return [max(wanted)] if info.prefix else wanted


def _listed(lengths: Sequence[int]) -> str:
    return ", ".join(map(str, lengths))


def _stored_hash(
    bundle: Bundle, encoder: str, name: str, bits: int, seed: int, fitted: Fitted, writer: BundleWriter
) -> Json:
    info, split, method = get_hash(name), fit_split(bundle), fitted.method
    made = f"python -m core hash: fitted on the {bundle.count(split):,} embeddings of '{split}', seed {seed}"
    if info.needs_labels:
        made += ", with their labels"
    if info.needs_similarity:
        made += f" and the class tree '{bundle.defaults['hierarchy']}'"
    if info.slow_fit:
        made += "; settings chosen on held-out training images of CIFAR-100"
    head = method.state()
    at_once = info.slow_fit or (info.distance == "hamming" and sum(map(bundle.count, bundle.splits)) <= AT_ONCE)
    coded = () if head and (seed or at_once) else bundle.splits
    return {
        "encoder": encoder,
        "hash": name,
        "bits": bits,
        **({"seed": seed} if seed else {}),
        "made": made,
        "fit_seconds": round(fitted.seconds, 3),
        "codes": {s: writer.add_array(method.encode(bundle.embeddings(encoder, s))) for s in coded},
        "projections": {},
        "head": {key: writer.add_array(_smallest(value)) for key, value in head.items()},
    }


def _smallest(values: np.ndarray) -> np.ndarray:
    """float16 where that holds every value exactly, else the array as it is."""
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    return half if np.array_equal(half.astype(values.dtype), values) else values
