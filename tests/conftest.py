"""Fixtures shared by all tests: the real CIFAR-100 where there is one, and a small bundle made from seeded numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.bundle.bundle import Bundle, load_bundle
from core.bundle.writer import BundleWriter
from core.timing import timing

COUNTS = {"test": 60, "train": 150}
SUPERCLASS_OF = [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]
DIMENSIONS, BITS = 16, 16


@pytest.fixture(scope="session")
def cifar_root() -> Path:
    """The folder that holds `cifar-100-python/`; skips, visibly, where $CIFAR_ROOT is unset."""
    root = os.environ.get("CIFAR_ROOT")
    if not root:
        pytest.skip("needs the real CIFAR-100: set CIFAR_ROOT to the folder that holds cifar-100-python/")
    return Path(root)


@pytest.fixture(scope="session", autouse=True)
def hurried_timings() -> Iterator[None]:
    """Timings of tests need not wait until the threads of the side before sleep."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timing, "REST", 0.0)
        yield


@pytest.fixture
def make_bundle(tmp_path: Path) -> Callable[..., Bundle]:
    """`make_bundle(name="tiny", seed=0)` writes a small bundle below tmp_path and opens it."""

    def make(name: str = "tiny", seed: int = 0) -> Bundle:
        return write_tiny(tmp_path / name, seed)

    return make


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """One such bundle shared by all tests, which must leave its folder alone."""
    return write_tiny(tmp_path_factory.mktemp("bundle") / "tiny", seed=0)


@pytest.fixture(scope="session")
def doubled_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The tiny bundle with near-duplicates: two groups within test (three items and two), two pairs with train."""
    path = write_tiny(tmp_path_factory.mktemp("doubled") / "doubled", seed=0).path
    pairs = {"test-test": [[3, 11], [11, 40], [5, 6]], "test-train": [[3, 50], [7, 2]]}
    with BundleWriter(path) as writer:
        entry = {key: writer.add_array(np.array(rows, np.int32)) for key, rows in pairs.items()}
        writer.commit({**load_bundle(path).manifest, "near_duplicates": {"made": "by tests", **entry}})
    return load_bundle(path)


def write_tiny(path: Path, seed: int) -> Bundle:
    """10 classes in 4 superclasses, test (60) and train (150), encoder `semantic` (16-d), latent-sigmoid at 16 bits.

    Embeddings lie around their class, classes around their superclass; some are equal across classes, so that
    similarities and codes tie; a fifth of the predicted classes is wrong.
    """
    rng = np.random.default_rng(seed)
    groups = rng.normal(size=(4, DIMENSIONS))
    centres = groups[SUPERCLASS_OF] + 0.8 * rng.normal(size=(10, DIMENSIONS))
    labels, vectors, predicted = {}, {}, {}
    for split, count in COUNTS.items():
        labels[split] = rng.permutation(np.arange(count) % 10)
        vectors[split] = centres[labels[split]] + 0.7 * rng.normal(size=(count, DIMENSIONS))
        guess = labels[split].copy()
        wrong = rng.permutation(count)[: count // 5]
        guess[wrong] = (guess[wrong] + 1 + rng.integers(0, 9, len(wrong))) % 10
        predicted[split] = guess
    vectors["test"][[11, 12, 40]] = vectors["test"][3]
    vectors["train"][[20, 90, 91, 140]] = vectors["train"][7]
    vectors["train"][50] = vectors["test"][3]
    planes = rng.normal(size=(DIMENSIONS, BITS))
    projections = {split: (vectors[split] @ planes).astype(np.float16) for split in COUNTS}
    with BundleWriter(path) as writer:
        writer.commit(_manifest(writer, labels, vectors, predicted, projections))
    return load_bundle(path)


def _manifest(writer: BundleWriter, labels: dict, vectors: dict, predicted: dict, projections: dict) -> dict:
    def each(arrays: dict, dtype: type) -> dict:
        return {split: writer.add_array(array.astype(dtype)) for split, array in arrays.items()}

    classes = [f"class{c}" for c in range(10)]
    names = [f"group{g}" for g in range(4)]
    below = [f"{names[g]} {c}" for c, g in zip(classes, SUPERCLASS_OF, strict=True)]
    superclass = [*(f"root {name}" for name in names), *below]
    wordnet = ["root animal", "root thing", "animal group0", "animal group1", "thing group2", "thing group3", *below]
    codes = {split: np.packbits(values > 0, axis=1) for split, values in projections.items()}
    unit = {split: v / np.linalg.norm(v, axis=1, keepdims=True) for split, v in vectors.items()}
    return {
        "format": 1,
        "dataset": "Tiny",
        "classes": classes,
        "superclasses": names,
        "superclass_of": SUPERCLASS_OF,
        "splits": {split: {"count": len(y), "labels": writer.add_array(y)} for split, y in labels.items()},
        "hierarchies": {
            name: writer.add_file(f"{name}.txt", "".join(f"{line}\n" for line in lines).encode())
            for name, lines in (("wordnet", wordnet), ("superclass", superclass))
        },
        "encoders": {
            "semantic": {
                "dimensions": DIMENSIONS,
                "made": "seeded random numbers around class centres",
                "accuracy": 0.8,
                "embeddings": each(unit, np.float16),
                "predicted": each(predicted, np.uint8),
                "weights": None,
            }
        },
        "hashes": [
            {
                "encoder": "semantic",
                "hash": "latent-sigmoid",
                "bits": BITS,
                "made": "random planes",
                "codes": each(codes, np.uint8),
                "projections": {"test": writer.add_array(projections["test"])},
                "head": {},
            }
        ],
        "protocols": ["test-vs-test", "test-vs-train", "test-vs-test-with-self"],
        "defaults": {
            "encoder": "semantic",
            "hash": "latent-sigmoid",
            "bits": BITS,
            "protocol": "test-vs-test",
            "hierarchy": "wordnet",
        },
        "made": {"by": "tests"},
    }
