"""A folder with one sub-folder a class, as a labelled bundle: every page and command then works on it.

Features pass from the index into the bundle a part at a time, so that memory does not grow with the folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.bundle.manifest import FORMAT_VERSION
from core.bundle.writer import BundleWriter
from core.datasets.array_classes import tree_text
from core.errors import BadInput
from core.pictures.encoder import PictureEncoder
from core.pictures.folder import folder_classes, number_classes
from core.pictures.index import PictureIndex
from core.pictures.paths import NAME, pack_paths
from core.runtime.shared_types import Json

SEED = 0  # of the gallery's order: one sorted by class would give labels away where distances tie
TREE = "classes"
HASH, BITS = "random-hyperplane", 48  # it needs no training and has every length


@dataclass(frozen=True)
class Reduction:
    """What takes features (N, d) to fewer dimensions: (x - mean) @ axes."""

    mean: np.ndarray
    axes: np.ndarray


class StoredRows:
    """Features of an index in another order, as an array (N, d) that is read a slice at a time."""

    ndim = 2
    dtype = np.dtype(np.float16)

    def __init__(self, index: PictureIndex, order: np.ndarray, reduction: Reduction | None) -> None:
        self.index, self.order, self.reduction = index, order, reduction
        self.shape = (len(order), index.dimensions if reduction is None else reduction.axes.shape[1])
        self.size = self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        features = self.index.features(self.order[rows])
        if self.reduction is None:
            return features
        return ((features.astype(np.float32) - self.reduction.mean) @ self.reduction.axes).astype(np.float16)


def write_bundle(
    out: str | Path,
    encoder: PictureEncoder,
    gallery: PictureIndex,
    queries: PictureIndex | None = None,
    dimensions: int | None = None,
    hierarchy_file: str | Path | None = None,
    hashes: tuple[Json, ...] = (),
) -> None:
    """Write the bundle `out` of a gallery, which without `queries` queries itself, each picture left out of its own.

    The gallery is put into a seeded random order; a picture's row is its place among the sorted paths, which the
    bundle keeps. With `dimensions` features are reduced to so many by the gallery's principal components. `hashes`:
    heads to keep, as `{"hash", "bits", "made", "head": {name: array}}`. BadInput where a picture lies in no class.
    """
    indexes = {"gallery": gallery} | ({} if queries is None else {"queries": queries})
    names, numbered = number_classes(*(folder_classes(i.folder._replace(files=i.files)) for i in indexes.values()))
    if queries is None and len(gallery) < 2:
        raise BadInput("a folder of 1 picture cannot query itself: give at least 2, or a folder of queries")
    for split, index in indexes.items():
        _check_directions(index, split)
    reduction = None if dimensions is None else principal_reduction(gallery, dimensions)
    tree = tree_text(hierarchy_file, names, TREE)
    orders = {split: np.arange(len(index)) for split, index in indexes.items()}
    orders["gallery"] = np.random.default_rng(SEED).permutation(len(gallery))
    labels = dict(zip(indexes, numbered, strict=True))
    with BundleWriter(out) as writer:
        splits = {split: _split(writer, index, labels[split], orders[split]) for split, index in indexes.items()}
        rows = {split: StoredRows(index, orders[split], reduction) for split, index in indexes.items()}
        entry = _encoder_entry(writer, encoder, rows, reduction)
        writer.commit(
            {
                "format": FORMAT_VERSION,
                "dataset": f"folder {gallery.folder.root.name}",
                "classes": names,
                "superclasses": None,
                "superclass_of": None,
                "splits": splits,
                "hierarchies": {TREE: writer.add_file(f"{TREE}.txt", tree)},
                "encoders": {encoder.name: entry},
                "hashes": [_stored_hash(writer, encoder.name, stored) for stored in hashes],
                **_protocol(encoder.name, queries is None),
                "made": {"command": "python -m core embed --dataset", "shuffle": SEED},
            }
        )


def principal_reduction(index: PictureIndex, dimensions: int) -> Reduction:
    """The first principal axes of an index's features, from sums over its parts."""
    if not 1 <= dimensions <= min(index.dimensions, len(index)):
        raise BadInput(
            f"dimensions {dimensions}: expected 1 to {min(index.dimensions, len(index))}, for {len(index)} pictures "
            f"with features of {index.dimensions} dimensions"
        )
    mean = np.zeros(index.dimensions)
    for _, features in index.blocks():
        mean += features.sum(axis=0, dtype=np.float64)
    mean /= len(index)
    squares = np.zeros((index.dimensions, index.dimensions))
    for _, features in index.blocks():
        centred = features.astype(np.float64) - mean
        squares += centred.T @ centred
    axes = np.linalg.eigh(squares)[1][:, ::-1][:, :dimensions]
    return Reduction(mean.astype(np.float32), np.ascontiguousarray(axes, dtype=np.float32))


def _encoder_entry(
    writer: BundleWriter, encoder: PictureEncoder, rows: dict[str, StoredRows], reduction: Reduction | None
) -> Json:
    entry: Json = {
        "dimensions": rows["gallery"].shape[1],
        "made": encoder.made,
        "accuracy": None,
        "embeddings": {split: writer.add_array(array) for split, array in rows.items()},
        "predicted": {},
        "weights": None,
        "picture_encoder": {"weights": encoder.weights_file, "key": encoder.key},  # which a query must go through too
    }
    if reduction is not None:
        entry["made"] += f", reduced from {len(reduction.mean)} dimensions by PCA"
        entry["reduction"] = {"mean": writer.add_array(reduction.mean), "axes": writer.add_array(reduction.axes)}
    return entry


def _protocol(encoder: str, itself: bool) -> Json:
    protocol = "leave-one-out" if itself else "queries-vs-gallery"
    setting = {"encoder": encoder, "hash": HASH, "bits": BITS, "protocol": protocol, "hierarchy": TREE}
    return {"protocols": [protocol], "defaults": setting}


def _split(writer: BundleWriter, index: PictureIndex, labels: np.ndarray, order: np.ndarray) -> Json:
    split: Json = {"count": len(order), "labels": writer.add_array(labels[order])}
    if not np.array_equal(order, np.arange(len(order))):
        split["rows"] = writer.add_array(order)
    folder = str(index.folder.root).encode("utf-8", "replace").decode()
    sizes = np.array([file.size for file in index.files], np.int64)[order]
    paths = writer.add_file(NAME, pack_paths(index.files))
    return {**split, "folder": folder, "paths": paths, "sizes": writer.add_array(sizes)}


def _stored_hash(writer: BundleWriter, encoder: str, entry: Json) -> Json:
    head = {key: writer.add_array(array) for key, array in entry["head"].items()}
    return {**entry, "encoder": encoder, "codes": {}, "projections": {}, "head": head}


def _check_directions(index: PictureIndex, split: str) -> None:
    """BadInput for a picture whose features are all zero: it cannot be compared by cosine."""
    for places, features in index.blocks():
        empty = np.flatnonzero(~features.any(axis=1))
        if len(empty):
            path = index.files[int(places[empty[0]])].path
            raise BadInput(f"the features of '{path}' ({split}) are all zero: take it out of the folder")
