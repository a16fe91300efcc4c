"""Features of classes in groups, and the average precision that codes of them reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.hashing.packing import pack, to_words
from core.hashing.registry import get_hash
from core.metrics import ties
from core.search.hamming import hamming_levels

CLASSES, GROUPS, DIMENSIONS = 20, 4, 24
SIMILARITY = np.where(np.arange(CLASSES)[:, None] % GROUPS == np.arange(CLASSES) % GROUPS, 0.5, 0.0)
np.fill_diagonal(SIMILARITY, 1.0)


def class_data(count=1200, seed=0):
    """Unit rows float32 (count, 24) around their class, classes around their group; labels int64 (count,)."""
    places = np.random.default_rng(99)
    groups = places.normal(size=(GROUPS, DIMENSIONS))
    centres = 2 * groups[np.arange(CLASSES) % GROUPS] + 0.8 * places.normal(size=(CLASSES, DIMENSIONS))
    drawn = np.random.default_rng(seed)
    y = drawn.permutation(np.arange(count) % CLASSES)
    x = centres[y] + 0.5 * drawn.normal(size=(count, DIMENSIONS))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32), y


def unfitted(name, bits, seed=0, steps=150):
    """A method that trains for few steps."""
    method = get_hash(name).fit(bits, seed)
    steps *= 2 if name == "fourier-hashnet" else 1  # which starts further away
    for key in ("training", "maps_training", "bits_training"):
        if hasattr(method, key):
            setattr(method, key, replace(getattr(method, key), epochs=1, least_steps=steps, batch=128))
    return method


def fitted(name, bits, seed=0, steps=150, data=None):
    X, y = data or class_data()
    info = get_hash(name)
    asked = {"y": y} if info.needs_labels else {}
    if info.needs_similarity:
        asked["similarity"] = SIMILARITY
    return unfitted(name, bits, seed, steps).fit(X, **asked)


def hamming_ap(method, gallery, queries):
    """Mean expected average precision over the whole gallery by Hamming distance; both are (X, y)."""
    codes = to_words(pack(method.project_queries(queries[0]) > 0)), to_words(method.encode(gallery[0]))
    none = np.full(len(queries[1]), -1, np.int64)
    every = hamming_levels(*codes, method.bits, none, None, 1)
    relevant = ties.relevant_levels(*codes, queries[1], gallery[1], method.bits, none, None, 1)
    sums = ties.expected_ap_sum(every, relevant, np.array([len(gallery[1])]), 1)[:, 0]
    return float((sums / relevant.sum(axis=1)).mean())
