"""What each bag of visual words is made with. Needs no OpenCV.

Sizes, vocabularies and descriptors were chosen on the 5,000 held-out training images of CIFAR-100, by `ap@100`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from core.encoders.recipes.base import EncoderRecipe
from core.errors import BadInput, unknown_name


@dataclass(frozen=True)
class VisualWordsRecipe(EncoderRecipe):
    """One bag of visual words. Pictures have 32 x 32 pixels; `side` is what they are scaled to first."""

    descriptor: str  # a name in core.encoders.visual_words.descriptors
    words: int = 1000  # of the vocabulary
    side: int = 32  # pixels
    step: int = 4  # pixels from one descriptor to the next, on a regular grid; HOG's is a cell
    sizes: tuple[int, ...] = (4,)  # pixels: keypoints' diameters (SIFT, a patch is six), patches (ORB), cells (HOG)
    mirrored: bool = True  # the bag of a picture also holds the words of its mirror image
    fitted_on: int = 300_000  # descriptors that the vocabulary is fitted on, drawn from those of all pictures
    rounds: int = 20  # of k-means over them
    batch_size: int = 4096  # descriptors

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            for number in value if isinstance(value, tuple) else (value,):
                if isinstance(number, int) and not isinstance(number, bool) and number < 1:
                    raise BadInput(f"{field.name} {number} of encoder '{self.encoder}': expected 1 or more")
        if self.side > 512:
            raise BadInput(f"side {self.side} of encoder '{self.encoder}': expected at most 512 pixels")


_SIFT = VisualWordsRecipe("bovw-sift", "sift")
_ORB = VisualWordsRecipe("bovw-orb", "orb", side=96, step=12, sizes=(31,))
_HOG = VisualWordsRecipe("bovw-hog", "hog", sizes=(4, 5, 6, 8, 10))
_BEST = replace(_HOG, encoder="bovw")

VISUAL_WORDS: dict[str, VisualWordsRecipe] = {recipe.encoder: recipe for recipe in (_BEST, _SIFT, _ORB, _HOG)}


def get_words_recipe(encoder: str, changes: Sequence[str] = ()) -> VisualWordsRecipe:
    """The recipe of a bag of visual words, with 'field=value' changes; raises BadInput for another name."""
    if encoder not in VISUAL_WORDS:
        raise unknown_name("bag of visual words", encoder, VISUAL_WORDS)
    recipe = VISUAL_WORDS[encoder]
    for change in changes:
        recipe = recipe.change(change)
    return recipe
