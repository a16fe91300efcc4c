"""Weights of a trained network as one .safetensors file in float16: no code is run to read it.

The recipe and the number of classes travel in the file's header, and say which network the weights are of.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from core.encoders.networks.base import Network
from core.encoders.networks.registry import make_network
from core.encoders.recipes.base import Recipe
from core.encoders.recipes.registry import read_recipe
from core.errors import BadInput


def to_bytes(network: Network, recipe: Recipe, class_vectors_shape: tuple[int, int]) -> bytes:
    """The file's content: floating-point tensors as float16, others as they are."""
    tensors = {
        name: (value.half() if value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    header = {"recipe": json.dumps(recipe.as_dict()), "class_vectors": json.dumps(class_vectors_shape)}
    return save(tensors, metadata=header)


def load_network(path: str | Path) -> Network:
    """The network that a file of `to_bytes` describes, in float32, ready to encode; BadInput for any other file."""
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        shape = json.loads(header["class_vectors"])
        network = make_network(read_recipe(json.loads(header["recipe"])), torch.zeros(shape))
        network.load_state_dict(
            {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}
        )
    except (OSError, SafetensorError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise BadInput(
            f"cannot read network weights from '{path}' ({' '.join(str(error).split())[:200]}): "
            "make them with the train command"
        ) from error
    return network.to(memory_format=torch.channels_last).eval()
