"""A person's own arrays into a bundle: everything is checked before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.bundle_writer import BundleWriter, check_target
from core.datasets.array_checks import (
    bad_options,
    check_alone,
    check_dimensions,
    check_embeddings,
    check_similarity,
    missing_files,
    sorted_gallery,
    unequal_counts,
    with_splits,
)
from core.datasets.array_classes import name_classes, tree_text
from core.datasets.array_columns import Columns
from core.datasets.array_files import BLOCK_BYTES, ArrayFile, Source, open_array
from core.datasets.array_labels import Labels, read_labels
from core.datasets.array_sources import complete_sources, select_rows
from core.datasets.scratch import Scratch
from core.errors import BadInput
from core.hashing.packing import check_codes
from core.manifest import FORMAT_VERSION
from core.settings import BITS_DEFAULT
from core.vectors import check_rows, plain_rows, unit_rows

NAME = "imported"
_SAMPLE_ROWS = 2000


@dataclass(frozen=True)
class _Part:
    """The checked arrays of one split: embeddings (N, d), labels (N,), codes uint8 (N, B), original rows."""

    embeddings: np.ndarray
    labels: Labels
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
    class_names: str | Path | Sequence[str] | None = None,
    hierarchy_file: str | Path | None = None,
    shuffle: int | None = None,
    similarity: str = "cosine",
    columns: Columns | None = None,
) -> tuple[str, ...]:
    """Write the bundle `out` from arrays or .npy/.npz/.parquet files; returns warnings to show, usually none.

    Embeddings float16/32/64 (N, d), labels integer (N,) from 0 or class names, also of a .csv, codes packed uint8
    (N, ceil(bits / 8)). Labels and codes may lie in the file of the embeddings; `columns` names what has no usual name.
    `class_names`: a list, or a file of one name a line. `shuffle`: the seed of a permutation of the gallery.
    `similarity`: `cosine`, or `inner-product` for embeddings whose length is to count.
    Without query arrays the gallery queries itself, each image left out of its own gallery. Files are read a block at
    a time. Raises BadInput for whatever does not fit; `out` is then as it was.
    """
    check_target(out)
    check_similarity(similarity)
    columns, plain = columns or Columns(), similarity == "inner-product"
    sources = complete_sources(
        {
            "gallery_embeddings": gallery_embeddings, "gallery_labels": gallery_labels, "gallery_codes": gallery_codes,
            "query_embeddings": query_embeddings, "query_labels": query_labels, "query_codes": query_codes,
        }, columns, bits is not None,
    )  # fmt: skip
    for line in (*missing_files(sources), *bad_options(sources, bits, shuffle)):
        raise BadInput(line)
    with Scratch() as scratch:
        rows = select_rows(sources, columns, scratch)
        opened = _open_sides(sources, columns, bits, scratch)
        _check_sizes(opened, rows)
        parts = {split: _load(side, rows.get(side.name), plain, scratch) for split, side in opened.items()}
        names, classes = name_classes(class_names, {split: part.labels for split, part in parts.items()})
        parts = {split: replace(part, labels=Labels(classes[split])) for split, part in parts.items()}
        tree = tree_text(hierarchy_file, names, NAME)
        warning = None if shuffle is not None else sorted_gallery(classes["gallery"])
        if shuffle is not None:
            parts["gallery"] = _shuffled(parts["gallery"], shuffle, scratch)
        with BundleWriter(out) as writer:
            writer.commit(_manifest(writer, parts, names, tree, bits, shuffle, plain))
    return () if warning is None else (warning,)


@dataclass(frozen=True)
class _Side:
    """The files of the gallery or the queries, opened: embeddings not yet read, labels and codes in memory."""

    name: str
    vectors: ArrayFile
    labels: Labels
    codes: np.ndarray | None


def _open_sides(
    sources: Mapping[str, Source], columns: Columns, bits: int | None, scratch: Scratch
) -> dict[str, _Side]:
    """The files of each split that there will be."""
    return {
        split: _open_side(side, sources, columns, bits, scratch)
        for split, side in (("gallery", "gallery"), ("queries", "query"))
        if f"{side}_embeddings" in sources
    }


def _open_side(name: str, sources: Mapping[str, Source], columns: Columns, bits: int | None, scratch: Scratch) -> _Side:
    """Open the files of the gallery or of the query."""
    vectors = open_array(sources[f"{name}_embeddings"], "embeddings", f"{name} embeddings", scratch, columns.embeddings)
    check_embeddings(vectors.shape, vectors.dtype, f"{name} embeddings")
    labels = read_labels(sources[f"{name}_labels"], f"{name} labels", scratch, columns.labels)
    codes = None
    if f"{name}_codes" in sources:
        codes = open_array(sources[f"{name}_codes"], "codes", f"{name} codes", scratch, columns.codes).load(scratch)
        check_codes(codes, bits, f"{name} codes")
    return _Side(name, vectors, labels, codes)


def _check_sizes(sides: Mapping[str, _Side], rows: Mapping[str, np.ndarray]) -> None:
    """BadInput for arrays of one side, or of both, that do not go together."""
    counts = {}
    for side in sides.values():
        counts |= {f"{side.name}_embeddings": side.vectors.shape[0], f"{side.name}_labels": len(side.labels.numbers)}
        counts |= {} if side.codes is None else {f"{side.name}_codes": len(side.codes)}
    for line in unequal_counts(with_splits(counts, rows)):
        raise BadInput(line)
    if "queries" in sides:
        check_dimensions(sides["gallery"].vectors.shape, sides["queries"].vectors.shape)
    check_alone(counts["gallery_embeddings"], "queries" in sides)


def _load(side: _Side, rows: np.ndarray | None, plain: bool, scratch: Scratch) -> _Part:
    """The rows of a side (of a mask, or all), checked."""
    dtype = np.float32 if side.vectors.dtype.itemsize == 8 else None
    embeddings = side.vectors.load(scratch, rows, dtype)
    check_rows(embeddings, f"{side.name} embeddings", plain)
    if rows is None:
        return _Part(embeddings, side.labels, side.codes)
    codes = None if side.codes is None else side.codes[rows]
    return _Part(embeddings, side.labels[rows], codes, np.flatnonzero(rows))


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


def _default_hash(gallery: np.ndarray, plain: bool) -> tuple[str, int]:
    """ITQ at 48 bits, or at what the dimensions allow; random hyperplanes where the data is too flat for it."""
    from core.hashing.pca_sign import principal_components
    from core.hashing.registry import allowed_bits

    lengths = [bits for bits in allowed_bits("itq", gallery.shape[1]) if bits <= BITS_DEFAULT]
    if lengths:
        rows = np.sort(np.random.default_rng(0).permutation(len(gallery))[:_SAMPLE_ROWS])
        prepare = plain_rows if plain else unit_rows
        sample = prepare([gallery[rows]], (len(rows), gallery.shape[1]), "gallery embeddings")
        try:
            principal_components(sample, lengths[-1], "itq")
        except BadInput:  # fewer directions than bits
            return "random-hyperplane", BITS_DEFAULT
        return "itq", lengths[-1]
    return "random-hyperplane", BITS_DEFAULT


def _manifest(
    writer: BundleWriter,
    parts: dict[str, _Part],
    names: list[str],
    tree: bytes,
    bits: int | None,
    shuffle: int | None,
    plain: bool,
) -> dict:
    """Write the arrays; returns the manifest that names them."""
    splits, embeddings, codes = {}, {}, {}
    for split, part in parts.items():
        splits[split] = {"count": len(part.embeddings), "labels": writer.add_array(part.labels.numbers)}
        if part.rows is not None:
            splits[split]["rows"] = writer.add_array(part.rows)
        embeddings[split] = writer.add_array(part.embeddings)
        if part.codes is not None:
            codes[split] = writer.add_array(part.codes)
    made = "imported from arrays"
    gallery = parts["gallery"].embeddings
    hash_name, length = (NAME, bits) if codes else _default_hash(gallery, plain)
    protocol = "queries-vs-gallery" if "queries" in parts else "leave-one-out"
    encoder = {"dimensions": gallery.shape[1], "made": made, "accuracy": None, "embeddings": embeddings}
    encoder |= {"similarity": "inner-product"} if plain else {}
    stored = {"encoder": NAME, "hash": NAME, "bits": bits, "made": made, "codes": codes, "projections": {}, "head": {}}
    return {
        "format": FORMAT_VERSION,
        "dataset": "imported arrays",
        "classes": names,
        "superclasses": None,
        "superclass_of": None,
        "splits": splits,
        "hierarchies": {NAME: writer.add_file(f"{NAME}.txt", tree)},
        "encoders": {NAME: {**encoder, "predicted": {}, "weights": None}},
        "hashes": [stored] if codes else [],
        "protocols": [protocol],
        "defaults": {"encoder": NAME, "hash": hash_name, "bits": length, "protocol": protocol, "hierarchy": NAME},
        "made": {"by": made, "shuffle": shuffle},
    }
