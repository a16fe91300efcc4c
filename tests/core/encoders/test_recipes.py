import json

import pytest

from core.encoders.networks.registry import NETWORKS
from core.encoders.recipes.registry import RECIPES, get_recipe, read_recipe
from core.errors import BadInput


def test_unknown_recipe():
    assert get_recipe("semantic") is RECIPES["semantic"]
    with pytest.raises(BadInput, match="semantics"):
        get_recipe("semantics")


@pytest.mark.parametrize("encoder", RECIPES)
def test_a_recipe_survives_json_and_names_a_network(encoder):
    recipe = RECIPES[encoder]
    assert recipe.encoder == encoder
    assert read_recipe(json.loads(json.dumps(recipe.as_dict()))) == recipe
    assert recipe.network in NETWORKS


def test_fields_are_changed_by_text():
    recipe = get_recipe("semantic", ["epochs=3", "widths=8,16,32", "cosine_weight=1.5", "flip=false"])
    assert (recipe.epochs, recipe.widths, recipe.cosine_weight, recipe.flip) == (3, (8, 16, 32), 1.5, False)
    assert recipe.shift == RECIPES["semantic"].shift


@pytest.mark.parametrize("text", ["epoch=3", "epochs", "epochs=many", "widths=8,x", "encoder=source", "flip=2"])
def test_a_change_that_cannot_be_names_what_was_given(text):
    with pytest.raises(BadInput, match=text.split("=")[0]):
        get_recipe("semantic", [text])
