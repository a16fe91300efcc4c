"""Latent-sigmoid: the bits are the encoder's own hidden layer, learned with the network.

Lin, Yang, Hsiao & Chen, "Deep Learning of Binary Hash Codes for Fast Image Retrieval", CVPR Workshops 2015: a
sigmoid layer of `bits` units before the classifier, a bit where the activation passes 0.5. The system that this
project follows trains the same layer with a cosine loss on class vectors in place of the cross-entropy. An
activation sigmoid(u) passes 0.5 where u passes 0, so codes are made of u.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from core.errors import BadInput
from core.hashing.base import HashMethod, check_features


class LatentSigmoid(HashMethod):
    """Codes of the latent layer. It is not fitted on embeddings: its input is the layer's own output."""

    name = "latent-sigmoid"

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Self:
        """Raise BadInput: the layer is trained with its encoder."""
        raise BadInput(
            "latent-sigmoid is a layer of its encoder and cannot be fitted on embeddings: "
            "use an encoder that has stored codes of it, or another hash such as itq"
        )

    def project(self, X: np.ndarray) -> np.ndarray:
        """The latent layer's output before the sigmoid, float (N, bits), as it is, in float32."""
        check_features(X)
        if X.shape[1] != self.bits:
            raise BadInput(f"latent values of {X.shape[1]} units: expected {self.bits}, one a bit")
        return X.astype(np.float32)
