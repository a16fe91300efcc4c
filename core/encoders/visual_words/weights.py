"""A fitted bag of visual words as one .safetensors file: its recipe in the header, no code is run to read it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from core.encoders.recipes.base import from_dict
from core.encoders.visual_words.bag import BagOfWords
from core.encoders.visual_words.recipes import VISUAL_WORDS, VisualWordsRecipe
from core.errors import BadInput

KEY = "visual_words"


def to_bytes(bag: BagOfWords) -> bytes:
    """The file's content: the vocabulary as float16, which it was rounded to, and the idf."""
    tensors = {"centres": bag.centres.astype(np.float16), "idf": bag.idf}
    return save(tensors, metadata={KEY: json.dumps(bag.recipe.as_dict())})


def holds_bag(path: str | Path) -> bool:
    """Whether a file says in its header that it is one of `to_bytes`."""
    try:
        with safe_open(path, framework="numpy") as file:
            return KEY in (file.metadata() or {})
    except (OSError, SafetensorError):
        return False


def load_bag(path: str | Path) -> BagOfWords:
    """The bag that a file of `to_bytes` describes; BadInput for any other file."""
    try:
        with safe_open(path, framework="numpy") as file:
            recipe = from_dict(VisualWordsRecipe, json.loads((file.metadata() or {})[KEY]))
            centres, idf = (file.get_tensor(name).astype(np.float32) for name in ("centres", "idf"))
        if recipe.encoder not in VISUAL_WORDS or centres.shape[0] != recipe.words or idf.shape != (recipe.words + 1,):
            raise ValueError(f"vocabulary {centres.shape} and idf {idf.shape} do not fit the recipe of {recipe.words}")
    except (OSError, SafetensorError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadInput(
            f"cannot read a vocabulary from '{path}' ({' '.join(str(error).split())[:200]}): "
            "make it with the train command"
        ) from error
    return BagOfWords(recipe, centres, idf)
