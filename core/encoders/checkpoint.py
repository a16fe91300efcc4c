"""The state of a training run on disk: whole or not at all, and only for the run it is of."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path

import torch

from core.encoders.recipes.base import Recipe
from core.errors import BadInput
from core.runtime.shared_types import Json

NAME = "checkpoint.pt"


@dataclass(frozen=True)
class Checkpoint:
    """After how many epochs, and the states of what changes in training."""

    epoch: int
    states: dict[str, object] = field(default_factory=dict)


def load(folder: Path, recipe: Recipe, seed: int) -> Checkpoint:
    """The checkpoint in a run's folder, one of epoch 0 where there is none.

    Raises BadInput where it cannot be read, or is of another recipe or seed; it is never changed here.
    """
    path = folder / NAME
    if not path.exists():
        return Checkpoint(0)
    try:
        content = torch.load(path, weights_only=True, map_location="cpu")
        described, found_seed = json.loads(content["recipe"]), content["seed"]
        checkpoint = Checkpoint(int(content["epoch"]), content["states"])
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise BadInput(f"cannot read the checkpoint '{path}' ({reason}): move it away to start anew") from error
    different = _differences(described, recipe)
    if found_seed != seed:
        different["seed"] = found_seed
    if different:
        found = ", ".join(f"{name} {value}" for name, value in list(different.items())[:3])
        raise BadInput(
            f"the checkpoint '{path}' is of another recipe or seed ({found}): "
            "name another folder, or move it away to start anew"
        )
    return checkpoint


def _differences(described: Json, recipe: Recipe) -> Json:
    """The fields in which a checkpoint's recipe differs, with its values; a field it does not know has its default."""
    defaults = {field.name: field.default for field in dataclasses.fields(recipe)}
    wanted = recipe.as_dict()
    found = {name: described.get(name, defaults[name]) for name in wanted}
    if found["cycles"] < wanted["cycles"]:
        found["cycles"] = wanted["cycles"]  # a run may be given more cycles
    return {name: value for name, value in found.items() if value != wanted[name]}


def save(folder: Path, recipe: Recipe, seed: int, checkpoint: Checkpoint) -> None:
    """Write a checkpoint beside the last one, then put it in its place; raises BadInput where there is no room."""
    content = {
        "recipe": json.dumps(recipe.as_dict()),
        "seed": seed,
        "epoch": checkpoint.epoch,
        "states": checkpoint.states,
    }
    part = folder / f"{NAME}.part"
    try:
        with part.open("wb") as file:
            torch.save(content, file)
        part.replace(folder / NAME)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        part.unlink(missing_ok=True)
        raise BadInput(
            f"cannot write a checkpoint into '{folder}' ({' '.join(str(error).split())[:200]}): "
            "make room, then start the same command again; it goes on from the last one"
        ) from error
