"""The device that encoders are trained on, and the number format that is fastest on it."""

from __future__ import annotations

import torch


def choose_device() -> torch.device:
    """CUDA or MPS where there is one, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def mixed_precision(device: torch.device) -> torch.autocast:
    """A context that computes in bfloat16 where that is faster than float32, and changes nothing elsewhere.

    A CPU without AVX-512 emulates bfloat16: a training step then takes a minute instead of a second.
    """
    if device.type == "cpu":
        helps = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    else:
        helps = device.type == "cuda"
    return torch.autocast(device.type, torch.bfloat16, enabled=helps)
