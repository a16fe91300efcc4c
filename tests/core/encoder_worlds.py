"""A bundle of three encoders: the small one's, one of fewer dimensions, one compared by inner product."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from core.bundle.bundle import Bundle, load_bundle
from core.bundle.writer import BundleWriter

LOG = "epoch,loss,held_out_accuracy,seconds\n1,3.5,0.25,60\n2,2.0,0.5,60\n3,1.5,0.75,60\n4,1.25,0.625,60\n"


def write_three(tiny: Bundle, path: Path, log: str = LOG) -> Bundle:
    """`tiny` copied to `path`, its encoder `semantic` given every optional entry but a map, and two more encoders:
    `small` (4-d, ITQ-free: at most 4 bits by components; a time for one image) and `softmax` (10-d, inner product,
    nothing optional)."""
    shutil.copytree(tiny.path, path)
    rng = np.random.default_rng(1)
    whole = {split: tiny.embeddings("semantic", split).astype(np.float64) for split in tiny.splits}
    planes = rng.normal(size=(whole["test"].shape[1], 10))
    scores = {split: np.exp(3 * values @ planes) for split, values in whole.items()}
    vectors = {
        "small": {split: values[:, :4] for split, values in whole.items()},
        "softmax": {split: values / values.sum(axis=1, keepdims=True) for split, values in scores.items()},
    }
    with BundleWriter(path) as writer:
        encoders = dict(tiny.manifest["encoders"])
        encoders["semantic"] = encoders["semantic"] | {
            "parameters": 3_200_000,
            "accuracy_held_out": 0.75,
            "encode_ms": 4.0,
            "encode_batch_ms": 0.5,
            "encode_batch": 256,
            "encode_threads": 2,
            "encode_machine": "a machine",
            "recipe": {"encoder": "semantic", "epochs": 4},
            "training": writer.add_file("semantic.csv", log.encode()),
        }
        for name, arrays in vectors.items():
            stored = {split: writer.add_array(values.astype(np.float32)) for split, values in arrays.items()}
            encoders[name] = {"dimensions": arrays["test"].shape[1], "made": "numbers", "embeddings": stored}
        encoders["small"] |= {"accuracy": 0.5, "encode_ms": 1.0, "encode_machine": "a machine"}
        encoders["softmax"] |= {"similarity": "inner-product"}
        writer.commit({**tiny.manifest, "encoders": encoders})
    return load_bundle(path)
