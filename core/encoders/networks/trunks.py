"""The trunk that a recipe asks for: residual where it names blocks, else the small one."""

from __future__ import annotations

from core.encoders.networks.residual import ResidualTrunk
from core.encoders.networks.trunk import Trunk
from core.encoders.recipes.base import Recipe


def make_trunk(recipe: Recipe) -> Trunk | ResidualTrunk:
    """An untrained trunk with `features` outputs and `prepare`."""
    return ResidualTrunk(recipe.widths, recipe.blocks) if recipe.blocks else Trunk(recipe.widths, recipe.depth)
