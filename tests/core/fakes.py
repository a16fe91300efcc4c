"""A bundle in memory with just what the engine reads, at any size and with any stored codes."""

from __future__ import annotations

import numpy as np

from core.bundle import hierarchy
from core.engine.task import open_task
from core.errors import unknown_name
from core.settings import Setting

CLASSES = 5
TREE = "root mammals\nroot cars\nmammals 0\nmammals 1\ncars 2\nroot 3\nroot 4"


class FakeBundle:
    name = "fake"
    version = "0"
    splits = ("test", "train")
    protocols = ("test-vs-test", "test-vs-train", "test-vs-test-with-self")
    class_names = tuple("01234")
    superclass_of = np.array([0, 0, 1, 2, 2])

    def __init__(self, queries=40, gallery=120, dimensions=8, stored=(), seed=0, pairs=None):
        self.pairs = pairs or {}
        self.manifest = {"splits": {"test": {}, "train": {}}}  # made of no folder of pictures
        rng = np.random.default_rng(seed)
        centres = rng.normal(size=(CLASSES, dimensions))
        self._labels, self._embeddings = {}, {}
        for split, count in (("test", queries), ("train", gallery)):
            y = rng.integers(0, CLASSES, count)
            x = centres[y] + rng.normal(size=(count, dimensions))
            x[count // 2 : count // 2 + 3] = x[0]  # equal items: ties of codes and of similarity
            self._labels[split] = y
            self._embeddings[split] = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
        self._stored = list(stored)

    def embeddings(self, encoder, split):
        if encoder != "semantic":
            raise unknown_name("encoder", encoder, ["semantic"])
        return self._embeddings[split]

    def labels(self, split):
        return self._labels[split]

    def near_duplicates(self, queries, gallery):
        found = self.pairs.get((queries, gallery))
        return None if found is None else np.array(found, np.int32).reshape(-1, 2)

    def count(self, split):
        return len(self._labels[split])

    def predicted(self, encoder, split):
        return (self._labels[split] + (np.arange(self.count(split)) % 7 == 0)) % CLASSES

    def encoder_info(self, encoder):
        return {"dimensions": self.embeddings(encoder, "test").shape[1]}

    def stored_hashes(self, encoder, seed=0):
        return [(entry["hash"], entry["bits"]) for entry in self._stored if seed == 0]

    def stored_hash(self, encoder, name, bits, seed=0):
        return next((e for e in self._stored if (e["hash"], e["bits"], 0) == (name, bits, seed)), None)

    def array(self, spec):
        return spec  # a fake entry holds the arrays themselves

    def hierarchy(self, name):
        if name != "toy":
            raise unknown_name("hierarchy", name, ["toy"])
        return hierarchy.parse(TREE, self.class_names, "toy")


def task_of(bundle, encoder, protocol, queries=None, seed=0, near_duplicates="keep"):
    """Queries and gallery under a protocol, whatever the hash."""
    setting = Setting(encoder, "itq", 8, "2", protocol, "toy", seed, queries, near_duplicates)
    return open_task(bundle, setting)
