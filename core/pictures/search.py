"""The pictures of an index that are nearest to a query, by a pass over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.bundle.vectors import COSINE, check_similarity
from core.errors import BadInput
from core.pictures.index import PictureIndex


class Hit(NamedTuple):
    """A picture's rank from 1, its similarity to the query, and its path below the folder."""

    rank: int
    score: float
    path: str


def printable(path: str) -> str:
    """A path that can be written as UTF-8: names that are not get question marks."""
    return path.encode("utf-8", "replace").decode()


def hits_csv(hits: Sequence[Hit]) -> bytes:
    """The hits as the content of a CSV file."""
    table = pd.DataFrame([hit._replace(path=printable(hit.path)) for hit in hits], columns=Hit._fields)
    return table.to_csv(index=False, lineterminator="\n").encode()


def search_index(index: PictureIndex, query: np.ndarray, k: int, similarity: str = COSINE) -> list[Hit]:
    """The `k` most similar pictures (all, if there are fewer) to features float (d,); equal ones by path.

    Sums are float64 and do not depend on how the index is split into parts.
    """
    scores = similarities(index, query, similarity)
    best = np.lexsort((np.arange(len(scores)), -scores))[: min(k, len(scores))]
    return [Hit(rank, float(scores[place]), index.files[place].path) for rank, place in enumerate(best, start=1)]


def similarities(index: PictureIndex, query: np.ndarray, similarity: str = COSINE) -> np.ndarray:
    """Float64 (N,) of all pictures; by cosine a picture whose features are all zero has 0."""
    check_similarity(similarity)
    if query.shape != (index.dimensions,):
        raise BadInput(f"query features of shape {query.shape}: the index holds {index.dimensions} dimensions")
    # The query is rounded as the index is, so that a picture finds itself at 1.
    most = np.finfo(np.float16).max
    vector = np.clip(query, -most, most).astype(np.float16).astype(np.float64)
    scores = np.empty(len(index))
    for places, features in index.blocks():
        block = features.astype(np.float64)
        products = np.einsum("ij,j->i", block, vector)
        if similarity == COSINE:
            lengths = np.sqrt(np.einsum("ij,ij->i", block, block) * np.einsum("i,i->", vector, vector))
            products = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
        scores[places] = products
    return scores
