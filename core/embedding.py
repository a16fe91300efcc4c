"""A trained network's embeddings of CIFAR-100 or CIFAR-10, put into a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core import manifest
from core.bundle import load_bundle
from core.bundle_writer import BundleWriter, check_target
from core.datasets.cifar import Cifar, Split
from core.datasets.cifar100 import CIFAR_100
from core.datasets.held_out import held_out
from core.encode_time import time_encoding
from core.encoders.recipes.base import SOFTMAX
from core.errors import BadInput
from core.hashing import packing

if TYPE_CHECKING:
    from core.encoders.encoding import EncodedImages
    from core.encoders.networks.base import Network

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
MOST_BYTES = 25_000_000  # of a bundle's file


def embed(
    root: str | Path, encoder: str, run_folder: str | Path, out: str | Path, dataset: Cifar = CIFAR_100
) -> list[str]:
    """Embed both splits with the weights in `run_folder` into a bundle; returns the names of the encoders it now has.

    A bundle that is there already keeps its other encoders. The mirror image's outputs are averaged in. Test accuracy
    is measured here, once, and nothing is chosen by it.
    """
    from core.encoders.encoding import encode_images
    from core.encoders.memory import keep_freed_memory
    from core.encoders.weights import load_network

    keep_freed_memory()
    target = Path(out)
    existing_bundle(target, dataset)
    weights = Path(run_folder) / "weights.safetensors"
    if not weights.is_file():
        raise BadInput(f"no weights in '{run_folder}': run the train command with --run {run_folder} first")
    network = load_network(weights)
    if network.recipe.encoder != encoder:
        raise BadInput(f"the weights in '{run_folder}' are of encoder '{network.recipe.encoder}', not '{encoder}'")
    splits = {name: dataset.read_split(root, name) for name in SPLITS}
    encoded = {name: encode_images(network, split.images, flip=True) for name, split in splits.items()}
    with BundleWriter(target) as writer:
        described = existing_bundle(
            target, dataset
        )  # once more: encoding takes minutes, in which others may have written
        if described is None:
            described = _describe_data(root, dataset, splits, writer)
        shared = {
            "made": _how_made(network, splits["train"].labels),
            "recipe": network.recipe.as_dict(),
            "parameters": network.weight_count,
            **_accuracies(encoded, splits),
            "predicted": {
                n: writer.add_array(e.probabilities.argmax(axis=1).astype(np.uint8)) for n, e in encoded.items()
            },
            **_files(weights, Path(run_folder), network.recipe.encoder, writer),
            **time_encoding(network, splits["test"].images),
        }
        entries = _entries(network, encoded, writer)
        described["encoders"] = {**described["encoders"], **{name: {**shared, **e} for name, e in entries.items()}}
        kept = [entry for entry in described["hashes"] if entry["encoder"] not in entries]
        described["hashes"] = [*kept, *_own_code(network.recipe.encoder, encoded, writer)]
        described.setdefault("defaults", {"encoder": next(iter(entries)), **DEFAULTS, "protocol": dataset.protocol})
        writer.commit(described)
    return list(entries)


def existing_bundle(target: Path, dataset: Cifar = CIFAR_100) -> dict | None:
    """The manifest of the bundle that is there, None where there is none; BadInput where it is of other data."""
    if not (target / manifest.NAME).exists():
        check_target(target)
        return None
    bundle = load_bundle(target)
    if bundle.dataset != dataset.name:
        raise BadInput(f"the bundle '{target}' is of '{bundle.dataset}', expected {dataset.name}: name another folder")
    return dict(bundle.manifest)


def _how_made(network: Network, labels: np.ndarray) -> str:
    recipe, count = network.recipe, len(labels) - len(held_out(labels))
    return f"python -m core train --encoder {recipe.encoder}: {count:,} training images, {recipe.all_epochs} epochs"


def _accuracies(encoded: dict[str, EncodedImages], splits: dict[str, Split]) -> dict[str, float]:
    right = {n: e.probabilities.argmax(axis=1) == splits[n].labels for n, e in encoded.items()}
    chosen = held_out(splits["train"].labels)
    return {"accuracy": float(right["test"].mean()), "accuracy_held_out": float(right["train"][chosen].mean())}


def _files(weights: Path, run_folder: Path, encoder: str, writer: BundleWriter) -> dict[str, dict]:
    """Weights (where they fit) and the log of the run."""
    files, log = {}, run_folder / "log.csv"
    if weights.stat().st_size <= MOST_BYTES:
        files["weights"] = writer.add_file(f"{encoder}.safetensors", weights.read_bytes())
    if log.is_file():
        files["training"] = writer.add_file(f"{encoder}-training.csv", log.read_bytes())
    return files


def _entries(network: Network, encoded: dict[str, EncodedImages], writer: BundleWriter) -> dict[str, dict]:
    """What a network's embeddings are called: itself, and for a classifier its class probabilities too."""
    name = network.recipe.encoder
    vectors = {n: e.embeddings for n, e in encoded.items()}
    reduction: dict[str, object] = {}
    if vectors["train"].shape[1] > MOST_DIMENSIONS:
        mean, axes = principal_axes(vectors["train"], MOST_DIMENSIONS)
        vectors = {n: (v - mean) @ axes for n, v in vectors.items()}
        reduction = {"reduction": {"mean": writer.add_array(mean), "axes": writer.add_array(axes)}}
    entries = {name: {**_stored(vectors, writer), **reduction}}
    if network.recipe.network == "classifier":
        # The inner product of two such rows is the chance that the classes agree, were the predictions independent.
        softmax = _stored({n: e.probabilities for n, e in encoded.items()}, writer)
        entries[name + SOFTMAX] = {**softmax, "similarity": "inner-product"}
    return entries


def _stored(vectors: dict[str, np.ndarray], writer: BundleWriter) -> dict[str, object]:
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


def _own_code(encoder: str, encoded: dict[str, EncodedImages], writer: BundleWriter) -> list[dict]:
    """The codes of the network's own layer; its values are kept for the queries, which asymmetric search projects."""
    bits = encoded["test"].latent.shape[1]
    if not bits:
        return []
    return [
        {
            "encoder": encoder,
            "hash": "latent-sigmoid",
            "bits": bits,
            "made": "sign of the network's own latent layer, trained with it",
            "codes": {name: writer.add_array(packing.pack(values.latent > 0)) for name, values in encoded.items()},
            "projections": {"test": writer.add_array(encoded["test"].latent.astype(np.float16))},
            "head": {},
        }
    ]


def _describe_data(root: str | Path, dataset: Cifar, splits: dict[str, Split], writer: BundleWriter) -> dict:
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
