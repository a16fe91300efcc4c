"""The hash methods by name: a method is data here, not a branch in the code that uses it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from core.errors import BadInput, unknown_name
from core.hashing.info import OFFERED_BITS, HashInfo
from core.hashing.itq import ITQ
from core.hashing.kmeans import CELL_BITS, KMeansCells
from core.hashing.pca_rotation import PcaRotation
from core.hashing.pca_sign import PcaSign
from core.hashing.pq import FEWEST_ROWS, PQ_BITS, ProductQuantiser
from core.hashing.predicted_class import class_bits, predicted_codes
from core.hashing.rabitq import RaBitQ, rabitq_bits
from core.hashing.random_codes import drawn_codes
from core.hashing.random_hyperplane import RandomHyperplane
from core.hashing.registry_learned import LEARNED
from core.hashing.spectral import Spectral

__all__ = ["CONTROLS", "HASHES", "OFFERED_BITS", "HashInfo", "allowed_bits", "fitted_bits", "get_hash"]

# Modules that describe a hash of their own as HASH: a line here is all that lists one.
ADDED: tuple[str, ...] = (
    # "core.hashing.weighted_signs",
)

_METHODS = (
    HashInfo(
        name="random-hyperplane",
        label="Random hyperplanes",
        description="Each bit says on which side of a random plane the embedding lies. Needs no training.",
        source="Charikar, STOC 2002",
        asymmetric=True,
        prefix=True,
        fit=RandomHyperplane,
    ),
    HashInfo(
        name="pca-sign",
        label="PCA sign",
        description="Signs of the leading principal components: one bit each, however little a component varies.",
        source="Gong & Lazebnik, CVPR 2011 (PCA-Direct)",
        asymmetric=True,
        prefix=True,
        fit=PcaSign,
        within_dimensions=True,
    ),
    HashInfo(
        name="pca-rotation",
        label="PCA, random rotation",
        description="Principal components, turned at random so that their variance is spread over all bits.",
        source="Gong & Lazebnik, CVPR 2011 (PCA-RR); Jégou et al., CVPR 2010",
        asymmetric=True,
        fit=PcaRotation,
        within_dimensions=True,
    ),
    HashInfo(
        name="itq",
        label="ITQ",
        description="Principal components, rotated so that cutting them to signs loses least.",
        source="Gong & Lazebnik, CVPR 2011",
        asymmetric=True,
        fit=ITQ,
        within_dimensions=True,
    ),
    HashInfo(
        name="spectral",
        label="Spectral hashing",
        description="Signs of the slowest waves along the principal components: long ones get several bits.",
        source="Weiss, Torralba & Fergus, NIPS 2008",
        asymmetric=True,
        fit=Spectral,
    ),
    HashInfo(
        name="kmeans",
        label="k-means cells",
        description="The number of the nearest of 2^bits centroids; search goes by the cells nearest to the query.",
        source="Lloyd, IEEE Trans. Information Theory 1982; inverted file of Jégou et al., PAMI 2011",
        distance="cells",
        fit=KMeansCells,
        lengths=CELL_BITS,
        least_rows=lambda bits: 1 << bits,
    ),
    HashInfo(
        name="pq",
        label="Product quantisation",
        description="The numbers of the nearest centroids of parts of the embedding; distances are added from tables.",
        source="Jégou, Douze & Schmid, PAMI 2011",
        distance="lookup",
        fit=ProductQuantiser,
        lengths=PQ_BITS,
        most_a_dimension=4,
        least_rows=lambda bits: FEWEST_ROWS,
    ),
    HashInfo(
        name="rabitq",
        label="RaBitQ",
        description="One bit a dimension after a random rotation, and two numbers that make the distance estimable.",
        source="Gao & Long, SIGMOD 2024; faiss IndexRaBitQ",
        distance="estimate",
        fit=RaBitQ,
        fixed_bits=rabitq_bits,
    ),
    *LEARNED,
    HashInfo(
        name="random-codes",
        label="Random codes (control)",
        description="Bits that have nothing to do with the image: what is reached by chance.",
        source="control",
        control=True,
        make_codes=drawn_codes,
        drawn=True,
    ),
    HashInfo(
        name="predicted-class",
        label="Predicted class (control)",
        description="The number of the predicted class as code, at distance 0 if equal and 1 if not.",
        source="control; Sablayrolles et al., ICASSP 2017",
        control=True,
        make_codes=predicted_codes,
        of_prediction=True,
        class_bits=class_bits,
        distance_cap=1,
    ),
    HashInfo(
        name="imported",
        label="Imported codes",
        description="Codes of your own, compared by Hamming distance.",
        source="the bundle",
        stored_only=True,
    ),
)

_ADDED: tuple[HashInfo, ...] = tuple(import_module(name).HASH for name in ADDED)
HASHES: dict[str, HashInfo] = {  # methods, then controls, then what is imported
    info.name: info for info in sorted((*_METHODS, *_ADDED), key=lambda info: (info.stored_only, info.control))
}
CONTROLS = tuple(name for name, info in HASHES.items() if info.control)


def get_hash(name: str) -> HashInfo:
    """The method of that name; BadInput, with the nearest name, for an unknown one."""
    if name not in HASHES:
        raise unknown_name("hash", name, HASHES)
    return HASHES[name]


def allowed_bits(
    name: str, dimensions: int, stored: Sequence[int] = (), classes: int | None = None, rows: int | None = None
) -> list[int]:
    """The code lengths to offer, ascending, for embeddings of `dimensions` dimensions, `rows` of them to fit on.

    `stored`: lengths of which the bundle holds codes or heads; they are offered for every method but one that tells
    `classes` classes apart, which has the one length for it. A method that is slow to fit is offered at these alone, or
    up to the greatest where shorter codes begin it. Empty: the method cannot be used here.
    """
    info = get_hash(name)
    if info.class_bits is not None:
        if classes is None:
            raise BadInput(f"the length of {name} depends on the number of classes, which is not given")
        return [info.class_bits(classes)]
    if info.slow_fit:
        shorter = [bits for bits in info.lengths if bits <= max(stored, default=0)] if info.prefix else []
        return sorted({*stored, *shorter})
    return sorted({*stored, *fitted_bits(name, dimensions, rows)})


def fitted_bits(name: str, dimensions: int, rows: int | None = None) -> list[int]:
    """The code lengths that a method can be fitted at on embeddings of `dimensions` dimensions, ascending.

    `rows` there are to fit on; None: as many as it takes.
    """
    info = get_hash(name)
    if info.stored_only or info.class_bits is not None:
        return []
    if info.fixed_bits is not None:
        return [info.fixed_bits(dimensions)]
    most = dimensions if info.within_dimensions else max(info.lengths)
    if info.most_a_dimension is not None:
        most = info.most_a_dimension * dimensions
    lengths = [bits for bits in info.lengths if bits <= most]
    if rows is None or info.least_rows is None:
        return lengths
    return [bits for bits in lengths if info.least_rows(bits) <= rows]
