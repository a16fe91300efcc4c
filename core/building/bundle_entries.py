"""What every encoder of CIFAR puts into a bundle: the data's own entries, embeddings and the manifest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.bundle import manifest
from core.bundle.bundle import load_bundle
from core.bundle.writer import BundleWriter, check_target
from core.datasets.cifar import Cifar, Split
from core.datasets.cifar100 import CIFAR_100
from core.errors import BadInput
from core.runtime.shared_types import Json

# Adds arrays and files to a bundle: the entries of encoders by name, and those of codes of their own.
Describe = Callable[[BundleWriter], tuple[dict[str, Json], list[Json]]]

HIERARCHIES = ("wordnet", "superclass")
PROTOCOLS = ["test-vs-test", "test-vs-train", "test-vs-test-with-self"]
SPLITS = ("test", "train")
DEFAULTS = {
    "hash": "random-hyperplane",  # it needs no training and has every length
    "bits": 48,
    "protocol": "test-vs-test",
    "hierarchy": "wordnet",
}
MOST_DIMENSIONS = 128


def write_encoders(
    root: str | Path, out: str | Path, dataset: Cifar, splits: dict[str, Split], describe: Describe
) -> list[str]:
    """Put the encoders that `describe` gives, with codes of their own, into a bundle, made where there is none.

    The encoders that it has already stay, but for those of the same name. Returns the names of the new ones.
    """
    target = Path(out)
    with BundleWriter(target) as writer:
        described = existing_bundle(target, dataset)  # read now: encoding took minutes, others may have written
        if described is None:
            described = _describe_data(root, dataset, splits, writer)
        entries, codes = describe(writer)
        described["encoders"] = {**described["encoders"], **entries}
        kept = [entry for entry in described["hashes"] if entry["encoder"] not in entries]
        described["hashes"] = [*kept, *codes]
        described.setdefault("defaults", {"encoder": next(iter(entries)), **DEFAULTS, "protocol": dataset.protocol})
        writer.commit(described)
    return list(entries)


def check_encoder(weights: Path, found: str, wanted: str) -> None:
    """BadInput where a run's weights are of another encoder than the one that was asked for."""
    if found != wanted:
        raise BadInput(f"the weights in '{weights.parent}' are of encoder '{found}', not '{wanted}'")


def existing_bundle(target: Path, dataset: Cifar = CIFAR_100) -> Json | None:
    """The manifest of the bundle that is there, None where there is none; BadInput where it is of other data."""
    if not (target / manifest.NAME).exists():
        check_target(target)
        return None
    bundle = load_bundle(target)
    if bundle.dataset != dataset.name:
        raise BadInput(f"the bundle '{target}' is of '{bundle.dataset}', expected {dataset.name}: name another folder")
    return dict(bundle.manifest)


def stored_vectors(
    vectors: dict[str, np.ndarray], writer: BundleWriter, fitted: np.ndarray | slice = slice(None)
) -> dict[str, object]:
    """The entries of an encoder's embeddings float32 (N, d) of each split, reduced where they are too wide.

    The axes are those of the training images, or of the rows of them that are `fitted` on.
    """
    reduction: dict[str, object] = {}
    if vectors["train"].shape[1] > MOST_DIMENSIONS:
        mean, axes = principal_axes(vectors["train"][fitted], MOST_DIMENSIONS)
        vectors = {n: (v - mean) @ axes for n, v in vectors.items()}
        reduction = {"reduction": {"mean": writer.add_array(mean), "axes": writer.add_array(axes)}}
    return {**stored_arrays(vectors, writer), **reduction}


def stored_arrays(vectors: dict[str, np.ndarray], writer: BundleWriter) -> dict[str, object]:
    """The same as they are, without a reduction."""
    return {
        "dimensions": vectors["train"].shape[1],
        "embeddings": {n: writer.add_array(v.astype(np.float16)) for n, v in vectors.items()},
    }


def principal_axes(vectors: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean float32 (d,) and first principal axes float32 (d, dimensions) of float32 (N, d)."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    centred = vectors - mean
    _, axes = np.linalg.eigh(centred.T @ centred)
    return mean.astype(np.float32), np.ascontiguousarray(axes[:, ::-1][:, :dimensions], dtype=np.float32)


def _describe_data(root: str | Path, dataset: Cifar, splits: dict[str, Split], writer: BundleWriter) -> Json:
    names, superclasses = dataset.read_names(root)
    test = splits["test"]
    superclass_of = [int(test.superclasses[np.flatnonzero(test.labels == c)[0]]) for c in range(len(names))]
    return {
        "format": manifest.FORMAT_VERSION,
        "dataset": dataset.name,
        "classes": names,
        "superclasses": superclasses,
        "superclass_of": superclass_of,
        "splits": {
            name: {"count": len(split.labels), "labels": writer.add_array(split.labels.astype(np.uint8))}
            for name, split in splits.items()
        },
        "hierarchies": {name: writer.add_file(f"{name}.txt", dataset.tree(name).read_bytes()) for name in HIERARCHIES},
        "protocols": PROTOCOLS,
        "encoders": {},
        "hashes": [],
        "made": {"command": "python -m core build", "held_out": "a tenth of the training images of each class, seed 0"},
    }
