"""The names of the encoders that are trained here. Needs neither PyTorch nor OpenCV."""

from __future__ import annotations

from core.encoders.recipes.registry import RECIPES
from core.encoders.visual_words.recipes import VISUAL_WORDS

TRAINED = (*RECIPES, *VISUAL_WORDS)
