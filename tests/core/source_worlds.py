"""A small bundle that passes for CIFAR-100: its 100 class names and its class tree over sixty test vectors."""

from __future__ import annotations

import json
from pathlib import Path

from core.bundle import hierarchy
from core.bundle.bundle import Bundle, load_bundle
from core.bundle.writer import BundleWriter

TREE = Path(hierarchy.__file__).parents[1] / "datasets" / "trees" / "cifar100-wordnet.txt"


def class_names() -> list[str]:
    """The leaves of the tree: CIFAR-100's class names in alphabetical, which is label, order."""
    pairs = [line.split() for line in TREE.read_text().splitlines() if line and not line.startswith("#")]
    return sorted({child for _, child in pairs} - {parent for parent, _ in pairs})


def dress(tiny: Path) -> Bundle:
    """Turn a tiny bundle on disk into one: encoders `other` and `source` without a layer of their own, `semantic`."""
    manifest = json.loads((tiny / "manifest.json").read_bytes())
    with BundleWriter(tiny) as writer:
        manifest["classes"], manifest["superclasses"], manifest["superclass_of"] = class_names(), None, None
        manifest["hierarchies"] = {"wordnet": writer.add_file("wordnet.txt", TREE.read_bytes())}
        semantic = manifest["encoders"]["semantic"]
        manifest["encoders"] = {"other": semantic, "semantic": {**semantic, "encode_ms": 2.5}, "source": semantic}
        writer.commit(manifest)
    return load_bundle(tiny)
