"""An encoder's embeddings of CIFAR-100 or CIFAR-10, put into a bundle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.building.encode_time import time_encoding
from core.bundle import manifest
from core.bundle.bundle import load_bundle
from core.bundle.writer import BundleWriter, check_target
from core.datasets.cifar import Cifar, Split
from core.datasets.cifar100 import CIFAR_100
from core.datasets.held_out import held_out
from core.encoders.encoded import EncodedImages
from core.encoders.recipes.base import SOFTMAX
from core.errors import BadInput
from core.hashing import packing

if TYPE_CHECKING:
    from core.encoders.networks.base import Network

# Adds arrays and files to a bundle: the entries of encoders by name, and those of codes of their own.
Describe = Callable[[BundleWriter], tuple[dict[str, dict], list[dict]]]

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
    from core.encoders.visual_words.weights import holds_bag

    weights = _weights_in(run_folder)
    if holds_bag(weights):
        from core.building.embed_visual_words import embed_words

        return embed_words(root, encoder, weights, out, dataset)
    return _embed_network(root, encoder, weights, out, dataset)


def _embed_network(root: str | Path, encoder: str, weights: Path, out: str | Path, dataset: Cifar) -> list[str]:
    from core.encoders.encoding import encode_images
    from core.encoders.networks.folded import folded
    from core.encoders.weights import load_network

    existing_bundle(Path(out), dataset)
    network = load_network(weights)
    check_encoder(weights, network.recipe.encoder, encoder)
    splits = {name: dataset.read_split(root, name) for name in SPLITS}
    ready = folded(network)
    encoded = {name: encode_images(ready, split.images, flip=True) for name, split in splits.items()}

    def describe(writer: BundleWriter) -> tuple[dict[str, dict], list[dict]]:
        shared = {
            "made": _how_made(network, splits["train"].labels),
            "recipe": network.recipe.as_dict(),
            "parameters": network.weight_count,
            **_accuracies(encoded, splits),
            "predicted": {
                n: writer.add_array(e.probabilities.argmax(axis=1).astype(np.uint8)) for n, e in encoded.items()
            },
            **_files(weights, weights.parent, network.recipe.encoder, writer),
            **time_encoding(network, splits["test"].images),
        }
        entries = {name: {**shared, **entry} for name, entry in _entries(network, encoded, writer).items()}
        return entries, _own_code(network.recipe.encoder, encoded, writer)

    return write_encoders(root, out, dataset, splits, describe)


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


def _weights_in(run_folder: str | Path) -> Path:
    weights = Path(run_folder) / "weights.safetensors"
    if not weights.is_file():
        problem = f"no weights in '{run_folder}': "
        raise BadInput(problem, "train a run into that folder first", "run-without-weights", folder=str(run_folder))
    return weights


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
    made = f"python -m core train --encoder {recipe.encoder}: {count:,} training images, {recipe.all_epochs} epochs"
    return made + (", taught by a wider network" if recipe.distil else "")


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
    entries = {name: stored_vectors({n: e.embeddings for n, e in encoded.items()}, writer)}
    if network.recipe.network == "classifier":
        # The inner product of two such rows is the chance that the classes agree, were the predictions independent.
        softmax = _stored({n: e.probabilities for n, e in encoded.items()}, writer)
        entries[name + SOFTMAX] = {**softmax, "similarity": "inner-product"}
    return entries


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
    return {**_stored(vectors, writer), **reduction}


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
