"""The recipes by the name of their encoder. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence

from core.encoders.recipes.base import Recipe, from_dict
from core.encoders.recipes.classifier import CLASSIFIER
from core.encoders.recipes.contrastive import CONTRASTIVE
from core.encoders.recipes.semantic import SEMANTIC, SEMANTIC_SMALL, SEMANTIC_TEACHER
from core.encoders.recipes.source import SOURCE, SOURCE_ALEXNET
from core.errors import unknown_name
from core.runtime.shared_types import Json

RECIPES: dict[str, Recipe] = {
    recipe.encoder: recipe
    for recipe in (SEMANTIC, CLASSIFIER, SOURCE, CONTRASTIVE, SEMANTIC_TEACHER, SEMANTIC_SMALL, SOURCE_ALEXNET)
}


def get_recipe(encoder: str, changes: Sequence[str] = ()) -> Recipe:
    """The recipe of an encoder that is trained here, with 'field=value' changes; raises BadInput for another name."""
    if encoder not in RECIPES:
        raise unknown_name("encoder to train", encoder, RECIPES)
    recipe = RECIPES[encoder]
    for change in changes:
        recipe = recipe.change(change)
    return recipe


def read_recipe(values: Json) -> Recipe:
    """A recipe from what `Recipe.as_dict` gave; raises BadInput for an encoder that is not trained here."""
    return from_dict(type(get_recipe(str(values.get("encoder")))), values)
