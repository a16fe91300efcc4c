"""The hash methods by name: a method is data here, not a branch in the code that uses it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.errors import BadInput, unknown_name
from core.hashing.base import HashMethod
from core.hashing.itq import ITQ
from core.hashing.pca_sign import PcaSign
from core.hashing.predicted_class import class_bits
from core.hashing.random_hyperplane import RandomHyperplane

OFFERED_BITS = tuple(range(8, 129, 8))  # lengths offered for methods that can make any


@dataclass(frozen=True)
class HashInfo:
    """What selectors, tooltips and the engine need to know of a method."""

    name: str
    label: str
    description: str
    source: str
    control: bool = False  # a yardstick, not a method to use
    asymmetric: bool = False  # has real values, so a query need not be cut to bits
    prefix: bool = False  # the first b bits are the method's code of b bits
    fit: Callable[[int, int], HashMethod] | None = None  # (bits, seed) -> unfitted method; None: not fitted here
    needs_labels: bool = False
    distance_cap: int | None = None  # code distances count at most this much; None: plain Hamming distance
    within_dimensions: bool = False  # at most one bit a dimension
    stored_only: bool = False  # codes come with the bundle or not at all


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
        name="itq",
        label="ITQ",
        description="Principal components, rotated so that cutting them to signs loses least.",
        source="Gong & Lazebnik, CVPR 2011",
        asymmetric=True,
        fit=ITQ,
        within_dimensions=True,
    ),
    HashInfo(
        name="latent-sigmoid",
        label="Latent sigmoid layer",
        description="A hidden layer of the encoder, trained with it; a bit where its sigmoid passes one half.",
        source="Lin et al., CVPR Workshops 2015; here with a cosine loss on class vectors",
        asymmetric=True,
        stored_only=True,
    ),
    HashInfo(
        name="random-codes",
        label="Random codes (control)",
        description="Bits that have nothing to do with the image: what is reached by chance.",
        source="control",
        control=True,
    ),
    HashInfo(
        name="predicted-class",
        label="Predicted class (control)",
        description="The number of the predicted class as code, at distance 0 if equal and 1 if not.",
        source="control; Sablayrolles et al., ICASSP 2017",
        control=True,
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

HASHES: dict[str, HashInfo] = {info.name: info for info in _METHODS}


def get_hash(name: str) -> HashInfo:
    """The method of that name; BadInput, with the nearest name, for an unknown one."""
    if name not in HASHES:
        raise unknown_name("hash", name, HASHES)
    return HASHES[name]


def allowed_bits(name: str, dimensions: int, stored: Sequence[int] = (), classes: int | None = None) -> list[int]:
    """The code lengths to offer, ascending, for embeddings of `dimensions` dimensions.

    `stored`: lengths of which the bundle holds codes; they are offered for every method but predicted-class, which
    has the one length that tells `classes` classes apart. Empty: the method cannot be used here.
    """
    info = get_hash(name)
    if name == "predicted-class":
        if classes is None:
            raise BadInput("the length of predicted-class depends on the number of classes, which is not given")
        return [class_bits(classes)]
    offered = set(stored)
    if not info.stored_only:
        most = min(dimensions, OFFERED_BITS[-1]) if info.within_dimensions else OFFERED_BITS[-1]
        offered.update(bits for bits in OFFERED_BITS if bits <= most)
    return sorted(offered)
