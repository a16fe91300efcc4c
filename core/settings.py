"""One setting of an evaluation, its ranges and defaults. The engine refuses what is out of range."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from core.errors import BadInput, unknown_name

K_RANGE, K_DEFAULT = (1, 1000), 100
BITS_RANGE, BITS_STEP, BITS_DEFAULT = (8, 128), 8, 48
MULTIPLIER_RANGE, MULTIPLIER_STEP, MULTIPLIER_DEFAULT = (1.0, 20.0), 0.25, 2.0
ALL = "all"
KEEP, LEAVE_OUT = NEAR_DUPLICATES = ("keep", "leave-out")
CURVE_DEPTH = 250  # curves show every k up to here, and every tenth beyond
_DECIMAL = re.compile(r"-?([0-9]{1,4}(\.[0-9]{0,20})?|\.[0-9]{1,20})")


@dataclass(frozen=True)
class Setting:
    """What is evaluated. Names are those of the bundle and the registries; `multiplier` is decimal text or 'all'."""

    encoder: str
    hash: str
    bits: int
    multiplier: str
    protocol: str
    hierarchy: str
    seed: int = 0
    queries: int | None = None  # None: every query; else a seeded sample of this size, in index order
    near_duplicates: str = KEEP  # in the gallery: kept, or left out as `core.engine.near_duplicates` has it

    def __post_init__(self) -> None:
        parse_multiplier(self.multiplier)
        if self.queries is not None and self.queries < 1:
            raise BadInput(f"queries {self.queries} is below 1: give a count of queries, or 'all'")
        if self.seed < 0:
            raise BadInput(f"seed {self.seed} is negative: give a whole number from 0 up")
        if self.near_duplicates not in NEAR_DUPLICATES:
            raise unknown_name("choice of near-duplicates", self.near_duplicates, NEAR_DUPLICATES)

    def shortlist(self, k: int, gallery: int) -> int:
        """M(k) = min(N, ceil(multiplier * k)), the product computed exactly."""
        return shortlist_size(parse_multiplier(self.multiplier), k, gallery)


def parse_multiplier(text: str | float) -> Fraction | None:
    """The exact value of a decimal such as '1.1' (a float by its shortest decimal); None for 'all'."""
    return _parsed(str(text))


@lru_cache(maxsize=1024)  # a curve asks for a shortlist at each of its k
def _parsed(text: str) -> Fraction | None:
    if text == ALL:
        return None
    if not _DECIMAL.fullmatch(text):
        raise BadInput(f"multiplier '{text}' is no number: give a decimal from 1 to 20, or 'all'")
    value = Fraction(text)
    low, high = MULTIPLIER_RANGE
    if not low <= value <= high:
        raise BadInput(f"multiplier {text} is outside {low:g} to {high:g}: give a decimal in that range, or 'all'")
    return value


def format_multiplier(value: float | str) -> str:
    """The shortest text of a multiplier: 2.0 is '2', 1.25 is '1.25'."""
    return ALL if str(value) == ALL else f"{Decimal(str(value)).normalize():f}"


def shortlist_size(multiplier: Fraction | None, k: int, gallery: int) -> int:
    """min(gallery, ceil(multiplier * k)); the whole gallery where the multiplier is None ('all')."""
    return gallery if multiplier is None else min(gallery, math.ceil(multiplier * k))


def parse_ks(text: str) -> list[int | str]:
    """A list such as '1,5,100,all': ascending, without repeats, 'all' last."""
    values: set[int] = set()
    whole = False
    for part in str(text).split(","):
        word = part.strip()
        if word == ALL:
            whole = True
        elif word.isdecimal() and len(word) < 10 and int(word) >= 1:
            values.add(int(word))
        else:
            raise BadInput(f"k '{word}' is no whole number from 1 up: give a list such as 1,5,100,250,all")
    return [*sorted(values), *([ALL] if whole else [])]


def check_k(k: int, gallery: int) -> int:
    """k itself; raises BadInput for k outside 1 to 1,000 or above the gallery."""
    low, high = K_RANGE
    if not low <= k <= high:
        raise BadInput(f"k {k} is outside {low} to {high}: give a k in that range, or 'all' for the whole gallery")
    if k > gallery:
        raise BadInput(f"k {k} is above the gallery's {gallery} images: give at most {gallery}, or 'all'")
    return k


def offered_ks(gallery: int) -> list[int]:
    """The k that a control offers: each to 250, then every tenth to 1,000, and a smaller gallery's own size."""
    steps = [*range(1, CURVE_DEPTH + 1), *range(CURVE_DEPTH + 10, K_RANGE[1] + 1, 10)]
    return sorted({k for k in steps if k <= gallery} | {min(gallery, K_RANGE[1])})


def curve_ks(k: int, gallery: int) -> list[int]:
    """The k of a curve that holds the current k: each to 250; beyond, where k asks for it, the rest on offer.

    Moving k inside a range gives the same list, so no curve is computed anew.
    """
    offered = offered_ks(gallery)
    values = {value for value in offered if value <= CURVE_DEPTH} if k <= CURVE_DEPTH else {*offered, k}
    return sorted(values)
