"""An encoder's embeddings of CIFAR-100 or CIFAR-10, put into a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.building.bundle_entries import (
    SPLITS,
    check_encoder,
    existing_bundle,
    stored_arrays,
    stored_vectors,
    write_encoders,
)
from core.building.encode_time import time_encoding
from core.bundle.writer import BundleWriter
from core.datasets.cifar import Cifar, Split
from core.datasets.cifar100 import CIFAR_100
from core.datasets.held_out import held_out
from core.encoders.encoded import EncodedImages
from core.encoders.recipes.base import SOFTMAX
from core.hashing import packing
from core.runtime.shared_types import Json

if TYPE_CHECKING:
    from core.encoders.networks.base import Network

MOST_BYTES = 25_000_000  # of a bundle's file


def embed_network(
    root: str | Path, encoder: str, weights: Path, out: str | Path, dataset: Cifar = CIFAR_100
) -> list[str]:
    """Embed both splits with a network's weights into a bundle; returns the names of the encoders it now has.

    A bundle that is there already keeps its other encoders. The mirror image's outputs are averaged in. Test accuracy
    is measured here, once, and nothing is chosen by it.
    """
    from core.encoders.encoding import encode_images
    from core.encoders.networks.folded import folded
    from core.encoders.weights import load_network

    existing_bundle(Path(out), dataset)
    network = load_network(weights)
    check_encoder(weights, network.recipe.encoder, encoder)
    splits = {name: dataset.read_split(root, name) for name in SPLITS}
    ready = folded(network)
    encoded = {name: encode_images(ready, split.images, flip=True) for name, split in splits.items()}

    def describe(writer: BundleWriter) -> tuple[dict[str, Json], list[Json]]:
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


def _how_made(network: Network, labels: np.ndarray) -> str:
    recipe, count = network.recipe, len(labels) - len(held_out(labels))
    made = f"python -m core train --encoder {recipe.encoder}: {count:,} training images, {recipe.all_epochs} epochs"
    return made + (", taught by a wider network" if recipe.distil else "")


def _accuracies(encoded: dict[str, EncodedImages], splits: dict[str, Split]) -> dict[str, float]:
    right = {n: e.probabilities.argmax(axis=1) == splits[n].labels for n, e in encoded.items()}
    chosen = held_out(splits["train"].labels)
    return {"accuracy": float(right["test"].mean()), "accuracy_held_out": float(right["train"][chosen].mean())}


def _files(weights: Path, run_folder: Path, encoder: str, writer: BundleWriter) -> dict[str, Json]:
    """Weights (where they fit) and the log of the run."""
    files, log = {}, run_folder / "log.csv"
    if weights.stat().st_size <= MOST_BYTES:
        files["weights"] = writer.add_file(f"{encoder}.safetensors", weights.read_bytes())
    if log.is_file():
        files["training"] = writer.add_file(f"{encoder}-training.csv", log.read_bytes())
    return files


def _entries(network: Network, encoded: dict[str, EncodedImages], writer: BundleWriter) -> dict[str, Json]:
    """What a network's embeddings are called: itself, and for a classifier its class probabilities too."""
    name = network.recipe.encoder
    entries = {name: stored_vectors({n: e.embeddings for n, e in encoded.items()}, writer)}
    if network.recipe.network == "classifier":
        # The inner product of two such rows is the chance that the classes agree, were the predictions independent.
        softmax = stored_arrays({n: e.probabilities for n, e in encoded.items()}, writer)
        entries[name + SOFTMAX] = {**softmax, "similarity": "inner-product"}
    return entries


def _own_code(encoder: str, encoded: dict[str, EncodedImages], writer: BundleWriter) -> list[Json]:
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
