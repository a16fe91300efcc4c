"""The sign in training: it goes forward as -1 or 1, and the gradient goes back as if it were something smooth."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def straight_signs(values: Tensor, smooth: Tensor | None = None) -> Tensor:
    """-1 or 1 by the sign of each value, with the gradient of `smooth`, a tensor made of them, or of the value itself.

    Bengio, Leonard & Courville, arXiv 1308.3432 (the straight-through estimator).
    """
    smooth = values if smooth is None else smooth
    signs = (values > 0).to(values.dtype) * 2.0 - 1.0
    return smooth + (signs - smooth).detach()
