"""How the batches of unsure images are made (`core.hashing.mixer`), as settings that need no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mixture:
    """`unsure` of a batch are rows that are unsure themselves, the rest mixtures of a row with `partners` others.

    Partners have a share of `most` 10^-u in all, u drawn evenly from 0 to `decades`: unseen images are unsure by all
    degrees. An image of another class is a partner by exp(`reach` cosine), so that confusions are mostly, not only, of
    alike classes.
    """

    unsure: float = 0.5
    partners: int = 2
    most: float = 0.7
    decades: float = 1.5
    reach: float = 5.0
