"""A person's own arrays into a bundle: everything is checked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.bundle_writer import BundleWriter, check_target
from core.datasets.array_classes import name_classes, tree_text
from core.datasets.array_files import read_array
from core.errors import BadInput, unknown_name
from core.hashing.packing import check_codes
from core.manifest import FORMAT_VERSION, SIMILARITIES
from core.settings import BITS_DEFAULT, BITS_RANGE
from core.vectors import check_rows, plain_rows, unit_rows

NAME = "imported"
MAX_CLASSES = 65_536  # more without class names are ids, not class numbers
_SAMPLE_ROWS = 2000

Source = str | Path | np.ndarray


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
    gallery_labels: Source,
    query_embeddings: Source | None = None,
    query_labels: Source | None = None,
    gallery_codes: Source | None = None,
    query_codes: Source | None = None,
    bits: int | None = None,
    class_names: str | Path | Sequence[str] | None = None,
    hierarchy_file: str | Path | None = None,
    shuffle: int | None = None,
    similarity: str = "cosine",
) -> tuple[str, ...]:
    """Write the bundle `out` from arrays or .npy/.npz/.parquet files; returns warnings to show, usually none.

    Embeddings float16/32/64 (N, d), labels integer (N,) from 0, codes packed uint8 (N, ceil(bits / 8)).
    `class_names`: a list, or a file of one name a line. `shuffle`: the seed of a permutation of the gallery.
    `similarity`: `cosine`, or `inner-product` for embeddings whose length is to count.
    Without query arrays the gallery queries itself, each image left out of its own gallery. Raises BadInput
    for whatever does not fit; `out` is then as it was.
    """
    check_target(out)
    _check_options(query_embeddings, query_labels, gallery_codes, query_codes, bits, shuffle)
    if similarity not in SIMILARITIES:
        raise unknown_name("similarity", similarity, SIMILARITIES)
    plain = similarity == "inner-product"
    gallery = _read_part("gallery", gallery_embeddings, gallery_labels, gallery_codes, bits, plain)
    parts = {"gallery": gallery}
    if query_embeddings is not None:
        parts["queries"] = _read_part("query", query_embeddings, query_labels, query_codes, bits, plain)
        _check_dimensions(gallery.embeddings, parts["queries"].embeddings)
    elif len(gallery.labels) < 2:
        raise BadInput("a gallery of 1 image cannot query itself: give at least 2, or query arrays")
    names = name_classes(class_names, {split: part.labels for split, part in parts.items()})
    tree = tree_text(hierarchy_file, names, NAME)
    warnings = _warnings(gallery.labels, shuffle)
    if shuffle is not None:
        parts["gallery"] = _shuffled(gallery, shuffle)
    with BundleWriter(out) as writer:
        writer.commit(_manifest(writer, parts, names, tree, bits, shuffle, plain))
    return warnings


def _check_options(
    query_embeddings: Source | None,
    query_labels: Source | None,
    gallery_codes: Source | None,
    query_codes: Source | None,
    bits: int | None,
    shuffle: int | None,
) -> None:
    """BadInput for arrays that only make sense together."""
    if (query_embeddings is None) != (query_labels is None):
        raise BadInput("query embeddings and query labels go together: give both, or neither")
    if query_codes is not None and query_embeddings is None:
        raise BadInput("query codes without query embeddings: give the embeddings and labels of the queries too")
    if query_codes is not None and gallery_codes is None:
        raise BadInput("query codes without gallery codes: give both, or neither")
    if gallery_codes is not None and query_embeddings is not None and query_codes is None:
        raise BadInput("gallery codes without query codes: give both, or neither")
    if (gallery_codes is None) != (bits is None):
        raise BadInput("codes and their bits go together: give the bits of imported codes, and none without codes")
    low, high = BITS_RANGE
    if bits is not None and not low <= bits <= high:
        raise BadInput(f"bits {bits} is outside {low} to {high}: give codes of a length in that range")
    if shuffle is not None and shuffle < 0:
        raise BadInput(f"shuffle seed {shuffle} is negative: give a whole number from 0 up")


def _read_part(
    kind: str, embeddings: Source, labels: Source, codes: Source | None, bits: int | None, plain: bool
) -> _Part:
    """Read and check the arrays of the gallery or the queries."""
    vectors = _read_embeddings(embeddings, f"{kind} embeddings", plain)
    classes = _read_labels(labels, f"{kind} labels")
    if len(classes) != len(vectors):
        raise BadInput(f"{kind} labels: {len(classes)} for {len(vectors)} {kind} embeddings, expected one for each")
    if codes is None:
        return _Part(vectors, classes, None)
    packed = read_array(codes, "codes", f"{kind} codes")
    check_codes(packed, bits, f"{kind} codes")
    if len(packed) != len(vectors):
        raise BadInput(f"{kind} codes: {len(packed)} for {len(vectors)} {kind} embeddings, expected one for each")
    return _Part(vectors, classes, packed)


def _read_embeddings(source: Source, what: str, plain: bool) -> np.ndarray:
    array = read_array(source, "embeddings", what)
    if array.dtype.kind != "f":
        raise BadInput(f"{what} are of type {array.dtype}: expected float16, float32 or float64")
    if array.ndim != 2:
        raise BadInput(f"{what} are of shape {array.shape}: expected (N, dimensions)")
    check_rows(array, what, plain)
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _read_labels(source: Source, what: str) -> np.ndarray:
    array = read_array(source, "labels", what)
    if array.dtype.kind not in "iu":
        raise BadInput(f"{what} are of type {array.dtype}: expected integers, class numbers from 0")
    if array.ndim != 1:
        raise BadInput(f"{what} are of shape {array.shape}: expected (N,), one class number a row")
    bad = np.flatnonzero((array < 0) | (array >= MAX_CLASSES))
    if len(bad):
        row = bad[0]
        raise BadInput(f"{what}: row {row} (from 0) is {array[row]}, expected class numbers 0 to {MAX_CLASSES - 1}")
    return array.astype(np.int64)


def _check_dimensions(gallery: np.ndarray, queries: np.ndarray) -> None:
    if gallery.shape[1] != queries.shape[1]:
        raise BadInput(
            f"query embeddings have {queries.shape[1]} dimensions, gallery embeddings {gallery.shape[1]}: "
            "expected the same encoder for both"
        )


def _warnings(labels: np.ndarray, shuffle: int | None) -> tuple[str, ...]:
    """Ties in distance go to the lower index, so a gallery grouped by class gives labels away."""
    runs, classes = 1 + np.count_nonzero(np.diff(labels)), len(np.unique(labels))
    if shuffle is not None or classes == 1 or runs > classes:
        return ()
    return (
        "the gallery is sorted by label: images at equal distance are ranked by their place in it, so its order "
        "can raise or lower the results; import it with --shuffle SEED (such as --shuffle 0)",
    )


def _shuffled(part: _Part, seed: int) -> _Part:
    rows = np.random.default_rng(seed).permutation(len(part.labels))
    codes = None if part.codes is None else part.codes[rows]
    return replace(part, embeddings=part.embeddings[rows], labels=part.labels[rows], codes=codes, rows=rows)


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
        splits[split] = {"count": len(part.labels), "labels": writer.add_array(part.labels)}
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
