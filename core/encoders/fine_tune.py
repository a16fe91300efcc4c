"""A backbone's last block and a hash head, trained together on a labelled folder by the hash's own objective.

All other weights stay as they are, as do the statistics of batch normalisation: a folder may be small. The block learns
at a tenth of the head's rate, as HashNet's pretrained layers do (Cao et al., ICCV 2017).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.encoders.backbones import last_block, open_backbone
from core.encoders.fine_tuned import save_codes, save_head, save_weights
from core.encoders.picture_encoder import BackboneEncoder, file_digest
from core.errors import BadInput
from core.hashing.head import LearnedHash, MlpHash, as_half
from core.hashing.head_training import Head, batches, cosine_rate
from core.hashing.registry import HASHES, get_hash
from core.hashing.training_plan import Task, Training
from core.pictures.file import read_picture
from core.pictures.folder import PictureFolder, folder_classes, number_classes
from core.pictures.index import READERS, PictureIndex, Progress, index_folder

EPOCHS, BATCH = 10, 64
BLOCK_RATE = 0.1  # of the head's
LEAST_STEPS = 50  # more epochs where pictures are few
_SETTLED = 8192  # pictures over which the head's normalisation is settled


@dataclass(frozen=True)
class FineTuned:
    """Where it was written, the block's modules, pictures and classes, and the mean loss of each epoch."""

    folder: Path
    block: list[str]
    pictures: int
    classes: int
    losses: list[float]


@dataclass(frozen=True)
class _Data:
    index: PictureIndex
    labels: np.ndarray
    names: list[str]
    mean: np.ndarray
    scale: float


def tunable() -> list[str]:
    """Hashes whose objective a backbone can be fine-tuned by: those of a head learned from labels alone."""
    return [
        name
        for name, info in HASHES.items()
        if info.fit is not None and issubclass(info.fit, LearnedHash) and not info.needs_similarity and not info.prefix
        if info.fit.training.mixture is None  # embeddings are mixed, pictures are not
    ]


def fine_tune(
    folder: PictureFolder,
    encoder: str,
    weights_file: str | Path | None,
    hash_name: str,
    bits: int,
    run_folder: str | Path,
    epochs: int = EPOCHS,
    seed: int = 0,
    cache: str | Path | None = None,
    progress: Progress | None = None,
) -> FineTuned:
    """Train on a folder with one sub-folder a class; weights, head and codes go into `run_folder`.

    BadInput for a hash without such an objective, one class only, weights or pictures that cannot be used.
    """
    get_hash(hash_name)
    if hash_name not in tunable():
        raise BadInput(f"hash '{hash_name}' cannot be trained with a backbone: expected one of {', '.join(tunable())}")
    target = Path(run_folder)
    target.mkdir(parents=True, exist_ok=True)
    backbone = open_backbone(encoder, weights_file)
    source = BackboneEncoder(backbone)
    data = _gather(folder, source, hash_name, cache)
    kind = HASHES[hash_name].fit
    assert kind is not None and issubclass(kind, LearnedHash)  # `tunable` has no other
    method = kind(bits, seed)
    block = last_block(backbone.network)
    head, losses = _train(source, block, data, method, replace(method.training, epochs=epochs), seed, progress)
    path = save_weights(target, backbone.network, encoder, backbone.trained_as)
    index = index_folder(folder, BackboneEncoder(open_backbone(encoder, path)), cache)
    fitted = _fitted(head, index, data, type(method))
    made = f"trained with the last block of {encoder} ({', '.join(block)}) on {len(data.labels):,} pictures"
    save_head(target, fitted, file_digest(path), made)
    codes = np.empty((len(index), -(-bits // 8)), dtype=np.uint8)
    for places, features in index.blocks():
        codes[places] = fitted.encode(features.astype(np.float32))
    save_codes(target, codes, [file.path for file in index.files], folder_classes(folder._replace(files=index.files)))
    return FineTuned(target, block, len(data.labels), len(data.names), losses)


def _gather(folder: PictureFolder, encoder: BackboneEncoder, hash_name: str, cache: str | Path | None) -> _Data:
    """The readable pictures, their classes, and the mean and scale of their features before training."""
    index = index_folder(folder, encoder, cache)
    names, (labels,) = number_classes(folder_classes(folder._replace(files=index.files)))
    if len(names) < 2:
        raise BadInput(f"all pictures are of class '{names[0]}': {hash_name} learns from classes that differ")
    total, squares = np.zeros(index.dimensions), np.zeros(index.dimensions)
    for _, features in index.blocks():
        values = features.astype(np.float64)
        total, squares = total + values.sum(axis=0), squares + np.square(values).sum(axis=0)
    mean = total / len(index)
    scale = float(np.sqrt(np.maximum(squares / len(index) - mean**2, 0).mean()))
    if scale == 0:
        raise BadInput(f"all pictures have the same features: {hash_name} needs pictures that differ")
    return _Data(index, labels, names, mean, scale)


def _train(
    source: BackboneEncoder, block: list[str], data: _Data, method: LearnedHash, training: Training, seed: int,
    progress: Progress | None,
) -> tuple[Head, list[float]]:  # fmt: skip
    """Train; the head as it ended, its normalisation not settled, and the mean loss of each epoch."""
    training = replace(training, batch=BATCH, least_steps=min(training.least_steps, LEAST_STEPS))
    generator = np.random.default_rng(seed)
    task = Task(method.bits, len(data.names), None, generator)
    head = Head(data.index.dimensions, method.bits, training, generator)
    objective = method.objective(task)
    trained = [weight for name in block for weight in source.network.get_submodule(name).parameters()]
    for weight in trained:
        weight.requires_grad_(True)
    others = [weight for weight in head.parameters() if weight.ndim == 1] + objective.parameters
    groups = [
        {"params": head.matrices(), "factor": 1.0},
        {"params": others, "weight_decay": 0.0, "factor": 1.0},
        {"params": trained, "weight_decay": 0.0, "factor": BLOCK_RATE},
    ]
    optimizer = torch.optim.AdamW(groups, lr=training.rate, weight_decay=training.weight_decay)
    mean = torch.from_numpy(data.mean.astype(np.float32))
    steps = list(batches(len(data.labels), training, generator))
    values = []
    for done, (rows, share) in enumerate(steps, start=1):
        for group in optimizer.param_groups:
            group["lr"] = training.rate * cosine_rate(share) * group["factor"]
        features = source.network(_pictures(data.index, rows, source, generator)).flatten(1).float().cpu()
        targets = torch.from_numpy(data.labels[rows])
        loss = objective.loss(head((features - mean) / data.scale), targets, share)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        values.append(float(loss.detach()))
        if progress is not None:
            progress(done, len(steps))
    source.network.requires_grad_(False)
    return head, [float(part.mean()) for part in np.array_split(values, min(training.epochs, len(values)))]


def _pictures(
    index: PictureIndex, rows: np.ndarray, encoder: BackboneEncoder, generator: np.random.Generator
) -> Tensor:
    """Prepared pictures (n, 3, H, W), half of them mirrored."""
    mirrored = generator.random(len(rows)) < 0.5

    def read(row: int, mirror: bool) -> Tensor:
        picture = read_picture(index.folder.full_path(index.files[row].path))
        return encoder.prepare(picture[:, ::-1] if mirror else picture)

    with ThreadPoolExecutor(READERS) as pool:
        return torch.stack(list(pool.map(read, rows.tolist(), mirrored.tolist()))).to(encoder.device)


def _fitted(head: Head, index: PictureIndex, data: _Data, kind: type[MlpHash]) -> MlpHash:
    """The method of the trained head, its normalisation settled over the features as they are now."""
    norms = [module for module in head.modules() if isinstance(module, torch.nn.BatchNorm1d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    rows = np.sort(np.random.default_rng(0).permutation(len(index))[:_SETTLED])
    head.train()
    with torch.no_grad():
        head(torch.from_numpy(((index.features(rows) - data.mean) / data.scale).astype(np.float32)))
    head.eval()
    arrays = {"mean": data.mean, "scale": np.array([data.scale]), **head.folded()}
    arrays = {key: value.astype(np.float32) for key, value in arrays.items()}
    return kind.from_state({**arrays, "hidden": as_half(arrays["hidden"]), "output": as_half(arrays["output"])})
