"""The device that encoders are trained on, and the number format that is fastest on it."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def choose_device() -> torch.device:
    """CUDA or MPS where there is one, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def fast_format(device: torch.device) -> torch.dtype:
    """bfloat16 where a device computes in it faster than in float32, else float32.

    A CPU without an instruction for it emulates bfloat16: encoding then takes thrice as long with AVX-512, and without
    that a training step a minute instead of a second.
    """
    if device.type == "cpu":
        has = torch.cpu.get_capabilities().get
        wide = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
        helps = wide and bool(has("amx_bf16") or has("avx512_bf16"))
    else:
        helps = device.type == "cuda"
    return torch.bfloat16 if helps else torch.float32


def mixed_precision(device: torch.device) -> torch.autocast:
    """A context that computes in bfloat16 where that is faster than float32, and changes nothing elsewhere."""
    helps = fast_format(device) == torch.bfloat16
    # A recorded pass must convert the weights anew each time.
    return torch.autocast(device.type, torch.bfloat16, enabled=helps, cache_enabled=device.type != "cuda")


class Forward(nn.Module):
    """A network's forward pass in the number format that is fastest on a device; the weights are the network's own.

    On CUDA it is recorded once for batches of `shape` and replayed: launching the operations of a small network one by
    one takes longer than computing them. A network in training mode is recorded for training, another for its outputs.
    """

    def __init__(self, network: nn.Module, device: torch.device, shape: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.network, self.device = network, device
        self.train(network.training)
        if device.type == "cuda":
            sample = torch.rand(shape, device=device).contiguous(memory_format=torch.channels_last)
            torch.cuda.make_graphed_callables(self, (sample,), allow_unused_input=True)

    def forward(self, images: Tensor) -> object:
        with mixed_precision(self.device):
            return self.network(images)
