"""A small data set in CIFAR-10's exact file format."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np

from core.datasets.cifar10 import CIFAR_10

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def write_files(root: Path, a_part: int = 20, test: int = 20) -> dict[str, str]:
    """Write the files below `root`, classes in turn, each of its own colour; returns their checksums."""
    folder = root / CIFAR_10.folder
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    contents = {"batches.meta": {"label_names": NAMES, "num_cases_per_batch": a_part, "num_vis": 3072}}
    for name in (*CIFAR_10.parts["train"], *CIFAR_10.parts["test"]):
        labels = np.arange(test if name == "test_batch" else a_part) % 10
        planes = 20 * labels[:, None] + rng.integers(0, 40, (len(labels), 3072))
        contents[name] = {
            "batch_label": name,
            "labels": labels.tolist(),
            "data": planes.astype(np.uint8),
            "filenames": [f"{n}.png" for n in range(len(labels))],
        }
    sums = {}
    for name, content in contents.items():
        data = pickle.dumps(content, protocol=2)
        (folder / name).write_bytes(data)
        sums[name] = hashlib.md5(data).hexdigest()
    return sums
