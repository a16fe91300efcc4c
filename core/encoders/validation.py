"""How good a network is on the images held out for choices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.bundle.vectors import unit_rows
from core.encoders.encoding import encode_images
from core.encoders.networks.base import Network
from core.engine.results import SearchResult
from core.metrics.accumulate import judge_rankings
from core.metrics.ideal import ideal_sums
from core.metrics.tables import Judgements
from core.search.door import Vectors
from core.search.local import LOCAL

DEPTH = 250


class Validation(NamedTuple):
    """Accuracy of the predicted class; of exact search among the held-out images, each left out of its own gallery:
    ap@100, ahp@250 (both at the gallery's size where that is smaller) and precision@1."""

    accuracy: float
    ap: float
    ahp: float
    precision: float


def validate(
    network: Network, images: np.ndarray, labels: np.ndarray, similarity: np.ndarray, flip: bool = False
) -> Validation:
    """Judge a network on uint8 images (N, 32, 32, 3) of classes int64 (N,); `similarity` float64 (C, C)."""
    encoded = encode_images(network, images, flip=flip, fast=True)
    accuracy = float((encoded.probabilities.argmax(axis=1) == labels).mean())
    return Validation(accuracy, *judge(encoded.embeddings, labels, similarity))


def judge(embeddings: np.ndarray, labels: np.ndarray, similarity: np.ndarray) -> tuple[float, float, float]:
    """ap@100, ahp@250 and precision@1 of exact search among embeddings float32 (N, d), each left out of its gallery."""
    rows = unit_rows([embeddings], embeddings.shape, "embeddings of the held-out images")
    deep = min(DEPTH, len(rows) - 1)
    ks = sorted({1, min(100, deep), deep})
    counts = np.bincount(labels, minlength=len(similarity))
    judgements = Judgements(labels, labels, similarity, ideal_sums(similarity, counts, deep, leave_one_out=True))
    ids = LOCAL.open_vectors(Vectors(rows)).rank(rows, np.arange(len(rows)), deep).ids
    result = SearchResult("exact", judge_rankings(ids, ids, judgements, np.array(ks)))
    return result.mean("ap", min(100, deep)), result.mean("ahp", deep), result.mean("precision", 1)
