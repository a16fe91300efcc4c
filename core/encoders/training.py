"""Training of an encoder: a checkpoint each epoch, exact resume, choices on held-out images only."""

from __future__ import annotations

import csv
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from core.encoders.augment import augment
from core.encoders.networks import SemanticNetwork
from core.encoders.recipes import Recipe
from core.errors import BadInput

LOG_FIELDS = ("epoch", "loss", "held_out_accuracy", "held_out_cosine", "seconds")


@dataclass(frozen=True)
class TrainingData:
    """Images uint8 (N, 32, 32, 3) and labels int64 (N,), to fit and to choose; class vectors (C, d)."""

    images: np.ndarray
    labels: np.ndarray
    held_out_images: np.ndarray
    held_out_labels: np.ndarray
    class_vectors: np.ndarray


def choose_device() -> torch.device:
    """CUDA or MPS where there is one, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def to_tensor(images: np.ndarray) -> Tensor:
    """uint8 (N, H, W, C) to float32 (N, C, H, W) in [0, 1], channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float().div_(255)


def train(recipe: Recipe, data: TrainingData, folder: str | Path, seed: int = 0) -> SemanticNetwork:
    """Train to the recipe's last epoch, resuming from `folder/checkpoint.pt` if it is of this recipe and seed.

    Each epoch's randomness comes from (seed, epoch) alone, so a run that was killed goes on exactly as one
    that was not. Raises BadInput where the checkpoint is of another recipe or seed.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    device = choose_device()
    torch.manual_seed(seed)
    network = SemanticNetwork(recipe.width, recipe.bits, recipe.dimensions, int(data.labels.max()) + 1)
    network = network.to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.0, momentum=recipe.momentum, weight_decay=recipe.weight_decay, nesterov=True
    )
    first = _resume(folder / "checkpoint.pt", recipe, seed, network, optimizer)
    for epoch in range(first, recipe.epochs):
        started = time.perf_counter()
        loss = _train_epoch(network, optimizer, recipe, data, seed, epoch)
        accuracy, cosine = validate(network, data)
        _save(folder / "checkpoint.pt", recipe, seed, epoch + 1, network, optimizer)
        _log(folder / "log.csv", epoch, (loss, accuracy, cosine, time.perf_counter() - started))
    return network.eval()


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """One cycle: a linear rise over the warm-up, then a linear fall to zero."""
    rise = recipe.warm_up * steps
    share = step / rise if step < rise else (steps - step) / (steps - rise)
    return recipe.peak_learning_rate * share


def _train_epoch(
    network: SemanticNetwork,
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
    data: TrainingData,
    seed: int,
    epoch: int,
) -> float:
    generator = torch.Generator().manual_seed(seed * 100_003 + epoch)
    order = torch.randperm(len(data.labels), generator=generator).numpy()
    per_epoch = len(order) // recipe.batch_size
    device = next(network.parameters()).device
    vectors = torch.from_numpy(data.class_vectors).float().to(device)
    network.train()
    total = 0.0
    for batch in tqdm(range(per_epoch), desc=f"epoch {epoch + 1}/{recipe.epochs}", mininterval=5):
        rows = order[batch * recipe.batch_size : (batch + 1) * recipe.batch_size]
        images = augment(to_tensor(data.images[rows]), recipe.shift, generator)
        images = images.to(device, memory_format=torch.channels_last)
        labels = torch.from_numpy(data.labels[rows]).to(device)
        rate = learning_rate(recipe, epoch * per_epoch + batch, recipe.epochs * per_epoch)
        for group in optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type != "mps"):
            encoded = network(images)
        entropy = functional.cross_entropy(encoded.logits, labels, label_smoothing=recipe.label_smoothing)
        distance = 1.0 - (encoded.embedding * vectors[labels]).sum(dim=1).mean()
        loss = entropy + recipe.cosine_weight * distance
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / per_epoch


def validate(network: SemanticNetwork, data: TrainingData) -> tuple[float, float]:
    """Accuracy of the classification head and mean cosine to the class vector on the held-out images."""
    embeddings, _, logits = encode_images(network, data.held_out_images, fast=True)
    accuracy = float((logits.argmax(axis=1) == data.held_out_labels).mean())
    return accuracy, float((embeddings * data.class_vectors[data.held_out_labels]).sum(axis=1).mean())


@torch.inference_mode()
def encode_images(
    network: SemanticNetwork, images: np.ndarray, batch_size: int = 500, flip: bool = False, fast: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings (N, d), latent values (N, bits) and logits (N, C), float32, of uint8 images (N, 32, 32, 3).

    With `flip` the outputs of an image and its mirror image are averaged (embeddings normalised again);
    `fast` computes in bfloat16.
    """
    network.eval()
    device = next(network.parameters()).device
    parts = []
    for start in range(0, len(images), batch_size):
        batch = to_tensor(images[start : start + batch_size]).to(device, memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16, enabled=fast):
            outputs = [network(batch), network(batch.flip(3))] if flip else [network(batch)]
        mean = [torch.stack(values).mean(dim=0) for values in zip(*outputs, strict=True)]
        parts.append([functional.normalize(mean[0]).cpu(), mean[1].cpu(), mean[2].cpu()])
    embeddings, latent, logits = (torch.cat(values).numpy() for values in zip(*parts, strict=True))
    return embeddings, latent, logits


def _resume(path: Path, recipe: Recipe, seed: int, network: SemanticNetwork, optimizer: torch.optim.Optimizer) -> int:
    if not path.exists():
        return 0
    try:
        state = torch.load(path, weights_only=True)
    except Exception as error:
        raise BadInput(f"cannot read the checkpoint '{path}' ({error}): move it away to start anew") from error
    if state["recipe"] != json.dumps(recipe.as_dict()) or state["seed"] != seed:
        raise BadInput(f"the checkpoint '{path}' is of another recipe or seed: name another folder, or move it away")
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["epoch"])


def _save(
    path: Path,
    recipe: Recipe,
    seed: int,
    epoch: int,
    network: SemanticNetwork,
    optimizer: torch.optim.Optimizer,
) -> None:
    state = {
        "recipe": json.dumps(recipe.as_dict()),
        "seed": seed,
        "epoch": epoch,
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)  # the last good checkpoint stays until the new one is whole


def _log(path: Path, epoch: int, values: tuple[float, ...]) -> None:
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(LOG_FIELDS)
        writer.writerow([epoch + 1, *(f"{value:.6g}" for value in values)])
