"""The data sets by the names that commands and bundles have for them."""

from __future__ import annotations

from core.datasets.cifar import Cifar
from core.datasets.cifar10 import CIFAR_10
from core.datasets.cifar100 import CIFAR_100
from core.errors import unknown_name

DATASETS: dict[str, Cifar] = {dataset.key: dataset for dataset in (CIFAR_100, CIFAR_10)}


def get_dataset(name: str) -> Cifar:
    """The data set of a name such as 'cifar-100' or a bundle's 'CIFAR-100'; BadInput for an unknown one."""
    if name.lower() not in DATASETS:
        raise unknown_name("data set", name, DATASETS)
    return DATASETS[name.lower()]
