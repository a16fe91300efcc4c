"""torchvision's classifiers as encoders: what their last linear layer is given, after their own preprocessing.

That layer is the last `Linear` of the network, found and replaced by the identity. So the features are, for
resnet* (2048 or 512), inception_v3 (2048), densenet*, efficientnet*: the pooled maps of the last block; vit_* (768 or
1024): the class token after the last normalisation; convnext_* (768 and more): the pooled maps, normalised; alexnet and
vgg* (4096): fc7 after its ReLU; mobilenet_v3_* (1024, 1280): the hidden layer of the classifier. squeezenet* ends in a
convolution and has no such layer: the pooled maps before it (512).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
import torchvision
from torch import nn

from core.encoders.backbone_weights import fetch, header, load_into, read_state
from core.errors import unknown_name

if TYPE_CHECKING:
    from torch import Tensor
    from torchvision.models import Weights

# Options without which a network would not be the one that its weights are of; the rest of their start is overwritten.
_OPTIONS = {
    "inception_v3": {"transform_input": True, "init_weights": False},
    "googlenet": {"transform_input": True, "init_weights": False, "aux_logits": True},
}
_WASTE = "AuxLogits.", "aux1.", "aux2."  # classifiers that are used in training alone


class Backbone(NamedTuple):
    """A network float32 (N, 3, H, W) -> (N, d), in evaluation mode, and what makes its input of a PIL picture."""

    name: str
    network: nn.Module
    transform: Any  # torchvision's, called with a picture; says of itself what it crops and scales
    layer: str  # whose input the features are
    weights_file: Path
    trained_as: str  # torchvision's name of the weights whose preprocessing is used


def backbone_names() -> list[str]:
    """torchvision's classifiers."""
    return sorted(torchvision.models.list_models(module=torchvision.models))


def default_file(name: str) -> str:
    """The name of the file of torchvision's default weights of a network."""
    return torchvision.models.get_model_weights(name).DEFAULT.url.rsplit("/", 1)[1]


def open_backbone(name: str, weights_file: str | Path | None = None) -> Backbone:
    """A pretrained network without its classifier, from torchvision's weights or a file of them.

    The preprocessing is that of the weights: those that the file's header names, or of its name among torchvision's,
    else of torchvision's default ones.
    BadInput for an unknown name, weights that cannot be had or do not fit.
    """
    if name not in backbone_names():
        raise unknown_name("encoder", name, backbone_names())
    weights = _weights_of(name, weights_file)
    path = fetch(name, weights) if weights_file is None else Path(weights_file)
    state = read_state(path)
    network = build(name, weights)
    layer = cut_classifier(network)
    load_into(network, state, (f"{layer}.",), f"the weights in '{path}'")
    return Backbone(name, network.eval().requires_grad_(False), weights.transforms(), layer, path, weights.name)


def build(name: str, weights: Weights) -> nn.Module:
    """The network with random weights, for pictures of the size that `weights` were trained on."""
    options = dict(_OPTIONS.get(name, {}))
    if name.startswith("vit_"):
        options["image_size"] = weights.transforms().crop_size[0]
    return torchvision.models.get_model(name, weights=None, **options)


def cut_classifier(network: nn.Module) -> str:
    """Replace the last linear layer by the identity; returns its name."""
    linear = [name for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    linear = [name for name in linear if not name.startswith(_WASTE)]
    if not linear:  # squeezenet
        network.classifier = nn.AdaptiveAvgPool2d(1)
        return "classifier"
    parent, _, last = linear[-1].rpartition(".")
    setattr(network.get_submodule(parent), last, nn.Identity())
    return linear[-1]


def last_block(network: nn.Module) -> list[str]:
    """Names of the modules that make the last block of a network whose classifier is gone, the last first.

    From the end, into any part that holds more than half of all weights; what is tiny there, such as a normalisation,
    goes with the part before it. resnet50: layer4.2; vit_b_16: the last encoder layer and the normalisation behind it.
    """
    total, chosen = _count(network), []
    inside, module = "", network
    while True:
        parts = [(name, part) for name, part in module.named_children() if _count(part)]
        while len(parts) > 1 and _count(parts[-1][1]) < total / 200:
            chosen.append(_join(inside, parts.pop()[0]))
        if not parts:
            return chosen or [inside]
        inside, module = _join(inside, parts[-1][0]), parts[-1][1]
        if _count(module) <= total / 2:
            return [*chosen, inside]


def _join(inside: str, name: str) -> str:
    return f"{inside}.{name}" if inside else name


def _count(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


def _weights_of(name: str, weights_file: str | Path | None) -> Weights:
    """torchvision's weights that a file's header names, or of that file name, else its default ones."""
    known = torchvision.models.get_model_weights(name)
    if weights_file is not None:
        named = header(weights_file).get("trained_as")
        for weights in known:
            if weights.name == named or weights.url.rsplit("/", 1)[1] == Path(weights_file).name:
                return weights
    return known.DEFAULT


@torch.inference_mode()
def features_of(network: nn.Module, batch: Tensor) -> Tensor:
    """Features float32 (N, d) of prepared pictures."""
    return network(batch).flatten(1).float()
