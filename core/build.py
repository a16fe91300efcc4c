"""From pictures to a bundle: train an encoder, embed both splits, make the codes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from core import hierarchy, manifest
from core.bundle import Bundle, load_bundle
from core.bundle_writer import BundleWriter, check_target
from core.codes import bits_for, fit_hash, fit_split
from core.datasets import cifar100
from core.errors import BadInput
from core.hashing import packing
from core.hashing.base import LinearHash
from core.hashing.registry import get_hash

HIERARCHIES = ("wordnet", "superclass")
PROTOCOLS = ["test-vs-test", "test-vs-train", "test-vs-test-with-self"]
SHIPPED_HASHES = ("random-hyperplane", "pca-sign", "itq")
SPLITS = ("test", "train")
DEFAULTS = {
    "hash": "random-hyperplane",  # it needs no training and has every length
    "bits": 48,
    "protocol": "test-vs-test",
    "hierarchy": "wordnet",
}


def train_encoder(
    root: str | Path, encoder: str, run_folder: str | Path, seed: int = 0, epochs: int | None = None
) -> None:
    """Train an encoder on the 45,000 training images that are not held out; resumes what is in `run_folder`."""
    from core.encoders.recipes import get_recipe
    from core.encoders.training import TrainingData, train

    recipe = get_recipe(encoder)
    if epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=epochs)
    split = cifar100.read_split(root, "train")
    names, _ = cifar100.read_names(root)
    chosen = cifar100.held_out(split.labels)
    fitted = np.setdiff1d(np.arange(len(split.labels)), chosen)
    data = TrainingData(
        images=split.images[fitted],
        labels=split.labels[fitted],
        held_out_images=split.images[chosen],
        held_out_labels=split.labels[chosen],
        class_vectors=hierarchy.shipped(recipe.hierarchy, names).class_vectors(),
    )
    network = train(recipe, data, run_folder, seed)
    _keep_weights(network, Path(run_folder))


def embed(root: str | Path, encoder: str, run_folder: str | Path, out: str | Path) -> None:
    """Embed both splits with the weights in `run_folder` into a new bundle, its own 48-bit codes included.

    The mirror image's outputs are averaged in. Test accuracy is measured here, once, and nothing is chosen by it.
    """
    from core.encoders.recipes import get_recipe
    from core.encoders.training import encode_images
    from core.encoders.weights import load_network

    check_target(out)
    recipe = get_recipe(encoder)
    weights = Path(run_folder) / "weights.safetensors"
    if not weights.is_file():
        raise BadInput(f"no weights in '{run_folder}': run the train command with --run {run_folder} first")
    network = load_network(weights)
    splits = {name: cifar100.read_split(root, name) for name in SPLITS}
    encoded = {name: encode_images(network, split.images, flip=True) for name, split in splits.items()}
    with BundleWriter(out) as writer:
        described = _describe_data(root, splits, writer)
        predicted = {name: values[2].argmax(axis=1) for name, values in encoded.items()}
        made = f"python -m core build --encoder {encoder}: trained on 45,000 training images for {recipe.epochs} epochs"
        described["encoders"] = {
            encoder: {
                "dimensions": recipe.dimensions,
                "made": made,
                "recipe": recipe.as_dict(),
                "accuracy": float((predicted["test"] == splits["test"].labels).mean()),
                "embeddings": {n: writer.add_array(v[0].astype(np.float16)) for n, v in encoded.items()},
                "predicted": {n: writer.add_array(v.astype(np.uint8)) for n, v in predicted.items()},
                "weights": writer.add_file(f"{encoder}.safetensors", weights.read_bytes()),
                **time_encoding(network, splits["test"].images),
            }
        }
        described["hashes"] = [_own_code(encoder, recipe.bits, encoded, writer)]
        described["defaults"] = {"encoder": encoder, **DEFAULTS}
        writer.commit(described)


def make_hashes(
    folder: str | Path, encoder: str, names: Sequence[str] = SHIPPED_HASHES, bits: Sequence[int] | None = None
) -> None:
    """Fit hashes on the training embeddings of a bundle and store codes and heads at every length asked for.

    A method whose codes are prefixes of longer ones is stored once, at its greatest length.
    """
    bundle = load_bundle(folder)
    with BundleWriter(folder) as writer:
        described = dict(bundle.manifest)
        replaced = {(encoder, name) for name in names}
        kept = [entry for entry in described["hashes"] if (entry["encoder"], entry["hash"]) not in replaced]
        for name in names:
            offered = bits_for(bundle, encoder, name)
            wanted = offered if bits is None else [length for length in bits if length in offered]
            if get_hash(name).prefix:
                wanted = [max(wanted)] if wanted else []
            if not wanted:
                raise BadInput(f"hash '{name}' has none of the lengths {bits}: expected some of {offered}")
            kept += [_stored_hash(bundle, encoder, name, length, writer) for length in wanted]
        described["hashes"] = kept
        writer.commit(described)


def build(root: str | Path, encoder: str, run_folder: str | Path, out: str | Path, seed: int = 0) -> None:
    """`train_encoder`, `embed` and `make_hashes` in turn; each step leaves a whole bundle or none."""
    check_target(out)
    train_encoder(root, encoder, run_folder, seed)
    embed(root, encoder, run_folder, out)
    make_hashes(out, encoder)


def _own_code(encoder: str, bits: int, encoded: dict, writer: BundleWriter) -> dict:
    """The codes of the network's own layer; its values are kept for the queries, which asymmetric search projects."""
    return {
        "encoder": encoder,
        "hash": "latent-sigmoid",
        "bits": bits,
        "made": "sign of the network's own latent layer, trained with it",
        "codes": {name: writer.add_array(packing.pack(values[1] > 0)) for name, values in encoded.items()},
        "projections": {"test": writer.add_array(encoded["test"][1].astype(np.float16))},
        "head": {},
    }


def time_encoding(network: object, images: np.ndarray, runs: int = 50) -> dict[str, object]:
    """Median milliseconds to encode one image on one thread, and on what machine, as the manifest keeps it."""
    import torch

    from core.conditions import machine
    from core.encoders.training import encode_images

    before, times = torch.get_num_threads(), []
    torch.set_num_threads(1)
    try:
        for run in range(runs + 5):
            started = perf_counter()
            encode_images(network, images[run % len(images) :][:1])
            times.append(perf_counter() - started)
    finally:
        torch.set_num_threads(before)
    return {"encode_ms": 1000 * float(np.median(times[5:])), "encode_machine": machine()}


def _keep_weights(network: object, run_folder: Path) -> None:
    from core.encoders.weights import to_bytes

    part = run_folder / "weights.part"
    part.write_bytes(to_bytes(network))
    part.replace(run_folder / "weights.safetensors")


def _describe_data(root: str | Path, splits: dict[str, cifar100.Split], writer: BundleWriter) -> dict:
    names, superclasses = cifar100.read_names(root)
    test = splits["test"]
    superclass_of = [int(test.superclasses[np.flatnonzero(test.labels == c)[0]]) for c in range(len(names))]
    trees = Path(hierarchy.__file__).parent / "datasets" / "trees"
    return {
        "format": manifest.FORMAT_VERSION,
        "dataset": "CIFAR-100",
        "classes": names,
        "superclasses": superclasses,
        "superclass_of": superclass_of,
        "splits": {
            name: {"count": len(split.labels), "labels": writer.add_array(split.labels.astype(np.uint8))}
            for name, split in splits.items()
        },
        "hierarchies": {
            name: writer.add_file(f"{name}.txt", (trees / f"cifar100-{name}.txt").read_bytes()) for name in HIERARCHIES
        },
        "protocols": PROTOCOLS,
        "made": {"command": "python -m core build", "held_out": "50 training images of each class, seed 0"},
    }


def _stored_hash(bundle: Bundle, encoder: str, name: str, bits: int, writer: BundleWriter) -> dict:
    fitted_on = fit_split(bundle)
    method = fit_hash(bundle, encoder, name, bits)
    head = method.state() if isinstance(method, LinearHash) else {}
    return {
        "encoder": encoder,
        "hash": name,
        "bits": bits,
        "made": f"python -m core hash: fitted on the {bundle.count(fitted_on):,} embeddings of '{fitted_on}', seed 0",
        "codes": {s: writer.add_array(method.encode(bundle.embeddings(encoder, s))) for s in bundle.splits},
        "projections": {},
        "head": {key: writer.add_array(value) for key, value in head.items()},
    }
