"""A picture of anyone's as a query of a bundle: through the encoder that made its embeddings, into their space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from core.bundle.bundle import Bundle, load_bundle
from core.bundle.fusion import fuse_vectors, parts_of
from core.bundle.vectors import comparable_rows
from core.encoders.names import TRAINED
from core.encoders.picture_encoder import file_digest, open_encoder
from core.errors import BadInput
from core.pictures.encoder import Described, PictureEncoder
from core.runtime.pinning import alone, pinned
from core.runtime.shared_types import Json

ENCODE_RUNS = 5


@dataclass(frozen=True)
class EncodedPicture:
    """What an encoder says of one picture.

    `seen` uint8 (h, w, 3) is what the network was given; `embedding` float32 (d,) is made as the bundle's are;
    `probabilities` float32 (C,) are those of the bundle's classes, (0,) where the encoder does not tell those apart;
    `latent` float32 (bits,) are the values of the network's own code, (0,) where it has none for this embedding.
    """

    seen: np.ndarray
    embedding: np.ndarray
    probabilities: np.ndarray
    latent: np.ndarray


@dataclass(frozen=True, eq=False)
class QueryEncoder:
    """An encoder, and what makes its features embeddings of a bundle. Threads may share it; see `open_query_encoder`.

    `own_classes`: whether it was trained to tell the bundle's classes apart.
    """

    name: str
    encoder: PictureEncoder
    similarity: str
    dimensions: int
    reduction: tuple[np.ndarray, np.ndarray] | None  # mean (D,) and axes (D, d), behind the encoder
    own_classes: bool

    def encode(self, picture: np.ndarray) -> EncodedPicture:
        """Encode a picture uint8 (H, W, 3)."""
        return self.encode_prepared(self.encoder.prepare(picture))

    def encode_prepared(self, prepared: object) -> EncodedPicture:
        """Encode what the encoder's `prepare` made of a picture."""
        described = self.encoder.describe([prepared])
        vectors = described.features
        if self.reduction is not None and vectors.shape[1] == len(self.reduction[0]):
            vectors = (vectors - self.reduction[0]) @ self.reduction[1]
        if vectors.shape[1] != self.dimensions:
            raise BadInput(
                f"the weights of encoder '{self.name}' give {vectors.shape[1]} dimensions, its embeddings in the "
                f"bundle have {self.dimensions}: embed again with these weights"
            )
        what = f"the picture's embedding by '{self.name}'"
        embedding = comparable_rows([vectors], vectors.shape, what, self.similarity)[0]
        own = slice(None) if self.own_classes else slice(0)
        probabilities, latent = described.probabilities[0][own], described.latent[0][own]
        return EncodedPicture(self.encoder.seen(prepared), embedding, probabilities, latent)


class FusedEncoder(PictureEncoder):
    """Two encoders as one: its features are unit vectors of both; it predicts no class and has no code."""

    batch = 100

    def __init__(self, name: str, parts: tuple[QueryEncoder, QueryEncoder], weight: float) -> None:
        self.name, self.parts, self.weight = name, parts, weight
        encoders = [part.encoder for part in parts]
        self.weights_file = ", ".join(encoder.weights_file for encoder in encoders)
        self.made = f"encoders '{parts[0].name}', weight {weight:g}, and '{parts[1].name}' fused"
        self.key = f"{name} {weight!r} " + " ".join(encoder.key for encoder in encoders)
        self.mirrored = any(encoder.mirrored for encoder in encoders)
        self.cut = encoders[0].cut

    def prepare(self, picture: np.ndarray) -> object:
        return tuple(part.encoder.prepare(picture) for part in self.parts)

    def describe(self, prepared: Sequence[Any]) -> Described:
        first, second = (
            np.stack([part.encode_prepared(given).embedding for given in of_part])
            for part, of_part in zip(self.parts, zip(*prepared, strict=True), strict=True)
        )
        none = np.empty((len(first), 0), np.float32)
        return Described(fuse_vectors(first, second, self.weight), none, none)

    def seen(self, prepared: Any) -> np.ndarray:
        return self.parts[0].encoder.seen(prepared[0])


def open_query_encoder(bundle: Bundle, name: str, weights_file: str | Path | None = None) -> QueryEncoder:
    """The encoder that made a bundle's embeddings, loaded; for a network it takes seconds: PyTorch is imported.

    Its weights are the bundle's own; else a file's; else, where the bundle was made of a folder, those that
    `embed --dataset` took: torchvision's, or the shipped bundle's. BadInput where they cannot be had or are others.
    """
    parts = parts_of(bundle, name)
    if parts is not None:
        return _open_fused(bundle, name, parts, weights_file)
    info = bundle.encoder_info(name)
    inside = bundle.weights_path(name) is not None
    trained_on_it = inside or "recipe" in info  # embedded from a run, with the mirror image
    if inside and weights_file is not None:
        raise BadInput(f"the bundle holds the weights of encoder '{name}': ", "name no file of them", "weights-inside")
    if not inside and weights_file is None:
        _check_source(bundle, name, info.get("picture_encoder"))
    encoder = open_encoder(name, weights_file, bundle if inside else _shipped(), mirrored=trained_on_it)
    _check_same(encoder, info.get("picture_encoder"))
    reduction = None if inside else bundle.reduction(name)  # within the encoder, where its weights are the bundle's
    own_classes = trained_on_it and bool(info.get("predicted"))  # a bag of visual words predicts none
    return QueryEncoder(name, encoder, bundle.similarity(name), info["dimensions"], reduction, own_classes)


def find_weights(bundle: Bundle, name: str, files: Sequence[Path]) -> Path | None:
    """Of some files of weights the one that a bundle's encoder was made with, by its name; None without one.

    Of several files of one name, as `train` gives them, the content decides.
    """
    if bundle.weights_path(name) is not None:
        return None
    source = bundle.encoder_info(name).get("picture_encoder") or {}
    named = [file for file in files if file.name == source.get("weights")]
    same = (file for file in named if len(named) == 1 or file_digest(file) in source["key"].split())
    return next(same, named[0] if named else None)


def time_encoding(encoder: QueryEncoder, picture: np.ndarray, runs: int = ENCODE_RUNS) -> float:
    """Median milliseconds to encode a picture uint8 (H, W, 3) on one thread, after a run that does not count.

    Cutting and scaling it is left out; the mirror image is encoded too where the encoder counts it in.
    """
    prepared, taken = encoder.encoder.prepare(picture), []
    with alone(wait=True), pinned(1):
        for _ in range(runs + 1):
            started = perf_counter()
            encoder.encode_prepared(prepared)
            taken.append(perf_counter() - started)
    return 1000 * float(np.median(taken[1:]))


def predictions(bundle: Bundle, encoded: EncodedPicture, most: int = 5) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The likeliest classes (`class`, `superclass`, `probability`) and superclasses (`superclass`, `probability`).

    A superclass is as probable as its classes together. Without superclasses the second is None.
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


def _open_fused(
    bundle: Bundle, name: str, parts: tuple[str, str, float], weights_file: str | Path | None
) -> QueryEncoder:
    """Two encoders as one; a file's weights are those of the one that the bundle holds none of."""
    *names, weight = parts
    inside = [bundle.weights_path(part) is not None for part in names]
    if all(inside) and weights_file is not None:
        problem = f"the bundle holds the weights of encoders '{names[0]}' and '{names[1]}': "
        raise BadInput(problem, "name no file of them", "weights-inside")
    first, second = (
        open_query_encoder(bundle, part, None if held else weights_file)
        for part, held in zip(names, inside, strict=True)
    )
    dimensions = bundle.encoder_info(name)["dimensions"]
    return QueryEncoder(name, FusedEncoder(name, (first, second), weight), "cosine", dimensions, None, False)


def _check_source(bundle: Bundle, name: str, source: Json | None) -> None:
    """BadInput, before anything is fetched, where nobody could know the weights without being told."""
    from core.encoders.backbones import backbone_names, default_file

    if source is None:
        having = [other for other in bundle.encoders if bundle.weights_path(other)]
        mend = f"choose one of {', '.join(having)}" if having else "open a bundle that holds weights"
        problem = (
            f"encoder '{name}' cannot encode a new picture: this bundle holds its embeddings alone, "
            f"not the network's weights; {mend}"
        )
        if name in (*TRAINED, *backbone_names()):
            raise BadInput(problem, ", or name their file", "weights-not-inside", encoder=name)
        raise BadInput(problem)
    if name in backbone_names() and source["weights"] != default_file(name):
        raise BadInput(
            f"encoder '{name}' cannot encode a new picture: this bundle was made with weights of your own, "
            f"'{source['weights']}'; ",
            "name that file",
            "weights-of-your-own",
            file=source["weights"],
        )


def _check_same(encoder: PictureEncoder, source: Json | None) -> None:
    """BadInput for other weights, or other preprocessing, than those that made the bundle."""
    if source is not None and source["key"] != encoder.key:
        raise BadInput(
            f"the weights '{encoder.weights_file}' of encoder '{encoder.name}' are not those that this bundle was "
            f"made with ('{source['weights']}'), or prepare pictures otherwise: ",
            "name that file, or embed the folder again",
            "other-weights",
            file=source["weights"],
        )


def _shipped() -> Bundle | None:
    """The bundle whose encoders `embed --dataset` takes; None where it is not there."""
    try:
        return load_bundle()
    except BadInput:
        return None
