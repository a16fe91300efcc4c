"""Training of an encoder: a checkpoint each epoch, exact resume, choices on held-out images only."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from core.encoders import checkpoint, run_log
from core.encoders.augment import augment, cutmix
from core.encoders.checkpoint import Checkpoint
from core.encoders.device import Forward, choose_device
from core.encoders.distillation import distillation_loss
from core.encoders.encoding import to_tensor, to_unit
from core.encoders.networks.base import Network
from core.encoders.networks.registry import make_network
from core.encoders.optimizers import Optimizers
from core.encoders.recipes.base import Recipe
from core.encoders.validation import validate
from core.errors import BadInput
from core.runtime.shared_types import Json

_PREPARED_WITH = 5000  # images


@dataclass(frozen=True)
class TrainingData:
    """Images uint8 (N, 32, 32, 3) and classes int64 (N,), to fit and to choose; class vectors float64 (C, d)."""

    images: np.ndarray
    labels: np.ndarray
    held_out_images: np.ndarray
    held_out_labels: np.ndarray
    class_vectors: np.ndarray


def train(
    recipe: Recipe,
    data: TrainingData,
    folder: str | Path,
    seed: int = 0,
    start: Callable[[Network], None] | None = None,
    teacher: Network | None = None,
    every: int = 1,
) -> Network:
    """Train to the recipe's last epoch, going on from the checkpoint in `folder` if it is of this recipe and seed.

    Each epoch's randomness comes from (seed, epoch) alone, so a run that was killed goes on exactly as one that was
    not. `start` may set the weights of a new run; `teacher` is there where the recipe distils. After every `every`
    epochs, and after the last, the network is judged and a checkpoint written. The network returned is ready to encode.
    Raises BadInput where the checkpoint is of another recipe or seed, or cannot be written.
    """
    _check_teacher(recipe, teacher)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    run = _Run(recipe, data, seed, choose_device(), teacher)
    found = checkpoint.load(folder, recipe, seed)
    if found.epoch:
        run.load(found.states)
    else:
        run.begin(start)
    rows = run_log.read(folder, found.epoch)
    similarity = data.class_vectors @ data.class_vectors.T
    started = time.perf_counter()
    for epoch in range(found.epoch, recipe.all_epochs):
        loss = run.epoch(epoch)
        if (epoch + 1) % every and epoch + 1 < recipe.all_epochs:
            continue
        judged = validate(run.result, data.held_out_images, data.held_out_labels, similarity)
        checkpoint.save(folder, recipe, seed, Checkpoint(epoch + 1, run.states()))
        rows.append(run_log.row(epoch + 1, (loss, *judged, time.perf_counter() - started)))
        run_log.write(folder, rows)
        started = time.perf_counter()
    return run.result.eval()


def _check_teacher(recipe: Recipe, teacher: Network | None) -> None:
    if recipe.distil and teacher is None:
        raise BadInput(
            f"the recipe of '{recipe.encoder}' has distil={recipe.distil}, and no teacher: ",
            f"name a trained run of {recipe.encoder}-teacher, or train without one by distil=0",
            "teacher-missing",
            encoder=recipe.encoder,
        )
    if teacher is not None and not recipe.distil:
        raise BadInput(
            f"a teacher for '{recipe.encoder}', whose recipe has distil=0: ",
            "give its weight, such as distil=0.7",
            "teacher-unused",
        )


class _Run:
    """What changes while a network trains."""

    def __init__(
        self, recipe: Recipe, data: TrainingData, seed: int, device: torch.device, teacher: Network | None
    ) -> None:
        torch.manual_seed(seed)
        self.recipe, self.data, self.seed, self.device = recipe, data, seed, device
        self.network = make_network(recipe, torch.from_numpy(data.class_vectors).float()).to(device)
        shape = (min(recipe.batch_size, len(data.labels)), *np.moveaxis(data.images[:1], 3, 1).shape[1:])
        self.forward = Forward(self.network.train(), device, shape)
        self.teacher = None
        if teacher is not None:
            self.teacher = Forward(teacher.to(device).requires_grad_(False).eval(), device, shape)
        self.images = torch.from_numpy(np.ascontiguousarray(data.images)).to(device)
        self.labels = torch.from_numpy(data.labels).to(device)
        self.optimizers = Optimizers(self.network, recipe)
        self.average = None
        if recipe.average:
            average = get_ema_multi_avg_fn(recipe.average)
            self.average = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)
        generator = torch.Generator().manual_seed(seed)
        self.flipped = torch.rand(len(data.labels), generator=generator) < 0.5

    @property
    def result(self) -> Network:
        """The network to be judged and kept: the moving average where there is one."""
        if self.average is None:
            return self.network
        assert isinstance(self.average.module, Network)  # a copy of the network above
        return self.average.module

    def begin(self, start: Callable[[Network], None] | None) -> None:
        """Set what depends on the training images, and what `start` sets."""
        self.network.prepare(to_tensor(self.data.images[:_PREPARED_WITH]).to(self.device))
        if start is not None:
            start(self.network)

    def states(self) -> Json:
        """All states, for a checkpoint."""
        states: Json = {"network": self.network.state_dict(), "optimizers": self.optimizers.state_dict()}
        return states if self.average is None else {**states, "average": self.average.state_dict()}

    def load(self, states: Json) -> None:
        """Go on from `states`."""
        self.network.load_state_dict(states["network"])
        self.optimizers.load_state_dict(states["optimizers"])
        if self.average is not None:
            self.average.load_state_dict(states["average"])

    def epoch(self, epoch: int) -> float:
        """Train on every image once; returns the mean loss."""
        generator = torch.Generator().manual_seed(self.seed * 100_003 + epoch)
        torch.manual_seed(self.seed * 100_003 + epoch)  # of dropout
        size = min(self.recipe.batch_size, len(self.data.labels))
        order = torch.randperm(len(self.data.labels), generator=generator)
        count = len(order) // size
        self.network.train()
        total = torch.zeros((), device=self.device)
        steps = tqdm(range(count), desc=f"epoch {epoch + 1}/{self.recipe.all_epochs}", mininterval=5)
        for batch in steps:
            rows = order[batch * size : (batch + 1) * size]
            total += self._step(rows, epoch, (epoch + batch / count) / self.recipe.epochs, generator)
        return float(total) / count

    def _step(self, rows: Tensor, epoch: int, cycles: float, generator: torch.Generator) -> Tensor:
        # An image is mirrored every other epoch, so that two epochs show both views (Jordan, 2024).
        flipped = (self.flipped[rows] ^ (epoch % 2 == 1)) & self.recipe.flip
        places = rows.to(self.device)
        images, labels = to_unit(self.images[places]), self.labels[places]
        images = augment(images, flipped, self.recipe.shift, self.recipe.cutout, generator)
        share = 1.0  # of an image that is its own
        if self.recipe.cutmix and float(torch.rand((), generator=generator)) < self.recipe.cutmix:
            images, share = cutmix(images, generator)
        images = images.contiguous(memory_format=torch.channels_last)
        loss = self._loss(images, labels, share)
        loss.backward()
        self.optimizers.step(cycles)
        if self.average is not None:
            self.average.update_parameters(self.network)
        return loss.detach()

    def _loss(self, images: Tensor, labels: Tensor, share: float) -> Tensor:
        encoded = self.forward(images)
        loss = self.network.loss(encoded, labels)
        if share < 1.0:
            loss = share * loss + (1.0 - share) * self.network.loss(encoded, labels.roll(-1))
        if self.teacher is None:
            return loss
        with torch.no_grad():
            taught = self.teacher(images).logits
        weight, temperature = self.recipe.distil, self.recipe.distil_temperature
        return (1.0 - weight) * loss + weight * distillation_loss(encoded.logits, taught, temperature)
