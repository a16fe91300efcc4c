"""Planes learned without labels: a linear code, trained on how the codes of a batch should lie."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Self

import numpy as np

from core.hashing.base import LinearHash, check_varied, feature_mean
from core.hashing.training_plan import Training, feature_scale

if TYPE_CHECKING:
    from torch import Tensor


class LearnedPlanes(LinearHash):
    """Planes through the mean, random at first; a method gives the `loss` of a batch."""

    training: Training = Training(epochs=10, batch=512)
    spread: float = 1.0  # standard deviation that values start with

    @abstractmethod
    def loss(self, values: Tensor, features: Tensor) -> Tensor:
        """Of values float32 (n, bits) and the features float32 (n, d) that they are of, centred and scaled."""

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Self:
        """Train on features float (N, d); labels are not looked at. BadInput for constant or non-finite features."""
        from core.hashing.head_training import train_planes

        check_varied(X, self.name)
        mean = feature_mean(X)
        scale = feature_scale(X, mean)
        return self._keep(mean, train_planes(X, mean, scale, self.bits, self) / scale)


def balance(codes: Tensor) -> Tensor:
    """How unevenly bits are set: the mean over bits of the magnitude of their mean over items, 0 to 1."""
    return codes.mean(dim=0).abs().mean()


def fence(codes: Tensor) -> Tensor:
    """How far values are from -1 and 1: the mean of | |codes| - 1 |, 0 to 1."""
    return (codes.abs() - 1.0).abs().mean()


def ranking(similarity: Tensor, near: Tensor, margin: float) -> Tensor:
    """How far others come before the near: the mean of max(0, margin - near + other) over both kinds of each row.

    similarity and near (0 or 1) are (n, n); an item's pair with itself has no part.
    """
    own = similarity.new_ones(len(similarity)).diag()
    count = int((near - own).clamp(min=0).sum(dim=1).max())
    if count == 0:
        return similarity.sum() * 0.0
    # The near of each row stand first; a row that has fewer of them counts those alone.
    places = ((near - own) > 0).float().topk(count, dim=1)
    drawn = similarity.gather(1, places.indices)
    others = (1.0 - near) * (1.0 - own)
    losses = (margin - drawn[:, :, None] + similarity[:, None, :]).clamp(min=0.0)
    weight = places.values[:, :, None] * others[:, None, :]
    return (losses * weight).sum() / weight.sum().clamp(min=1.0)


def nearest(features: Tensor, count: int) -> Tensor:
    """float32 (n, n): 1 for the `count` items of greatest cosine with each item, itself not counted."""
    from torch.nn import functional

    unit = functional.normalize(features)
    cosine = (unit @ unit.T).fill_diagonal_(-2.0)
    count = min(count, len(cosine) - 1)
    return cosine.new_zeros(cosine.shape).scatter_(1, cosine.topk(count, dim=1).indices, 1.0)
