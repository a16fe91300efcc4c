"""CIFAR-10: 10 classes, 50,000 training and 10,000 test images (Krizhevsky 2009); superclasses and trees are ours."""

from __future__ import annotations

from core.datasets.cifar import Cifar

CIFAR_10 = Cifar(
    name="CIFAR-10",
    folder="cifar-10-batches-py",
    archive="cifar-10-python.tar.gz",
    archive_bytes=170_498_071,
    parts={"train": tuple(f"data_batch_{number}" for number in range(1, 6)), "test": ("test_batch",)},
    names_file="batches.meta",
    # The published checksums (https://www.cs.toronto.edu/~kriz/cifar.html, as torchvision has them).
    md5={
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
        "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
    },
    label_key="labels",
    names_key="label_names",
    superclasses=("animal", "vehicle"),
    superclass_of=(
        1,
        1,
        0,
        0,
        0,
        0,
        0,
        0,
        1,
        1,
    ),  # airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck
    protocol="test-vs-train",  # what hashing papers measure on it
)
