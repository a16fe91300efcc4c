"""Any encoder, as a picture meets it: a picture in, a vector out, of a folder's pictures and of a query alike.

Either one of torchvision's classifiers, or an encoder trained here, whose weights a bundle or a file holds.
"""

from __future__ import annotations

import hashlib
import sys
from abc import abstractmethod
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.bundle.files import check_sum
from core.encoders.encoded import vectors_of
from core.encoders.names import FIXED, TRAINED
from core.encoders.opened import encode_images, open_weights, ready_to_encode
from core.encoders.recipes.base import SOFTMAX
from core.encoders.recipes.registry import RECIPES
from core.encoders.visual_words.bag import BagOfWords
from core.errors import BadInput, unknown_name
from core.pictures.encoder import Described, PictureEncoder
from core.pictures.file import as_encoder_sees
from core.runtime.parallel import available_threads

if TYPE_CHECKING:
    from core.bundle.bundle import Bundle
    from core.encoders.backbones import Backbone
    from core.encoders.opened import Encoder


class BackboneEncoder(PictureEncoder):
    """One of torchvision's classifiers; on a GPU where there is one."""

    batch = 32
    longest = 16  # of a picture longer than so many times its width, the middle: scaled to the width it would be huge

    def __init__(self, backbone: Backbone) -> None:
        import torch

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network = backbone.network.to(self.device)
        self.transform, self.name = backbone.transform, backbone.name
        self.weights_file = backbone.weights_file.name
        self.made = f"torchvision's {self.name}, weights {self.weights_file}, input of '{backbone.layer}'"
        self.key = f"{self.name} {file_digest(backbone.weights_file)} {backbone.transform}"
        self.cut = self.transform.crop_size[0] / self.transform.resize_size[0]

    def prepare(self, picture: np.ndarray) -> Any:
        from PIL import Image

        return self.transform(Image.fromarray(np.ascontiguousarray(_middle(picture, self.longest))))

    def describe(self, prepared: Sequence[Any]) -> Described:
        import torch

        from core.encoders.backbones import features_of

        features = features_of(self.network, torch.stack(list(prepared)).to(self.device)).cpu().numpy()
        # Its own classes are those of ImageNet, and cut off: they are none of a bundle's.
        none = np.empty((len(features), 0), np.float32)
        return Described(features, none, none)

    def seen(self, prepared: Any) -> np.ndarray:
        pixels = np.moveaxis(prepared.numpy(), 0, -1) * self.transform.std + self.transform.mean
        return (255 * pixels).round().clip(0, 255).astype(np.uint8)


class TrainedEncoder(PictureEncoder):
    """An encoder trained here, on 32 x 32 pixels, with the projection that its bundle reduces it by.

    With the mirror image it says what CIFAR's embeddings say, in float32. Without, for folders, it computes in bfloat16
    where the processor does: in a fourth of the time, at a cosine of .9999 (mean over 1,000 test images) to float32.
    """

    batch = max(100, 16 * available_threads())  # 500 on two cores take as long a picture, and more memory

    def __init__(
        self,
        name: str,
        encoder: Encoder,
        weights_file: Path,
        reduction: tuple[np.ndarray, np.ndarray] | None,
        mirrored: bool = False,
    ) -> None:
        if isinstance(encoder, BagOfWords):  # whose recipe says it
            mirrored = encoder.recipe.mirrored
        self.name, self.reduction, self.mirrored = name, reduction, mirrored
        self.encoder = ready_to_encode(encoder, fast=not mirrored)
        self.weights_file = weights_file.name
        self.classifies = hasattr(encoder, "classify")
        self.made = f"encoder '{name}' with the weights {weights_file.name}, pictures as 32 x 32 pixels"
        digest = hashlib.sha256(b"".join(array.tobytes() for array in reduction or ())).hexdigest()
        self.key = f"{name} {file_digest(weights_file)} {digest} 32" + (" mirrored" if mirrored else "")

    def prepare(self, picture: np.ndarray) -> Any:
        return as_encoder_sees(picture)

    def describe(self, prepared: Sequence[Any]) -> Described:
        encoded = encode_images(
            self.encoder, np.stack(list(prepared)), self.batch, self.mirrored, fast=not self.mirrored
        )
        # A softmax's embedding is another than the one that the network's own layer codes.
        latent = encoded.latent[:, :0] if self.name.endswith(SOFTMAX) else encoded.latent
        return Described(vectors_of(self.name, encoded, self.reduction), encoded.probabilities, latent)

    def seen(self, prepared: Any) -> np.ndarray:
        return prepared


class FixedEncoder(PictureEncoder):
    """A function of the pixels that nothing is trained for: `vectors` and `name` are all that one gives."""

    batch = 500

    def __init__(self) -> None:
        file = Path(str(sys.modules[type(self).__module__].__file__))
        self.made = f"the function '{self.name}' of the pixels, pictures as 32 x 32 pixels"
        self.key = f"{self.name} {file_digest(file)} 32"

    @abstractmethod
    def vectors(self, pictures: np.ndarray) -> np.ndarray:
        """Features float (N, d), none of them all 0, of pictures uint8 (N, 32, 32, 3)."""

    def prepare(self, picture: np.ndarray) -> Any:
        return as_encoder_sees(picture)

    def describe(self, prepared: Sequence[Any]) -> Described:
        features = np.asarray(self.vectors(np.stack(list(prepared))), np.float32)
        none = np.empty((len(features), 0), np.float32)
        return Described(features, none, none)

    def seen(self, prepared: Any) -> np.ndarray:
        return prepared


def open_encoder(
    name: str, weights_file: str | Path | None = None, bundle: Bundle | None = None, mirrored: bool = False
) -> PictureEncoder:
    """The encoder of that name: of torchvision, or trained here, with its weights out of a file or `bundle`.

    `mirrored` averages the mirror image in, as the embeddings of CIFAR's pictures are made; torchvision's and bags of
    visual words have no such choice. Raises BadInput for an unknown name, and for weights that cannot be had or do not
    fit.
    """
    if name in (*TRAINED, *(recipe + SOFTMAX for recipe in RECIPES)):
        return _open_trained(name, weights_file, bundle, mirrored)
    if name in FIXED:
        if weights_file is not None:
            raise BadInput(
                f"encoder '{name}' is a function without weights: ", "name no file of them", "weights-inside"
            )
        return import_module(FIXED[name]).ENCODER()
    from core.encoders.backbones import backbone_names, open_backbone  # a second to import

    if name in backbone_names():
        return BackboneEncoder(open_backbone(name, weights_file))
    held = bundle.encoders if bundle is not None else ()
    if name not in held:
        raise unknown_name("encoder", name, {*backbone_names(), *TRAINED, *FIXED, *held})
    return _open_trained(name, weights_file, bundle, mirrored)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, 16 digits."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise BadInput(f"cannot read '{path}': {error.strerror}") from error


def _open_trained(name: str, weights_file: str | Path | None, bundle: Bundle | None, mirrored: bool) -> TrainedEncoder:
    path, reduction = (Path(weights_file), None) if weights_file is not None else _held(name, bundle)
    encoder = open_weights(path)
    if name not in (encoder.recipe.encoder, encoder.recipe.encoder + SOFTMAX):
        raise BadInput(f"the weights in '{path}' are of encoder '{encoder.recipe.encoder}', not '{name}'")
    return TrainedEncoder(name, encoder, path, reduction, mirrored)


def _held(name: str, bundle: Bundle | None) -> tuple[Path, tuple[np.ndarray, np.ndarray] | None]:
    """The weights of an encoder that a bundle keeps, and what reduced its features."""
    path = bundle.weights_path(name) if bundle is not None and name in bundle.encoders else None
    if bundle is not None and path is not None:
        check_sum(bundle.path, bundle.encoder_info(name)["weights"])
        return path, bundle.reduction(name)
    if bundle is not None and "fusion" in bundle.manifest["encoders"].get(name, {}):
        parts = " or ".join(bundle.encoder_info(name)["fusion"]["encoders"])
        raise BadInput(f"encoder '{name}' is a fusion, which describes no folder: take {parts}")
    raise BadInput(
        f"no weights of encoder '{name}' in this bundle: train it ('python -m core train --encoder {name}') "
        "and name its weights.safetensors",
        code="encoder-without-weights",
        encoder=name,
    )


def _middle(picture: np.ndarray, longest: int) -> np.ndarray:
    """The picture, of a very long one the middle; the crop that follows takes its middle square anyway."""
    for axis in (0, 1):
        most = picture.shape[1 - axis] * longest
        if picture.shape[axis] > most:
            first = (picture.shape[axis] - most) // 2
            inside = slice(first, first + most)
            picture = picture[inside] if axis == 0 else picture[:, inside]
    return picture
