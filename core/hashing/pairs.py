"""Pairs of items in a batch, for losses that compare codes with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def same_class(labels: Tensor) -> Tensor:
    """float32 (n, n): 1 for two items of one class, else 0; the diagonal is 1."""
    return (labels[:, None] == labels[None, :]).float()


def balanced(losses: Tensor, same: Tensor, power: float = 1.0) -> Tensor:
    """The weighted mean of losses (n, n) over pairs of different items.

    A pair of one class weighs (|S| / |S1|)^power and any other (|S| / |S0|)^power: with power 1 both kinds have the
    same weight in all, with power 0 all pairs have. A kind that the batch has not, has no part.
    """
    other = 1.0 - losses.new_ones(len(losses)).diag()
    alike, unlike = same * other, (1.0 - same) * other
    every = other.sum()
    weight = alike * (every / alike.sum().clamp(min=1.0)) ** power
    weight = weight + unlike * (every / unlike.sum().clamp(min=1.0)) ** power
    return (weight * losses).sum() / weight.sum().clamp(min=1.0)
