"""Codes of the tiny bundle by each distance, and their distances by plain loops."""

from __future__ import annotations

import numpy as np

from core.hashing.numbered import unpack_numbers
from core.hashing.rabitq import signed_items
from core.settings import Setting
from tests import reference

SETTINGS = {
    "hamming": ("itq", 8),
    "capped": ("predicted-class", 4),
    "cells": ("kmeans", 4),
    "lookup": ("pq", 16),
    "estimate": ("rabitq", 80),
}
OTHERS = ["cells", "lookup", "estimate"]


def setting(kind, protocol="test-vs-test", multiplier="1.5", **more):
    name, bits = SETTINGS[kind]
    return Setting("semantic", name, bits, multiplier, protocol, "wordnet", **more)


def distances(engine, chosen, query):
    """The distances float64 (N,) of one query to all items, from what the method's arrays stand for."""
    task, codes = engine.at(chosen).task, engine.at(chosen).codes
    vector = task.queries[query].astype(np.float64)
    if chosen.hash in ("itq", "predicted-class"):
        found = [reference.hamming(codes.queries.packed[query], code) for code in codes.gallery.packed]
        return np.minimum(found, 1 if chosen.hash == "predicted-class" else 99).astype(float)
    method = engine.at(chosen).method
    if chosen.hash == "kmeans":
        apart = ((method.centroids - vector) ** 2).sum(axis=1)
        place = np.argsort(np.argsort(apart, kind="stable"))
        return place[unpack_numbers(codes.gallery.packed, 1, 4)[:, 0]].astype(float)
    if chosen.hash == "pq":
        numbers, starts = unpack_numbers(codes.gallery.packed, 4, 4), method.codebook.starts
        rebuilt = [method.values[starts[m] : starts[m + 1]].T[numbers[:, m]] for m in range(4)]
        return ((np.concatenate(rebuilt, axis=1) - vector) ** 2).sum(axis=1)
    items = signed_items(codes.gallery.packed)
    residual = method.project(task.queries[query : query + 1])[0].astype(np.float64)
    signs = np.where(np.unpackbits(codes.gallery.packed[:, :2], axis=1) == 1, 1.0, -1.0)
    return items.squares + (residual**2).sum() - 2.0 * items.factors * (signs @ residual)


def ranking(found, exclude):
    """Ids by (distance, index), those that rounding alone could part in index order."""
    return [int(n) for n in np.lexsort((np.arange(len(found)), np.round(found, 9))) if n != exclude]
