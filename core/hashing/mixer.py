"""What an unsure image looks like: training rows for hashes that are to know how sure an embedding is.

An encoder is sure of the images that it was trained on; of those that a hash will meet it is less so. A batch is
therefore made of mixtures, embeddings between those of several classes, and of rows that are unsure themselves, as
those of images are that the encoder was not trained on. Each comes with the share that every class has in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.hashing.mixture import Mixture

RIDGE = 1e-3  # of the mean square length of a class's mean
ROWS = 8192  # whose shares are made at a time: all of a great gallery's would not fit in memory
CALIBRATING = 50_000  # rows by which the power of the shares is chosen
LEAST = 1e-3  # added to a share, so that no class is impossible
POWERS = tuple(2.0 ** (step / 4) for step in range(17))  # 1 to 16


@dataclass(frozen=True)
class Mixer:
    """Calls give batches; features float32 (N, d) are centred on their mean, which is `origin` (d,)."""

    features: Tensor
    targets: Tensor
    classes: int
    origin: Tensor
    mixture: Mixture
    generator: np.random.Generator
    shares: Shares
    chances: np.ndarray  # float64 (N,): the share of the rows up to each, weighted by how unsure they are

    @classmethod
    def make(
        cls, features: Tensor, targets: Tensor, classes: int, origin: Tensor, mixture: Mixture,
        generator: np.random.Generator,
    ) -> Mixer:  # fmt: skip
        """The mixer of rows and their classes int64 (N,), from 0 to classes - 1."""
        rows = (features + origin).numpy()
        shares = Shares.fit(rows, targets.numpy(), classes)
        parts = (rows[start : start + ROWS] for start in range(0, len(rows), ROWS))
        chances = np.cumsum(np.concatenate([1.0 - np.square(shares(part)).sum(axis=1) + 1e-9 for part in parts]))
        return cls(features, targets, classes, origin, mixture, generator, shares, chances / chances[-1])

    def __call__(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Features float32 (n, d) and shares float32 (n, classes): `unsure` of n drawn by how unsure they are, and
        mixtures of as many of the rows int64 (n,) as are left."""
        drawn = round(self.mixture.unsure * len(rows))
        places = np.searchsorted(self.chances, self.generator.random(drawn))
        unsure = torch.from_numpy(np.minimum(places, len(self.chances) - 1))
        rest = rows[drawn:]
        shown, shares = mixed(
            self.features[rest], self.targets[rest], self.classes, self.origin, self.mixture, self.generator
        )
        drawn_rows = self.features[unsure]
        given = torch.from_numpy(self.shares((drawn_rows + self.origin).numpy()).astype(np.float32))
        return torch.cat([drawn_rows, shown]), torch.cat([given, shares])


@dataclass(frozen=True)
class Shares:
    """Calls give the shares of the classes in rows float (n, d): float64 (n, C), above 0 and of sum 1."""

    solved: np.ndarray  # float64 (d, C)
    power: float

    @classmethod
    def fit(cls, X: np.ndarray, labels: np.ndarray, classes: int) -> Shares:
        """Of rows float (N, d) and their classes. The power is that, of `POWERS`, under which labels are most likely:
        classes that are spread widely make rows look like mixtures that are none."""
        solved = unmixing(X, labels, classes)
        chosen = slice(None, None, -(-len(X) // CALIBRATING))
        found, own = nearest_shares(X[chosen], solved), labels[chosen]
        rows = np.arange(len(own))
        return cls(solved, max(POWERS, key=lambda power: float(np.log(to_power(found, power)[rows, own]).sum())))

    def __call__(self, X: np.ndarray) -> np.ndarray:
        return to_power(nearest_shares(X, self.solved), self.power)


def unmixing(X: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """What rows float (N, d) are multiplied with for the shares of the class means in them, float64 (d, C).

    Least squares with a small ridge: exact for a mixture where class means are independent.
    """
    means = np.stack([X[labels == c].mean(axis=0, dtype=np.float64) for c in range(classes)])
    products = means @ means.T
    ridge = RIDGE * np.trace(products) / classes
    products += max(ridge, 1e-12) * np.eye(classes)  # all means may be 0
    return np.linalg.solve(products, means).T


def nearest_shares(X: np.ndarray, solved: np.ndarray) -> np.ndarray:
    """The shares of the class means that each row is nearest to, float64 (n, C), at least 0 and of sum 1 or all 0."""
    shares = np.maximum(X.astype(np.float64) @ solved, 0.0)
    return shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)


def to_power(shares: np.ndarray, power: float) -> np.ndarray:
    """Shares (n, C), each with `LEAST` added, to a power, so that rows sum to 1."""
    raised = (shares + LEAST) ** power
    return raised / raised.sum(axis=1, keepdims=True)


def mixed(
    features: Tensor, targets: Tensor, classes: int, origin: Tensor, mixture: Mixture, generator: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """A mixture for each row, float32 (n, d), and the shares of the classes in it, float32 (n, classes).

    Lengths are kept, from where the origin was before centring: embeddings are compared by their direction.
    """
    weights = _weights(features, targets, mixture, generator)
    rows = features + origin
    sums = weights @ rows
    sums = sums * (weights @ rows.norm(dim=1) / sums.norm(dim=1).clamp(min=1e-9))[:, None]
    return sums - origin, weights @ functional.one_hot(targets, classes).to(torch.float32)


def _weights(features: Tensor, targets: Tensor, mixture: Mixture, generator: np.random.Generator) -> Tensor:
    """The share of every row in the mixture of each, float32 (n, n); rows sum to 1."""
    count = len(features)
    unit = functional.normalize(features)
    # The greatest of logarithms with Gumbel noise are a draw without return.
    noise = -np.log(np.maximum(generator.standard_exponential((count, count), dtype=np.float32), 1e-30))
    chances = mixture.reach * unit @ unit.T + torch.from_numpy(noise)
    chances = chances.masked_fill(targets[:, None] == targets, -torch.inf)
    partners = chances.topk(min(mixture.partners, count), dim=1).indices
    parts = generator.standard_gamma(0.5, (count, partners.shape[1])) + 1e-9
    given = mixture.most * 10.0 ** -generator.uniform(0.0, mixture.decades, (count, 1))
    shares = np.concatenate([1.0 - given, given * parts / parts.sum(axis=1, keepdims=True)], axis=1)
    ids = torch.cat([torch.arange(count)[:, None], partners], dim=1)
    return torch.zeros(count, count).scatter_add_(1, ids, torch.from_numpy(shares.astype(np.float32)))
