"""The small bundle with encoders that are networks: untrained, of pictures that are random pixels."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from core.building.bundle_entries import principal_axes
from core.bundle.bundle import Bundle, load_bundle
from core.bundle.writer import BundleWriter
from core.hashing import packing

AXES = 4  # dimensions that the classifier's features are reduced to


def picture_of(seed: int) -> np.ndarray:
    """Picture `seed` of the test split, uint8 (32, 32, 3): four blocks of a colour each, and noise."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 200, (2, 2, 3)).repeat(16, axis=0).repeat(16, axis=1)
    return (blocks + rng.integers(0, 56, (32, 32, 3))).astype(np.uint8)


def png(picture: np.ndarray) -> bytes:
    """The picture as the bytes of a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return buffer.getvalue()


def write_pictured(tiny: Bundle, path: Path) -> Bundle:
    """`tiny` copied to `path`, its encoder `semantic` and two new ones made of networks whose weights it holds.

    `semantic` (10-d, own codes of 8 bits), `classifier` (8 features reduced to 4) and `classifier-softmax` (10-d, inner
    product) have pictures `picture_of(0..59)` as test split; `bare` has no weights. `imported` codes stand on semantic.
    """
    import torch

    from core.encoders.encoding import encode_images
    from core.encoders.networks.registry import make_network
    from core.encoders.recipes.registry import get_recipe
    from core.encoders.weights import load_network, to_bytes

    shutil.copytree(tiny.path, path)
    images = {"test": np.stack([picture_of(i) for i in range(60)])}
    images["train"] = np.stack([picture_of(1000 + i) for i in range(150)])
    encoders, hashes = {"bare": tiny.manifest["encoders"]["semantic"]}, []
    with BundleWriter(path) as writer:
        for name in ("semantic", "classifier"):
            torch.manual_seed(0)
            recipe = replace(get_recipe(name), widths=(6, 8, 8), bits=8)
            network = make_network(recipe, torch.eye(10))
            network.prepare(torch.from_numpy(images["train"]).permute(0, 3, 1, 2).float() / 255)
            data = to_bytes(network.eval(), recipe, (10, 10))
            weights = path / f"{name}.safetensors"
            weights.write_bytes(data)
            encoded = {s: encode_images(load_network(weights), part, flip=True) for s, part in images.items()}
            weights.unlink()
            file = writer.add_file(weights.name, data)
            vectors = {s: e.embeddings for s, e in encoded.items()}
            predicted = {
                s: writer.add_array(e.probabilities.argmax(axis=1).astype(np.uint8)) for s, e in encoded.items()
            }
            shared = {"made": "untrained", "weights": file, "predicted": predicted}
            if name == "classifier":
                mean, axes = principal_axes(vectors["train"], AXES)
                vectors = {s: (v - mean) @ axes for s, v in vectors.items()}
                soft = {s: writer.add_array(e.probabilities) for s, e in encoded.items()}
                encoders["classifier-softmax"] = {
                    **shared, "dimensions": 10, "embeddings": soft, "similarity": "inner-product",
                }  # fmt: skip
                shared |= {"reduction": {"mean": writer.add_array(mean), "axes": writer.add_array(axes)}}
            stored = {s: writer.add_array(v.astype(np.float16)) for s, v in vectors.items()}
            encoders[name] = {**shared, "dimensions": vectors["test"].shape[1], "embeddings": stored}
            if name == "semantic":
                codes = {s: writer.add_array(packing.pack(e.latent > 0)) for s, e in encoded.items()}
                entry = {"encoder": name, "bits": 8, "made": "tests", "codes": codes, "projections": {}, "head": {}}
                hashes = [{**entry, "hash": "latent-sigmoid"}, {**entry, "hash": "imported"}]
        writer.commit(
            {
                **tiny.manifest,
                "encoders": encoders,
                "hashes": hashes,
                "defaults": {**tiny.manifest["defaults"], "bits": 8},
            }
        )
    return load_bundle(path)


def write_words(tiny: Bundle, path: Path) -> Bundle:
    """`tiny` copied to `path`, with a bag of 8 visual words, `bovw-hog`, of the same pictures."""
    from core.encoders.visual_words.fit import fit_bag
    from core.encoders.visual_words.recipes import get_words_recipe
    from core.encoders.visual_words.weights import to_bytes

    shutil.copytree(tiny.path, path)
    images = {"test": np.stack([picture_of(i) for i in range(60)])}
    images["train"] = np.stack([picture_of(1000 + i) for i in range(150)])
    bag, _ = fit_bag(get_words_recipe("bovw-hog", ["words=8", "fitted_on=2000", "rounds=2"]), images["train"])
    with BundleWriter(path) as writer:
        entry = {
            "made": "tests",
            "dimensions": 9,
            "predicted": {},
            "weights": writer.add_file("bovw-hog.safetensors", to_bytes(bag)),
            "embeddings": {s: writer.add_array(bag.encode(part).embeddings) for s, part in images.items()},
        }
        writer.commit({**tiny.manifest, "encoders": {**tiny.manifest["encoders"], "bovw-hog": entry}})
    return load_bundle(path)
