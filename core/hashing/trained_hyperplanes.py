"""Trained hyperplanes: what of FourierHashNet carries over to the cosine, without labels.

Roy, Agarwal, Chakrabarti, Dasgupta & De, "Locality Sensitive Hashing in Fourier Frequency Domain For Soft Set
Containment Search", NeurIPS 2023, train hash bits h = tanh(W x) by four terms: fence (values near -1 and 1),
decorrelation of the bits, balance of each bit, and a hinge that ranks the nearest items before the others. Its Fourier
map is there for an asymmetric similarity (`core.hashing.fourier_hashnet`); the cosine needs none, and what is left is
their baseline "RH_Trained".

The public code has either decorrelation or ranking, and takes the magnitude of the mean of all correlations, in which
opposite ones cancel; here both terms are used and the mean is of magnitudes. Nearest are those in the batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.hashing.planes import LearnedPlanes, balance, fence, nearest, ranking

if TYPE_CHECKING:
    from torch import Tensor


class TrainedHyperplanes(LearnedPlanes):
    """Planes under which neighbours rank first and bits tell different things."""

    name = "trained-hyperplanes"
    fencing = 0.1
    decorrelation = 0.1
    rank = 0.7  # balance has the rest
    neighbours = 4  # of an item in the batch
    margin = 0.25  # of code cosines, -1 to 1

    def loss(self, values: Tensor, features: Tensor) -> Tensor:
        codes = values.tanh()
        rest = 1.0 - self.fencing - self.decorrelation - self.rank
        ranked = ranking(codes @ codes.T / codes.shape[1], nearest(features, self.neighbours), self.margin)
        return (
            self.fencing * fence(codes)
            + self.decorrelation * correlation(codes)
            + self.rank * ranked
            + rest * balance(codes)
        )


def correlation(codes: Tensor) -> Tensor:
    """The mean magnitude of the mean product of two different bits, 0 to 1; 0 for a single bit."""
    products = (codes.T @ codes / len(codes)).abs().fill_diagonal_(0.0)
    return products.sum() / max(1, products.numel() - len(products))
