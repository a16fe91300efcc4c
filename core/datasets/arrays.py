"""A person's own arrays into a bundle: everything is checked before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.bundle.manifest import FORMAT_VERSION
from core.bundle.vectors import COSINE, INNER_PRODUCT, check_rows, comparable_rows
from core.bundle.writer import BundleWriter, check_target
from core.datasets.array_checks import sorted_gallery
from core.datasets.array_columns import Columns
from core.datasets.array_file import BLOCK_BYTES
from core.datasets.array_files import NamedFile, Source
from core.datasets.array_intake import TREE, ImportOptions, Intake, take_in
from core.datasets.array_sources import SPLITS
from core.datasets.scratch import Scratch
from core.errors import BadInput, Message
from core.hashing.packing import check_codes
from core.runtime.shared_types import Json
from core.settings import BITS_DEFAULT

NAME = "imported"
_SAMPLE_ROWS = 2000


@dataclass(frozen=True)
class _Part:
    """The checked arrays of one split: embeddings (N, d), labels int64 (N,), codes uint8 (N, B), original rows."""

    embeddings: np.ndarray
    labels: np.ndarray
    codes: np.ndarray | None
    rows: np.ndarray | None = None


def import_arrays(
    out: str | Path,
    gallery_embeddings: Source,
    gallery_labels: Source | None = None,
    query_embeddings: Source | None = None,
    query_labels: Source | None = None,
    gallery_codes: Source | None = None,
    query_codes: Source | None = None,
    bits: int | None = None,
    class_names: str | Path | NamedFile | Sequence[str] | None = None,
    hierarchy_file: str | Path | NamedFile | None = None,
    shuffle: int | None = None,
    similarity: str = COSINE,
    columns: Columns | None = None,
) -> tuple[Message, ...]:
    """Write the bundle `out` from arrays or .npy/.npz/.parquet files; returns warnings to show, usually none.

    Embeddings float16/32/64 (N, d), labels integer (N,) from 0 or class names, also of a .csv, codes packed uint8
    (N, ceil(bits / 8)). Labels and codes may lie in the file of the embeddings; `columns` names what has no usual name.
    `class_names`: a list, or a file of one name a line. `shuffle`: the seed of a permutation of the gallery.
    `similarity`: `cosine`, or `inner-product` for embeddings whose length is to count.
    Without query arrays the gallery queries itself, each image left out of its own gallery. Files are read a block at
    a time. Raises BadInput for whatever does not fit; `out` is then as it was.
    """
    check_target(out)
    options = ImportOptions(columns or Columns(), class_names, hierarchy_file, similarity, bits, shuffle)
    sources = {
        "gallery_embeddings": gallery_embeddings, "gallery_labels": gallery_labels, "gallery_codes": gallery_codes,
        "query_embeddings": query_embeddings, "query_labels": query_labels, "query_codes": query_codes,
    }  # fmt: skip
    with Scratch() as scratch:
        taken = take_in(sources, options, scratch)
        if taken.problems:
            raise BadInput(taken.problems[0])
        parts = {split: _load(taken, side, options, scratch) for side, split in _sides(taken).items()}
        warning = None if shuffle is not None else sorted_gallery(parts["gallery"].labels)
        if shuffle is not None:
            parts["gallery"] = _shuffled(parts["gallery"], shuffle, scratch)
        with BundleWriter(out) as writer:
            writer.commit(_manifest(writer, parts, taken, options))
    return () if warning is None else (warning,)


def _sides(taken: Intake) -> dict[str, str]:
    """The split of each side that was given."""
    return {side: split for side, split in SPLITS.items() if f"{side}_embeddings" in taken.files}


def _load(taken: Intake, side: str, options: ImportOptions, scratch: Scratch) -> _Part:
    """The rows of a side, every one of them checked."""
    rows, vectors = taken.rows.get(side), taken.files[f"{side}_embeddings"].array
    assert vectors is not None  # opened without a problem
    embeddings = vectors.load(scratch, rows, np.dtype(np.float32) if vectors.dtype.itemsize == 8 else None)
    check_rows(embeddings, f"{side} embeddings", options.similarity)
    codes = None
    if f"{side}_codes" in taken.files:
        packed = taken.files[f"{side}_codes"].array
        assert packed is not None and options.bits is not None  # without bits codes are refused
        codes = packed.load(scratch, rows)
        check_codes(codes, options.bits, f"{side} codes")
    return _Part(embeddings, taken.classes[SPLITS[side]], codes, None if rows is None else np.flatnonzero(rows))


def _shuffled(part: _Part, seed: int, scratch: Scratch) -> _Part:
    order = np.random.default_rng(seed).permutation(len(part.embeddings))
    step = max(1, BLOCK_BYTES // (part.embeddings.itemsize * part.embeddings.shape[1]))

    def blocks() -> Iterator[np.ndarray]:
        for first in range(0, len(order), step):
            yield part.embeddings[order[first : first + step]]

    embeddings = scratch.write(part.embeddings.shape, part.embeddings.dtype, blocks())
    codes = None if part.codes is None else part.codes[order]
    rows = order if part.rows is None else part.rows[order]
    return replace(part, embeddings=embeddings, labels=part.labels[order], codes=codes, rows=rows)


def _default_hash(gallery: np.ndarray, similarity: str) -> tuple[str, int]:
    """ITQ at 48 bits, or at what the dimensions allow; random hyperplanes where the data is too flat for it."""
    from core.hashing.pca_sign import principal_components
    from core.hashing.registry import allowed_bits

    lengths = [bits for bits in allowed_bits("itq", gallery.shape[1]) if bits <= BITS_DEFAULT]
    if lengths:
        rows = np.sort(np.random.default_rng(0).permutation(len(gallery))[:_SAMPLE_ROWS])
        sample = comparable_rows([gallery[rows]], (len(rows), gallery.shape[1]), "gallery embeddings", similarity)
        try:
            principal_components(sample, lengths[-1], "itq")
        except BadInput:  # fewer directions than bits
            return "random-hyperplane", BITS_DEFAULT
        return "itq", lengths[-1]
    return "random-hyperplane", BITS_DEFAULT


def _manifest(writer: BundleWriter, parts: dict[str, _Part], taken: Intake, options: ImportOptions) -> Json:
    """Write the arrays; returns the manifest that names them."""
    splits, embeddings, codes = {}, {}, {}
    for split, part in parts.items():
        splits[split] = {"count": len(part.embeddings), "labels": writer.add_array(part.labels)}
        if part.rows is not None:
            splits[split]["rows"] = writer.add_array(part.rows)
        embeddings[split] = writer.add_array(part.embeddings)
        if part.codes is not None:
            codes[split] = writer.add_array(part.codes)
    made = "imported from arrays"
    gallery = parts["gallery"].embeddings
    hash_name, length = (NAME, options.bits) if codes else _default_hash(gallery, options.similarity)
    protocol = "queries-vs-gallery" if "queries" in parts else "leave-one-out"
    encoder = {"dimensions": gallery.shape[1], "made": made, "accuracy": None, "embeddings": embeddings}
    encoder |= {"similarity": INNER_PRODUCT} if options.similarity == INNER_PRODUCT else {}
    stored = {
        "encoder": NAME,
        "hash": NAME,
        "bits": options.bits,
        "made": made,
        "codes": codes,
        "projections": {},
        "head": {},
    }
    return {
        "format": FORMAT_VERSION,
        "dataset": "imported arrays",
        "classes": taken.names,
        "superclasses": None,
        "superclass_of": None,
        "splits": splits,
        "hierarchies": {TREE: writer.add_file(f"{TREE}.txt", taken.tree)},
        "encoders": {NAME: {**encoder, "predicted": {}, "weights": None}},
        "hashes": [stored] if codes else [],
        "protocols": [protocol],
        "defaults": {"encoder": NAME, "hash": hash_name, "bits": length, "protocol": protocol, "hierarchy": TREE},
        "made": {"by": made, "shuffle": options.shuffle},
    }
