"""What the recipes of all encoders have in common, and how a field is changed from the command line."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import asdict, dataclass
from typing import Any, Self, TypeVar

from core.errors import BadInput
from core.runtime.shared_types import Json

_FIXED = {"encoder", "network", "descriptor"}  # what an encoder is, not how it is made
SOFTMAX = "-softmax"  # ends the name of an encoder whose embeddings are a classifier's probabilities


@dataclass(frozen=True)
class EncoderRecipe:
    """How an encoder is made: its name, and fields that the command line may change."""

    encoder: str

    def as_dict(self) -> Json:
        """The fields as JSON-ready values, kept in the checkpoint, the weights and the manifest."""
        return json.loads(json.dumps(asdict(self)))

    def change(self, text: str) -> Self:
        """A copy with one field set by 'field=value'; raises BadInput where it cannot be."""
        name, equals, value = text.partition("=")
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        free = sorted(set(fields) - _FIXED)
        if not equals or name not in free:
            raise BadInput(f"'{text}' sets no field of the recipe: expected FIELD=VALUE with one of {', '.join(free)}")
        try:
            return dataclasses.replace(self, **{name: _convert(value, fields[name])})
        except BadInput:  # of a recipe that checks its values
            raise
        except (ValueError, KeyError) as error:
            raise BadInput(f"'{text}': expected a value such as {_example(fields[name])}") from error


@dataclass(frozen=True)
class Recipe(EncoderRecipe):
    """One network's training. Two recipes that differ in any field give different checkpoints."""

    network: str  # name in core.encoders.networks.registry
    epochs: int  # of one cycle
    cycles: int = 1  # the schedule starts anew so often; more of them may be asked of a run that is there
    cycle_decay: float = 0.5  # of the learning rates, from cycle to cycle
    widths: tuple[int, ...] = (64, 128, 256)  # channels of the trunk's groups
    depth: int = 2  # convolutions a group: 2, or 3 with a residual path
    blocks: tuple[int, ...] = ()  # residual blocks a group: of the residual trunk, which has no `depth`
    dimensions: int = 100
    bits: int = 48
    batch_size: int = 500
    optimizer: str = "muon"  # or "sgd"
    filter_rate: float = 0.12  # Muon's learning rate of the convolutions
    filter_momentum: float = 0.6
    rate: float = 0.002  # learning rate of everything else
    weight_decay: float = 1e-3
    warm_up: float = 0.05  # share of the steps in which the learning rate rises
    hold: float = 0.3  # share of the steps after which it falls to zero
    average: float = 0.0  # decay of the moving average of the weights a step; 0: the last weights are kept
    label_smoothing: float = 0.1
    flip: bool = True  # mirror each image every other epoch
    shift: int = 4  # largest random translation, pixels
    cutout: int = 0  # side of the square that is blanked, pixels
    cutmix: float = 0.0  # share of the batches in which a part of each image is another's
    distil: float = 0.0  # weight of a teacher's class probabilities in the loss; 1 - distil is left for the rest
    distil_temperature: float = 2.0  # of both networks' probabilities there
    hierarchy: str = "wordnet"

    @property
    def all_epochs(self) -> int:
        """Epochs of all cycles."""
        return self.epochs * self.cycles


AnyRecipe = TypeVar("AnyRecipe", bound=EncoderRecipe)


def from_dict(kind: type[AnyRecipe], values: Json) -> AnyRecipe:
    """A recipe from `as_dict`'s values."""
    known = {field.name for field in dataclasses.fields(kind)}
    chosen: Json = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return kind(**{name: value for name, value in chosen.items() if name in known})


def _convert(text: str, example: Any) -> Any:
    if isinstance(example, tuple):
        return tuple(int(part) for part in text.split(","))
    if isinstance(example, bool):
        return {"true": True, "false": False}[text.lower()]
    return type(example)(text)


def _example(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
