"""From pictures to a bundle: train an encoder, embed both splits, make the codes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.building.add_embedding_map import add_map
from core.building.add_hashes import make_hashes
from core.building.bundle_entries import existing_bundle
from core.building.embed import embed
from core.bundle import hierarchy
from core.datasets.cifar import Cifar
from core.datasets.cifar100 import CIFAR_100
from core.datasets.held_out import held_out
from core.runtime.atomic_file import whole_file

if TYPE_CHECKING:
    from core.encoders.networks.base import Network
    from core.encoders.recipes.base import Recipe
    from core.encoders.training import TrainingData

WEIGHTS, RESULT = "weights.safetensors", "result.json"


def train_encoder(
    root: str | Path,
    encoder: str,
    run_folder: str | Path,
    seed: int = 0,
    changes: Sequence[str] = (),
    pretrained: bool = True,
    dataset: Cifar = CIFAR_100,
    teacher: str | Path | None = None,
    every: int = 1,
) -> dict[str, object]:
    """Train an encoder on the 45,000 training images that are not held out, or go on with what is in `run_folder`.

    A bag of visual words is fitted anew. `changes` are 'field=value' of the recipe; `teacher` is the folder of the run
    that it distils; `every` is the number of epochs between checkpoints. Writes the weights and, as JSON,
    what the held-out images say of them, mirror images averaged in; returns the latter.
    """
    from core.encoders.visual_words.recipes import VISUAL_WORDS

    if encoder in VISUAL_WORDS:
        from core.building.embed_visual_words import train_words

        return train_words(root, encoder, run_folder, seed, changes, dataset)
    from core.encoders.recipes.registry import get_recipe
    from core.encoders.training import train
    from core.encoders.weights import load_network

    recipe = get_recipe(encoder, changes)
    data = training_data(root, recipe.hierarchy, dataset)
    started, folder = time.perf_counter(), Path(run_folder)
    taught_by = None if teacher is None else load_network(Path(teacher) / WEIGHTS)
    network = train(recipe, data, folder, seed, _start(recipe) if pretrained else None, taught_by, every)
    _keep_weights(network, recipe, data, folder)
    result = _judge(network, recipe, data, seed, time.perf_counter() - started)
    with whole_file(folder / RESULT) as file:
        file.write((json.dumps(result, indent=1) + "\n").encode())
    return result


def build(
    root: str | Path,
    encoder: str,
    run_folder: str | Path,
    out: str | Path,
    seed: int = 0,
    changes: Sequence[str] = (),
    pretrained: bool = True,
    dataset: Cifar = CIFAR_100,
    teacher: str | Path | None = None,
    every: int = 1,
) -> None:
    """`train_encoder`, `embed`, `make_hashes` and `add_map` in turn; each step leaves a whole bundle or none."""
    existing_bundle(Path(out), dataset)  # refused now, not after hours of training
    train_encoder(root, encoder, run_folder, seed, changes, pretrained, dataset, teacher, every)
    for name in embed(root, encoder, run_folder, out, dataset):
        make_hashes(out, name)
        add_map(out, name)


def training_data(root: str | Path, tree: str, dataset: Cifar = CIFAR_100) -> TrainingData:
    """The training images, a tenth of each class held out, and the class vectors of a tree."""
    from core.encoders.training import TrainingData

    split = dataset.read_split(root, "train")
    names, _ = dataset.read_names(root)
    chosen = held_out(split.labels)
    fitted = np.setdiff1d(np.arange(len(split.labels)), chosen)
    return TrainingData(
        images=split.images[fitted],
        labels=split.labels[fitted],
        held_out_images=split.images[chosen],
        held_out_labels=split.labels[chosen],
        class_vectors=hierarchy.read(dataset.tree(tree), names, tree).class_vectors(),
    )


def _start(recipe: Recipe) -> Callable[[Network], None] | None:
    """What sets the weights of a new run: ImageNet's for AlexNet, as the source system has it."""
    if recipe.network != "alexnet":
        return None
    from core.encoders.networks.source import SourceAlexNet
    from core.errors import BadInput

    def start(network: Network) -> None:
        assert isinstance(network, SourceAlexNet)
        try:
            network.start_from_imagenet()
        except OSError as error:
            raise BadInput(
                f"could not download AlexNet's ImageNet weights ({error}): connect this machine once, or ",
                "train from random weights, which is not what the source system did",
                "imagenet-not-fetched",
            ) from error

    return start


def _judge(network: Network, recipe: Recipe, data: TrainingData, seed: int, seconds: float) -> dict[str, object]:
    from core.encoders.validation import validate

    similarity = data.class_vectors @ data.class_vectors.T
    judged = validate(network, data.held_out_images, data.held_out_labels, similarity, flip=True)
    return {
        "encoder": recipe.encoder,
        "seed": seed,
        "epochs": recipe.all_epochs,
        "parameters": network.weight_count,
        "held_out_accuracy": judged.accuracy,
        "held_out_ap@100": judged.ap,
        "held_out_ahp@250": judged.ahp,
        "held_out_precision@1": judged.precision,
        "seconds": seconds,
    }


def _keep_weights(network: Network, recipe: Recipe, data: TrainingData, folder: Path) -> None:
    from core.encoders.weights import to_bytes

    with whole_file(folder / WEIGHTS) as file:
        file.write(to_bytes(network, recipe, data.class_vectors.shape))
