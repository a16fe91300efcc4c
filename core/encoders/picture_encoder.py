"""Any encoder, as a folder of pictures sees it: a picture in, a vector out.

Either one of torchvision's classifiers, or an encoder trained here, whose weights a bundle or a file holds.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.encoders.encoded import vectors_of
from core.encoders.opened import encode_images, open_weights
from core.errors import BadInput, unknown_name
from core.pictures.file import as_encoder_sees

if TYPE_CHECKING:
    from core.bundle import Bundle
    from core.encoders.backbones import Backbone
    from core.encoders.opened import Encoder


class PictureEncoder(ABC):
    """`prepare` may run in threads; `encode` takes what it made. `key` changes whenever the features would."""

    name: str
    made: str
    key: str
    batch: int  # pictures at a time

    @abstractmethod
    def prepare(self, picture: np.ndarray) -> object:
        """What the network is given, of a picture uint8 (H, W, 3)."""

    @abstractmethod
    def encode(self, prepared: Sequence[object]) -> np.ndarray:
        """Features float32 (N, d)."""

    def encode_pictures(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Features float32 (N, d) of pictures uint8 (H, W, 3)."""
        return self.encode([self.prepare(picture) for picture in pictures])


class BackboneEncoder(PictureEncoder):
    """One of torchvision's classifiers; on a GPU where there is one."""

    batch = 32
    longest = 16  # of a picture longer than so many times its width, the middle: scaled to the width it would be huge

    def __init__(self, backbone: Backbone) -> None:
        import torch

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network = backbone.network.to(self.device)
        self.transform, self.name = backbone.transform, backbone.name
        self.made = f"torchvision's {self.name}, weights {backbone.weights_file.name}, input of '{backbone.layer}'"
        self.key = f"{self.name} {file_digest(backbone.weights_file)} {backbone.transform}"

    def prepare(self, picture: np.ndarray) -> object:
        from PIL import Image

        return self.transform(Image.fromarray(np.ascontiguousarray(_middle(picture, self.longest))))

    def encode(self, prepared: Sequence[object]) -> np.ndarray:
        import torch

        from core.encoders.backbones import features_of

        return features_of(self.network, torch.stack(list(prepared)).to(self.device)).cpu().numpy()


class TrainedEncoder(PictureEncoder):
    """An encoder trained here, on 32 x 32 pixels, with the projection that its bundle reduces it by."""

    batch = 500

    def __init__(
        self, name: str, encoder: Encoder, weights_file: Path, reduction: tuple[np.ndarray, np.ndarray] | None
    ) -> None:
        self.name, self.encoder, self.reduction = name, encoder, reduction
        self.made = f"encoder '{name}' with the weights {weights_file.name}, pictures as 32 x 32 pixels"
        digest = hashlib.sha256(b"".join(array.tobytes() for array in reduction or ())).hexdigest()
        self.key = f"{name} {file_digest(weights_file)} {digest} 32"

    def prepare(self, picture: np.ndarray) -> object:
        return as_encoder_sees(picture)

    def encode(self, prepared: Sequence[object]) -> np.ndarray:
        encoded = encode_images(self.encoder, np.stack(list(prepared)), self.batch)
        return vectors_of(self.name, encoded, self.reduction)


def open_encoder(name: str, weights_file: str | Path | None = None, bundle: Bundle | None = None) -> PictureEncoder:
    """The encoder of that name: of torchvision, or trained here, with its weights out of a file or `bundle`.

    Raises BadInput for an unknown name, and for weights that cannot be had or do not fit.
    """
    from core.encoders.backbones import backbone_names, open_backbone
    from core.encoders.names import TRAINED

    if name in backbone_names():
        return BackboneEncoder(open_backbone(name, weights_file))
    held = bundle.encoders if bundle is not None else ()
    if name not in TRAINED and name not in held:
        raise unknown_name("encoder", name, {*backbone_names(), *TRAINED, *held})
    return _open_trained(name, weights_file, bundle)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, 16 digits."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise BadInput(f"cannot read '{path}': {error.strerror}") from error


def _open_trained(name: str, weights_file: str | Path | None, bundle: Bundle | None) -> TrainedEncoder:
    if weights_file is not None:
        encoder = open_weights(weights_file)
        if encoder.recipe.encoder != name:
            raise BadInput(f"the weights in '{weights_file}' are of encoder '{encoder.recipe.encoder}', not '{name}'")
        return TrainedEncoder(name, encoder, Path(weights_file), None)
    path = bundle.weights_path(name) if bundle is not None and name in bundle.encoders else None
    if path is None:
        raise BadInput(
            f"no weights of encoder '{name}' in this bundle: train it ('python -m core train --encoder {name}') and "
            "name its weights.safetensors with --weights"
        )
    return TrainedEncoder(name, open_weights(path), path, bundle.reduction(name))


def _middle(picture: np.ndarray, longest: int) -> np.ndarray:
    """The picture, of a very long one the middle; the crop that follows takes its middle square anyway."""
    for axis in (0, 1):
        most = picture.shape[1 - axis] * longest
        if picture.shape[axis] > most:
            first = (picture.shape[axis] - most) // 2
            inside = slice(first, first + most)
            picture = picture[inside] if axis == 0 else picture[:, inside]
    return picture
