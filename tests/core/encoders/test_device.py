from __future__ import annotations

import pytest
import torch

from core.encoders.device import choose_device, fast_format, mixed_precision


@pytest.mark.parametrize(
    ("capability", "instructions", "expected"),
    [
        ("AVX2", {}, torch.float32),
        ("DEFAULT", {"amx_bf16": True}, torch.float32),
        ("AVX512", {"amx_bf16": False, "avx512_bf16": False}, torch.float32),
        ("AVX512", {"amx_bf16": False, "avx512_bf16": True}, torch.bfloat16),
        ("AVX512", {"amx_bf16": True}, torch.bfloat16),
    ],
)
def test_bfloat16_only_where_the_cpu_computes_in_it(monkeypatch, capability, instructions, expected):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: instructions)
    with mixed_precision(torch.device("cpu")):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == expected
    assert fast_format(torch.device("cpu")) == expected


def test_the_device_is_one_that_computes():
    assert (torch.ones(2, device=choose_device()).sum() == 2).item()
