"""The names of the encoders of this project. Needs neither PyTorch nor OpenCV."""

from __future__ import annotations

from core.encoders.recipes.registry import RECIPES
from core.encoders.visual_words.recipes import VISUAL_WORDS

TRAINED = (*RECIPES, *VISUAL_WORDS)

# Functions of the pixels that nothing is trained for, by name, and the module that holds each as ENCODER, a subclass of
# `core.encoders.picture_encoder.FixedEncoder`: a line here is all that lists one.
FIXED: dict[str, str] = {
    # "mean-colour": "core.encoders.mean_colour",
}
