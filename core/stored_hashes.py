"""Codes and heads of hashes, fitted on a bundle's training embeddings and kept in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.bundle import Bundle, load_bundle
from core.bundle_writer import BundleWriter
from core.codes import bits_for, fit_hash, fit_split
from core.errors import BadInput
from core.hashing.base import LinearHash
from core.hashing.registry import get_hash

SHIPPED_HASHES = ("random-hyperplane", "pca-sign", "itq")


def make_hashes(
    folder: str | Path, encoder: str, names: Sequence[str] = SHIPPED_HASHES, bits: Sequence[int] | None = None
) -> None:
    """Fit hashes on the training embeddings of a bundle and store codes and heads at every length asked for.

    A method whose codes are prefixes of longer ones is stored once, at its greatest length.
    """
    bundle = load_bundle(folder)
    with BundleWriter(folder) as writer:
        described = dict(bundle.manifest)
        replaced = {(encoder, name) for name in names}
        kept = [entry for entry in described["hashes"] if (entry["encoder"], entry["hash"]) not in replaced]
        for name in names:
            offered = bits_for(bundle, encoder, name)
            wanted = offered if bits is None else [length for length in bits if length in offered]
            if get_hash(name).prefix:
                wanted = [max(wanted)] if wanted else []
            if not wanted:
                raise BadInput(f"hash '{name}' has none of the lengths {bits}: expected some of {offered}")
            kept += [_stored_hash(bundle, encoder, name, length, writer) for length in wanted]
        described["hashes"] = kept
        writer.commit(described)


def _stored_hash(bundle: Bundle, encoder: str, name: str, bits: int, writer: BundleWriter) -> dict:
    fitted_on = fit_split(bundle)
    method = fit_hash(bundle, encoder, name, bits)
    head = method.state() if isinstance(method, LinearHash) else {}
    return {
        "encoder": encoder,
        "hash": name,
        "bits": bits,
        "made": f"python -m core hash: fitted on the {bundle.count(fitted_on):,} embeddings of '{fitted_on}', seed 0",
        "codes": {s: writer.add_array(method.encode(bundle.embeddings(encoder, s))) for s in bundle.splits},
        "projections": {},
        "head": {key: writer.add_array(value) for key, value in head.items()},
    }
