from __future__ import annotations

import pytest

from core.datasets.cifar10 import CIFAR_10
from core.datasets.cifar100 import CIFAR_100
from core.datasets.registry import get_dataset
from core.errors import BadInput


def test_names_of_commands_and_of_bundles():
    assert get_dataset("cifar-10") is get_dataset("CIFAR-10") is CIFAR_10
    assert get_dataset("CIFAR-100") is CIFAR_100
    with pytest.raises(BadInput, match="cifar-100"):
        get_dataset("cifar-101")
