"""Where the weights of torchvision's networks come from: its own download, or a file. No code in a file is run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from core.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torchvision.models import Weights

_INSIDE = ("state_dict", "model", "model_state_dict")  # where training scripts put the weights in their checkpoints


def fetch(name: str, weights: Weights) -> Path:
    """The file of torchvision's weights, downloaded where it is not there; BadInput says where to put it."""
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    path = folder / weights.url.rsplit("/", 1)[1]
    if path.is_file():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        digest = path.stem.rsplit("-", 1)[1] if "-" in path.stem else None
        torch.hub.download_url_to_file(weights.url, str(path), digest)
    except Exception as error:  # no network, no room, a proxy's page in place of the file
        reason = " ".join(str(error).split())[:120]
        raise BadInput(
            f"cannot fetch the weights of {name} ({reason}): put {weights.url} into '{folder}', ",
            "or name a file of weights",
            "weights-not-fetched",
            encoder=name,
            url=weights.url,
            folder=str(folder),
        ) from error
    return path


def header(path: str | Path) -> dict[str, str]:
    """What the header of a .safetensors file says beside its tensors; nothing for other files."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (OSError, SafetensorError):
        return {}


def read_state(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors file or a torch state dict, floating ones as float32; BadInput for others."""
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"no weights in '{path}': expected a .safetensors file or a torch state dict")
    try:
        if path.suffix.lower() == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a file of another kind makes the readers raise
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise BadInput(
            f"cannot read weights from '{path}' ({reason}): expected a .safetensors file or a torch state dict, "
            "which is read without running code in it"
        ) from error
    for key in _INSIDE:
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()) or not state:
        raise BadInput(f"'{path}' holds no state dict: expected tensors by name")
    state = {key.removeprefix("module."): value for key, value in state.items()}
    return {key: value.float() if value.is_floating_point() else value for key, value in state.items()}


def load_into(network: nn.Module, state: dict[str, Tensor], dropped: tuple[str, ...], what: str) -> None:
    """Put a state dict into a network whose classifier is gone; what a file has of `dropped` layers is passed by.

    BadInput, naming a few keys, where weights are missing, unknown, of another shape or not finite.
    """
    state = {key: value for key, value in state.items() if not key.startswith(dropped)}
    wanted = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    missing, unknown = sorted(wanted.keys() - state.keys()), sorted(state.keys() - wanted.keys())
    if missing or unknown:
        parts = [
            f"{label} {', '.join(keys[:3])}{f' and {len(keys) - 3} more' if len(keys) > 3 else ''}"
            for label, keys in (("missing", missing), ("unexpected", unknown))
            if keys
        ]
        raise BadInput(f"{what} are of another network ({'; '.join(parts)}): name the encoder they were made for")
    for key, value in state.items():
        if tuple(value.shape) != wanted[key]:
            raise BadInput(f"{what}: '{key}' has the shape {tuple(value.shape)}, expected {wanted[key]}")
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise BadInput(f"{what}: '{key}' holds NaN or infinite values")
    network.load_state_dict(state, assign=True)
