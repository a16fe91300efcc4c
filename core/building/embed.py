"""Embeddings of CIFAR by whatever a run trained: a network or a bag of visual words."""

from __future__ import annotations

from pathlib import Path

from core.datasets.cifar import Cifar
from core.datasets.cifar100 import CIFAR_100
from core.errors import BadInput


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
    from core.building.embed_network import embed_network

    return embed_network(root, encoder, weights, out, dataset)


def _weights_in(run_folder: str | Path) -> Path:
    weights = Path(run_folder) / "weights.safetensors"
    if not weights.is_file():
        problem = f"no weights in '{run_folder}': "
        raise BadInput(problem, "train a run into that folder first", "run-without-weights", folder=str(run_folder))
    return weights
