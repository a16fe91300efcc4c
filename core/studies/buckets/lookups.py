"""The ways to find candidates that the study compares, as data, and the buckets that each puts images in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.bundle.bundle import Bundle
from core.codes.codes import find_stored, fit_split, hash_method
from core.errors import BadInput
from core.hashing.base import centred_product, one_thread
from core.hashing.clustering import centroids
from core.hashing.pca_sign import principal_components
from core.hashing.registry import get_hash
from core.studies.buckets.hash_tables import fit_tables
from core.studies.buckets.published import (
    CELLS,
    DIMENSIONS,
    LEARNED_BITS,
    LEARNED_TABLES,
    PCA_DIMENSIONS,
    RANDOM_TABLES,
)

EXACT, BUCKETS, HAMMING = "exact", "buckets", "hamming"
KMEANS, RANDOM = "kmeans", "random-hyperplane"
KEY_BITS, TABLES = (8, 10, 12, 14, 16), (1, 5, 10)
# Bits of the code, bits of a key, tables: those of the study that is followed, then those of each method's paper.
LEARNED = {
    "neural-lsh": ((LEARNED_BITS, *LEARNED_TABLES["neural-lsh"]), (LEARNED_BITS, 8, 10)),
    "fourier-hashnet": ((LEARNED_BITS, *LEARNED_TABLES["fourier-hashnet"]), (64, 8, 10)),
}
RANKED_BITS = (LEARNED_BITS, 64)  # of random codes that are ranked by Hamming distance


@dataclass(frozen=True)
class Lookup:
    """How candidates are found: all of them (`exact`, `hamming`: ranked by their codes) or those in equal buckets.

    `cells` and `pca` (dimensions; None: as they are) belong to k-means, `bits` is a code's length, `key_bits` and
    `tables` are of hash tables.
    """

    method: str
    search: str = BUCKETS
    bits: int | None = None
    key_bits: int | None = None
    tables: int | None = None
    cells: int | None = None
    pca: int | None = None

    @property
    def label(self) -> str:
        """What it is called."""
        if self.search == EXACT:
            return "Exact ranking"
        name = "k-means cells" if self.method == KMEANS else get_hash(self.method).label
        return f"{name} after PCA" if self.pca else name

    @property
    def parameters(self) -> str:
        """Its parameters as text."""
        if self.search == EXACT:
            return "every image"
        if self.search == HAMMING:
            return f"Hamming ranking of {self.bits} bits"
        if self.method == KMEANS:
            return f"{self.cells} cells" + (f", {self.pca} dimensions" if self.pca else "")
        of = "" if self.bits is None else f" of {self.bits}"
        return f"{self.tables} × {self.key_bits} bits{of}"


class Keys(NamedTuple):
    """The bucket of each query and each item in each table, int64 (L, Q) and (L, N).

    `products` is what finding a query's buckets costs, in inner products of embeddings.
    """

    queries: np.ndarray
    gallery: np.ndarray
    products: float


class Bits(NamedTuple):
    """Bits bool (Q, b) of the queries and (N, b) of the gallery; `products` as in `Keys`."""

    queries: np.ndarray
    gallery: np.ndarray
    products: float


def lookups(
    bundle: Bundle,
    encoder: str,
    cells: Sequence[int] = CELLS,
    key_bits: Sequence[int] = KEY_BITS,
    tables: Sequence[int] = TABLES,
    learned: Sequence[str] = tuple(LEARNED),
) -> list[Lookup]:
    """The rows of the study; numbers of cells above the images that centroids are fitted on are left out.

    Random tables are all pairs of `key_bits` and `tables`, and the pair of the study that is followed.
    """
    dimensions, rows = bundle.encoder_info(encoder)["dimensions"], bundle.count(fit_split(bundle))
    pairs = sorted({(bits, count) for bits in key_bits for count in tables} | {RANDOM_TABLES})
    fitting = [count for count in cells if count <= rows]
    coded = {(RANDOM, bits): None for bits in RANKED_BITS}
    coded |= {(name, bits): None for name in learned for bits, _, _ in LEARNED[name]}
    return [
        Lookup("", EXACT),
        *(Lookup(KMEANS, cells=count, pca=pca) for pca in (None, reduced(dimensions)) for count in fitting),
        *(Lookup(RANDOM, key_bits=bits, tables=count) for bits, count in pairs),
        *(Lookup(name, BUCKETS, *shape) for name in learned for shape in LEARNED[name]),
        *(Lookup(name, HAMMING, bits) for name, bits in coded),
    ]


def reduced(dimensions: int) -> int:
    """The dimensions that PCA keeps: 100 as in the study, of embeddings that are not much wider the share it kept.

    >>> reduced(1024), reduced(100)
    (100, 10)
    """
    share = PCA_DIMENSIONS / DIMENSIONS
    return PCA_DIMENSIONS if dimensions >= 2 * PCA_DIMENSIONS else max(1, round(dimensions * share))


def without_head(bundle: Bundle, encoder: str, seed: int = 0) -> list[str]:
    """The learned methods of which the bundle lacks a head that the study needs: they take minutes to fit."""

    def stored(name: str, bits: int) -> bool:
        entry = find_stored(bundle, encoder, get_hash(name), bits, seed)
        return bool(entry and entry.get("head"))

    return [name for name, shapes in LEARNED.items() if not all(stored(name, bits) for bits, _, _ in shapes)]


def cell_keys(
    features: np.ndarray, queries: np.ndarray, gallery: np.ndarray, cells: int, pca: int | None, seed: int
) -> Keys:
    """The k-means cell of each image as its one bucket, centroids fitted on `features` float32 (n, d).

    `pca` finds the cells among the first principal components, as many of them as vary.
    """
    dimensions = features.shape[1]
    with one_thread():
        if pca is not None:
            axes = principal_components(features, pca, "PCA", or_fewer=True)
            features, queries, gallery = (centred_product(X, *axes) for X in (features, queries, gallery))
        centres = centroids(features, cells, seed, "k-means")
    from core.search.cells import nearest_cells, prepare_centroids

    prepared = prepare_centroids(centres)
    found = [nearest_cells(np.ascontiguousarray(X), prepared).astype(np.int64)[None] for X in (queries, gallery)]
    kept = features.shape[1]
    return Keys(found[0], found[1], cells * kept / dimensions + (kept if pca else 0))


def plane_keys(
    features: np.ndarray, queries: np.ndarray, gallery: np.ndarray, key_bits: int, tables: int, seed: int
) -> Keys:
    """Tables of random planes through the mean of `features`."""
    drawn = fit_tables(features, key_bits, tables, seed)
    return Keys(drawn.keys(queries), drawn.keys(gallery), key_bits * tables)


def subset_keys(bits: Bits, key_bits: int, tables: int, seed: int) -> Keys:
    """Tables of random subsets of a code's bits; the first tables of more are those of fewer."""
    length = bits.queries.shape[1]
    if not 1 <= key_bits <= min(length, 62):
        raise BadInput(f"keys of {key_bits} bits from codes of {length}: expected 1 to {min(length, 62)}")
    generator = np.random.default_rng(seed)
    chosen = [np.sort(generator.permutation(length)[:key_bits]) for _ in range(tables)]
    weights = 1 << np.arange(key_bits, dtype=np.int64)[::-1]
    keys = [np.stack([side[:, places] @ weights for places in chosen]) for side in (bits.queries, bits.gallery)]
    return Keys(keys[0], keys[1], bits.products)


def code_bits(
    bundle: Bundle, encoder: str, name: str, bits: int, seed: int, queries: np.ndarray, gallery: np.ndarray
) -> Bits:
    """The codes of a hash: by the bundle's head where there is one, else by a fit made now."""
    method = hash_method(bundle, encoder, name, bits, seed)
    packed = method.encode(gallery)
    # What a query's code costs: the matrices it goes through. FourierHashNet has one of its own for the gallery.
    weights = sum(array.size for key, array in method.state().items() if array.ndim == 2 and key != "gallery")
    found = np.unpackbits(packed, axis=1)[:, :bits].astype(np.bool_)
    return Bits(method.project_queries(queries) > 0, found, weights / queries.shape[1])
