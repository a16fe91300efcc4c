"""CIFAR-100: 100 classes in 20 superclasses, 50,000 training and 10,000 test images (Krizhevsky 2009)."""

from __future__ import annotations

from collections.abc import Sequence

from core.bundle import hierarchy
from core.datasets.cifar import Cifar

CIFAR_100 = Cifar(
    name="CIFAR-100",
    folder="cifar-100-python",
    archive="cifar-100-python.tar.gz",
    archive_bytes=169_001_437,
    parts={"train": ("train",), "test": ("test",)},
    names_file="meta",
    # The published checksums (https://www.cs.toronto.edu/~kriz/cifar.html, as torchvision has them).
    md5={
        "train": "16019d7e3df5f24257cddd939b257f8d",
        "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
        "meta": "7973b15100ade9c7d40fb424638fde48",
    },
    label_key="fine_labels",
    names_key="fine_label_names",
    superclass_key="coarse_labels",
    superclass_names_key="coarse_label_names",
)


def class_tree(name: str, class_names: Sequence[str]) -> hierarchy.Hierarchy:
    """The `wordnet` (163 nodes, height 8) or `superclass` tree (20 superclasses); BadInput for other classes."""
    return hierarchy.read(CIFAR_100.tree(name), class_names, name)
