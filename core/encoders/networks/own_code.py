"""The layer whose signs are a network's own code."""

from __future__ import annotations

import torch
from torch import Tensor, nn

HIDDEN = 256
_SHARPNESS = 0.05  # of the similarities that a code is to keep


class OwnCode(nn.Module):
    """Values float32 (N, bits) from embeddings (N, d), trained beside the network to keep its neighbours.

    Batch normalisation centres each unit, so that each bit is set for about half of the images.
    """

    def __init__(self, dimensions: int, bits: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(dimensions, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, bits, bias=False),
            nn.BatchNorm1d(bits),
        )
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, embedding: Tensor) -> Tensor:
        return self.layers(embedding)

    def loss(self, latent: Tensor, embedding: Tensor) -> Tensor:
        """Cross-entropy between the neighbours of each image in a batch by embedding and by code.

        Neighbours are a softmax over inner products, as in stochastic neighbour embedding (Hinton & Roweis, 2002);
        tanh stands for the sign.
        """
        codes = torch.tanh(latent)
        own = torch.eye(len(codes), dtype=torch.bool, device=codes.device)
        wanted = (embedding @ embedding.T / _SHARPNESS).masked_fill(own, -torch.inf).softmax(dim=1)
        found = (codes @ codes.T / codes.shape[1] * self.scale.exp()).masked_fill(own, -1e9).log_softmax(dim=1)
        return -(wanted * found).sum(dim=1).mean()
