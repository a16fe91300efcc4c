"""The ways to compare codes by name; a hash names the one it needs (`core.hashing.info.HashInfo.distance`)."""

from __future__ import annotations

from core.codes.cells import CellPair
from core.codes.hamming import HammingPair
from core.codes.own import OwnPair
from core.codes.pair import CodePair
from core.codes.real import EstimatePair, LookupPair
from core.hashing.registry import get_hash

DISTANCES: dict[str, type[CodePair]] = {
    "hamming": HammingPair,
    "cells": CellPair,
    "lookup": LookupPair,
    "estimate": EstimatePair,
    "own": OwnPair,
}


def distance_of(hash_name: str) -> type[CodePair]:
    """How the codes of a hash are compared; BadInput for an unknown hash."""
    return DISTANCES[get_hash(hash_name).distance]


def distance_title(hash_name: str) -> tuple[str, str]:
    """What the distance of a hash's codes is called, short and long."""
    info = get_hash(hash_name)
    return CodePair.title if info.distance_cap is not None else DISTANCES[info.distance].title
