"""Two encoders of a bundle that were fused, as a picture meets them; see `core.building.add_fusion`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.building.add_fusion import fuse_vectors
from core.encoders.picture_encoder import Described, PictureEncoder

if TYPE_CHECKING:
    from core.picture_query.query_encoder import QueryEncoder


class FusedEncoder(PictureEncoder):
    """Its features are unit vectors of both parts, in the bundle's space; it predicts no class and has no code."""

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

    def describe(self, prepared: Sequence[object]) -> Described:
        first, second = (
            np.stack([part.encode_prepared(given).embedding for given in of_part])
            for part, of_part in zip(self.parts, zip(*prepared, strict=True), strict=True)
        )
        none = np.empty((len(first), 0), np.float32)
        return Described(fuse_vectors(first, second, self.weight), none, none)

    def seen(self, prepared: object) -> np.ndarray:
        return self.parts[0].encoder.seen(prepared[0])
