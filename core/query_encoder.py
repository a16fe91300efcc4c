"""A picture of anyone's through an encoder of a bundle: what the encoder sees of it, and what it says of that."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.bundle import Bundle
from core.bundle_files import check_sum
from core.conditions import alone, pinned
from core.encoders.encoded import vectors_of
from core.encoders.opened import encode_images, open_weights
from core.encoders.recipes.base import SOFTMAX
from core.errors import BadInput
from core.fusion import fuse_vectors, parts_of
from core.pictures.file import as_encoder_sees
from core.vectors import plain_rows, unit_rows

if TYPE_CHECKING:
    from core.encoders.opened import Encoder

ENCODE_RUNS = 5


@dataclass(frozen=True)
class EncodedPicture:
    """What an encoder says of one picture.

    `seen` uint8 (32, 32, 3) is what the encoder was given; `embedding` float32 (d,) is made as the bundle's are;
    `probabilities` float32 (C,) are those of the classes, (0,) where it predicts none; `latent` float32 (bits,) are the
    values of a network's own code, (0,) where it has none for this embedding.
    """

    seen: np.ndarray
    embedding: np.ndarray
    probabilities: np.ndarray
    latent: np.ndarray

    @property
    def predicts(self) -> bool:
        """Whether the encoder has probabilities of classes at all."""
        return len(self.probabilities) > 0


@dataclass(frozen=True, eq=False)
class QueryEncoder:
    """A bundle's encoder, its network or vocabulary loaded; make it with `open_encoder`. Threads may share it."""

    name: str
    encoder: Encoder
    similarity: str
    dimensions: int
    reduction: tuple[np.ndarray, np.ndarray] | None  # mean (D,) and axes (D, d)

    @property
    def classifies(self) -> bool:
        """Whether a network was trained to tell class probabilities; else they are a softmax of cosines, or none."""
        return hasattr(self.encoder, "classify")

    def encode(self, picture: np.ndarray) -> EncodedPicture:
        """Encode a picture uint8 (H, W, 3). Its mirror image is averaged in, as in the bundle's own embeddings."""
        return self.encode_seen(as_encoder_sees(picture))

    def encode_seen(self, seen: np.ndarray) -> EncodedPicture:
        """Encode a picture uint8 (32, 32, 3) that is cut and scaled already."""
        encoded = encode_images(self.encoder, seen[None].copy(), flip=True)
        vectors = vectors_of(self.name, encoded, self.reduction)
        if vectors.shape[1] != self.dimensions:
            raise BadInput(
                f"the weights of encoder '{self.name}' give {vectors.shape[1]} dimensions, its embeddings in the "
                f"bundle have {self.dimensions}: embed again with these weights"
            )
        prepare = unit_rows if self.similarity == "cosine" else plain_rows
        embedding = prepare([vectors], vectors.shape, f"the picture's embedding by '{self.name}'")[0]
        latent = np.empty(0, np.float32) if self.name.endswith(SOFTMAX) else encoded.latent[0]
        return EncodedPicture(seen, embedding, encoded.probabilities[0], latent)


@dataclass(frozen=True, eq=False)
class FusedQueryEncoder:
    """Two encoders of a bundle that were fused; it predicts no class and has no code of its own."""

    name: str
    parts: tuple[QueryEncoder, QueryEncoder]
    weight: float

    classifies = False

    def encode(self, picture: np.ndarray) -> EncodedPicture:
        """Encode a picture uint8 (H, W, 3)."""
        return self.encode_seen(as_encoder_sees(picture))

    def encode_seen(self, seen: np.ndarray) -> EncodedPicture:
        """Encode a picture uint8 (32, 32, 3) that is cut and scaled already."""
        first, second = (part.encode_seen(seen).embedding[None] for part in self.parts)
        none = np.empty(0, np.float32)
        return EncodedPicture(seen, fuse_vectors(first, second, self.weight)[0], none, none)


def open_encoder(bundle: Bundle, encoder: str) -> QueryEncoder | FusedQueryEncoder:
    """Load an encoder from the bundle, onto the CPU; of a network it takes seconds, since PyTorch is imported.

    Raises BadInput where the bundle has no weights of it, or damaged ones.
    """
    fused = parts_of(bundle, encoder)
    if fused is not None:
        first, second, weight = fused
        return FusedQueryEncoder(encoder, (open_encoder(bundle, first), open_encoder(bundle, second)), weight)
    info = bundle.encoder_info(encoder)
    path = bundle.weights_path(encoder)
    if path is None:
        having = [name for name in bundle.encoders if bundle.weights_path(name)]
        mend = f"choose one of {', '.join(having)}" if having else "open a bundle that holds weights"
        raise BadInput(
            f"encoder '{encoder}' cannot encode a new picture: this bundle holds its embeddings alone, "
            f"not the network's weights; {mend}"
        )
    check_sum(bundle.path, info["weights"])
    opened = open_weights(path)
    if encoder not in (opened.recipe.encoder, opened.recipe.encoder + SOFTMAX):
        raise BadInput(f"the weights in '{path}' are of encoder '{opened.recipe.encoder}', not '{encoder}'")
    return QueryEncoder(encoder, opened, bundle.similarity(encoder), info["dimensions"], bundle.reduction(encoder))


def time_encoding(encoder: QueryEncoder | FusedQueryEncoder, seen: np.ndarray, runs: int = ENCODE_RUNS) -> float:
    """Median milliseconds to encode a picture that is cut and scaled, on one thread, after a run that does not count.

    The mirror image is encoded too.
    """
    taken = []
    with alone(wait=True), pinned(1):
        for _ in range(runs + 1):
            started = perf_counter()
            encoder.encode_seen(seen)
            taken.append(perf_counter() - started)
    return 1000 * float(np.median(taken[1:]))


def predictions(bundle: Bundle, encoded: EncodedPicture, most: int = 5) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The likeliest classes (`class`, `superclass`, `probability`) and superclasses (`superclass`, `probability`).

    A superclass is as probable as its classes together. Without superclasses the second is None. Not to be asked of an
    encoder that predicts no class (`EncodedPicture.predicts`).
    """
    if len(encoded.probabilities) != len(bundle.class_names):
        raise BadInput(
            f"the encoder tells {len(encoded.probabilities)} classes apart, the bundle has {len(bundle.class_names)}: "
            "train it on the bundle's classes"
        )
    shares, names = encoded.probabilities.astype(np.float64), np.array(bundle.class_names)
    order = np.argsort(-shares, kind="stable")[:most]
    classes = pd.DataFrame({"class": names[order], "probability": shares[order]})
    if bundle.superclass_of is None or bundle.superclass_names is None:
        return classes, None
    groups = np.array(bundle.superclass_names)
    classes.insert(1, "superclass", groups[bundle.superclass_of[order]])
    sums = np.bincount(bundle.superclass_of, shares, len(groups))
    order = np.argsort(-sums, kind="stable")[:most]
    return classes, pd.DataFrame({"superclass": groups[order], "probability": sums[order]})
