from __future__ import annotations

import pytest
import torch

from core.encoders.device import choose_device, mixed_precision


@pytest.mark.parametrize(
    ("capability", "expected"), [("AVX2", torch.float32), ("DEFAULT", torch.float32), ("AVX512", torch.bfloat16)]
)
def test_bfloat16_only_where_the_cpu_computes_in_it(monkeypatch, capability, expected):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    with mixed_precision(torch.device("cpu")):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == expected


def test_the_device_is_one_that_computes():
    assert (torch.ones(2, device=choose_device()).sum() == 2).item()
