"""Weights of a trained network as one .safetensors file in float16: no code is run to read it."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from core.encoders.networks import SemanticNetwork
from core.errors import BadInput


def to_bytes(network: SemanticNetwork) -> bytes:
    """The file's content: floating-point tensors as float16, others as they are."""
    tensors = {
        name: (value.half() if value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    return save(tensors)


def load_network(path: str | Path) -> SemanticNetwork:
    """The network that a file of `to_bytes` describes, in float32, ready to encode; its sizes are the tensors'."""
    try:
        tensors = load_file(path)
        network = SemanticNetwork(
            width=tensors["trunk.0.0.weight"].shape[0],
            bits=tensors["latent.0.weight"].shape[0],
            dimensions=tensors["project.2.weight"].shape[0],
            classes=tensors["classify.weight"].shape[0],
        )
        network.load_state_dict(
            {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}
        )
    except (OSError, SafetensorError, KeyError, RuntimeError) as error:
        raise BadInput(
            f"cannot read network weights from '{path}' ({error}): make them with the train command"
        ) from error
    return network.to(memory_format=torch.channels_last).eval()
