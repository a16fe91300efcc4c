"""The trainer of heads on embeddings: one for all learned hashes, deterministic for a seed.

It runs in one thread: the steps are small, and a result must not depend on the number of threads. Every random
number is NumPy's, so that a head's start does not depend on the version of torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.hashing.base import one_thread
from core.hashing.mixer import Mixer
from core.hashing.training_plan import Objective, Task, Training, TrainsHead, TrainsPlanes
from core.runtime.shared_types import Json

SETTLED = 20  # batches of mixtures that the normalisation's statistics are taken over


class Head(nn.Module):
    """d -> hidden, batch normalisation, ReLU -> bits, with batch normalisation where the training asks for it."""

    def __init__(self, dimensions: int, bits: int, training: Training, generator: np.random.Generator) -> None:
        super().__init__()
        self.hidden = weights(generator, dimensions, training.hidden)
        self.hidden_norm = nn.BatchNorm1d(training.hidden)
        self.output = weights(generator, training.hidden, bits)
        self.output_bias = nn.Parameter(torch.zeros(bits))
        self.output_norm = nn.BatchNorm1d(bits) if training.output_norm else None

    def forward(self, features: Tensor) -> Tensor:
        values = self.hidden_norm(features @ self.hidden).relu() @ self.output + self.output_bias
        return values if self.output_norm is None else self.output_norm(values)

    def matrices(self) -> list[nn.Parameter]:
        """The parameters that weight decay is for."""
        return [self.hidden, self.output]

    def folded(self) -> dict[str, np.ndarray]:
        """The weights with the normalisation in them, as `MlpHash` has them, float64."""
        factor, shift = _fold(self.hidden_norm)
        arrays = {"hidden": _numpy(self.hidden) * factor, "hidden_bias": shift}
        output, bias = _numpy(self.output), _numpy(self.output_bias)
        if self.output_norm is not None:
            factor, shift = _fold(self.output_norm)
            output, bias = output * factor, bias * factor + shift
        return {**arrays, "output": output, "output_bias": bias}


def weights(generator: np.random.Generator, rows: int, columns: int) -> nn.Parameter:
    """Drawn evenly within 1 / sqrt(rows), as torch's linear layers are: float32 (rows, columns)."""
    bound = 1.0 / math.sqrt(rows)
    return nn.Parameter(torch.from_numpy(generator.uniform(-bound, bound, (rows, columns)).astype(np.float32)))


def classifier(generator: np.random.Generator, inputs: int, classes: int) -> tuple[nn.Parameter, nn.Parameter]:
    """Weights (inputs, classes) and bias (classes,) of a linear classifier to learn with a head."""
    return weights(generator, inputs, classes), nn.Parameter(torch.zeros(classes))


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """`one_thread`, for torch too."""
    with one_thread():
        count = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(count)


def train_head(
    X: np.ndarray, labels: np.ndarray, mean: np.ndarray, scale: float, method: TrainsHead, task: Task
) -> dict[str, np.ndarray]:
    """Train a head for the method's objective; the arrays of `MlpHash` but mean and scale, float64."""
    training, generator = method.training, task.generator
    with one_torch_thread():
        features = torch.from_numpy(((X - mean) / scale).astype(np.float32))
        targets = torch.from_numpy(labels)
        origin = torch.from_numpy((mean / scale).astype(np.float32))
        head = Head(X.shape[1], task.bits, training, generator)
        objective = method.objective(task)
        others = [weight for weight in head.parameters() if weight.ndim == 1] + objective.parameters
        groups: list[Json] = [{"params": head.matrices()}, {"params": others, "weight_decay": 0.0}]
        mixer = None
        if training.mixture is not None:
            mixer = Mixer.make(features, targets, task.classes, origin, training.mixture, generator)

        def loss(rows: Tensor, share: float) -> Tensor:
            if mixer is None:
                return _step_loss(head, objective, features[rows], targets[rows], training, share, generator)
            shown, shares = mixer(rows)
            return objective.loss(head(_noisy(shown, training.noise, generator)), shares, share)

        head.train()
        minimise(groups, training, generator, len(X), loss)
        settling = features
        if mixer is not None:
            shown = [
                mixer(torch.from_numpy(rows))[0] for rows, _ in islice(batches(len(X), training, generator), SETTLED)
            ]
            settling = _noisy(torch.cat(shown), training.noise, generator)
        _settle(head, settling)
        return head.folded()


def train_planes(X: np.ndarray, mean: np.ndarray, scale: float, bits: int, method: TrainsPlanes) -> np.ndarray:
    """Train planes for the method's loss, float64 (d, bits), to be used on features centred and scaled so."""
    with one_torch_thread():
        generator = np.random.default_rng(method.seed)
        features = torch.from_numpy(((X - mean) / scale).astype(np.float32))
        # Planes one after another, as random hyperplanes are drawn.
        start = generator.standard_normal((bits, X.shape[1])).T * method.spread / math.sqrt(X.shape[1])
        planes = nn.Parameter(torch.from_numpy(np.ascontiguousarray(start, dtype=np.float32)))

        def loss(rows: Tensor, share: float) -> Tensor:
            return method.loss(features[rows] @ planes, features[rows])

        minimise([{"params": [planes]}], method.training, generator, len(X), loss)
        return _numpy(planes)


def batches(count: int, training: Training, generator: np.random.Generator) -> Iterator[tuple[np.ndarray, float]]:
    """Rows of each batch in turn, with the share of the run that is done. No batch is a rest of another size."""
    size = min(training.batch, max(count // 4, 16), count)
    steps = count // size
    epochs = max(training.epochs, math.ceil(training.least_steps / steps))
    for epoch in range(epochs):
        order = generator.permutation(count)
        for step in range(steps):
            yield order[step * size : (step + 1) * size], (epoch * steps + step) / (epochs * steps)


def cosine_rate(share: float) -> float:
    """Factor of the learning rate when `share` of the run is done: a rise over its first 5 %, then half a cosine."""
    return min(1.0, share / 0.05 + 0.05) * 0.5 * (1.0 + math.cos(math.pi * share))


def minimise(
    groups: list[Json],
    training: Training,
    generator: np.random.Generator,
    count: int,
    loss: Callable[[Tensor, float], Tensor],
) -> None:
    """Change the parameters of `groups` by AdamW; loss(rows int64 (n,), share of the run that is done)."""
    optimizer = torch.optim.AdamW(groups, lr=training.rate, weight_decay=training.weight_decay, fused=True)
    for rows, share in batches(count, training, generator):
        for group in optimizer.param_groups:
            group["lr"] = training.rate * cosine_rate(share)
        value = loss(torch.from_numpy(rows), share)
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        optimizer.step()


def _noisy(features: Tensor, noise: float, generator: np.random.Generator) -> Tensor:
    """Features with normal noise of that standard deviation added; none for 0."""
    if not noise:
        return features
    return features + noise * torch.from_numpy(generator.standard_normal(features.shape, dtype=np.float32))


def _step_loss(
    head: Head,
    objective: Objective,
    features: Tensor,
    targets: Tensor,
    training: Training,
    share: float,
    generator: np.random.Generator,
) -> Tensor:
    features = _noisy(features, training.noise, generator)
    if training.mix and generator.random() < training.mix:
        other = alike_of_other_classes(features, targets, generator)
        part = float(generator.uniform())
        values = head(part * features + (1.0 - part) * features[other])
        first = objective.loss(values, targets, share)
        return part * first + (1.0 - part) * objective.loss(values, targets[other], share)
    return objective.loss(head(features), targets, share)


def alike_of_other_classes(features: Tensor, targets: Tensor, generator: np.random.Generator, among: int = 5) -> Tensor:
    """For each row one of the `among` rows of other classes with the greatest cosine: int64 (n,).

    Means of any two rows lie where no image does; means of such two lie where a test image may, between classes that
    are taken for each other, which embeddings of the encoder's own training images hardly ever do.
    """
    unit = functional.normalize(features)
    cosine = (unit @ unit.T).masked_fill(targets[:, None] == targets, -2.0)
    alike = cosine.topk(min(among, len(features)), dim=1).indices
    drawn = torch.from_numpy(generator.integers(0, alike.shape[1], len(features)))
    return alike.gather(1, drawn[:, None])[:, 0]


def _settle(head: Head, features: Tensor) -> None:
    """Take the normalisation's statistics over all features, under the weights as they ended."""
    norms = [module for module in head.modules() if isinstance(module, nn.BatchNorm1d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over what follows
    head.train()
    with torch.no_grad():
        for part in torch.tensor_split(features, max(1, len(features) // 4096)):
            head(part)
    head.eval()


def _fold(norm: nn.BatchNorm1d) -> tuple[np.ndarray, np.ndarray]:
    """Factor and shift of a normalisation in use, float64."""
    assert norm.running_mean is not None and norm.running_var is not None  # it was trained
    deviation = np.sqrt(_numpy(norm.running_var) + norm.eps)
    factor = _numpy(norm.weight) / deviation
    return factor, _numpy(norm.bias) - _numpy(norm.running_mean) * factor


def _numpy(values: Tensor) -> np.ndarray:
    return values.detach().numpy().astype(np.float64)
