"""How each encoder is trained: every choice in one place, made on the held-out images."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from core.errors import unknown_name


@dataclass(frozen=True)
class Recipe:
    """One encoder's training. Two recipes that differ in any field give different checkpoints."""

    encoder: str
    epochs: int
    batch_size: int = 256
    width: int = 40
    bits: int = 48
    dimensions: int = 100
    peak_learning_rate: float = 0.3
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warm_up: float = 0.2  # share of the steps in which the learning rate rises
    label_smoothing: float = 0.1
    cosine_weight: float = 4.0  # weight of 1 - cos(embedding, class vector) beside the cross-entropy
    shift: int = 4  # largest random translation, pixels
    hierarchy: str = "wordnet"

    def as_dict(self) -> dict[str, object]:
        """The fields as JSON-ready values, kept in the checkpoint and the manifest."""
        return asdict(self)


RECIPES = {recipe.encoder: recipe for recipe in (Recipe(encoder="semantic", epochs=18),)}


def get_recipe(encoder: str) -> Recipe:
    """The recipe of an encoder that is trained here; raises BadInput for another name."""
    if encoder not in RECIPES:
        raise unknown_name("encoder to train", encoder, RECIPES)
    return RECIPES[encoder]
