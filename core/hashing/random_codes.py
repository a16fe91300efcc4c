"""Control: bits drawn at random, independent of the image. What a search with such codes reaches is chance."""

from __future__ import annotations

import zlib

import numpy as np

from core.errors import BadInput
from core.hashing import packing
from core.hashing.info import Images


def random_codes(count: int, bits: int, seed: int, split: str) -> np.ndarray:
    """Codes uint8 (count, ceil(bits / 8)) of fair bits; the same for the same seed and split, else unrelated."""
    if count < 0 or seed < 0:
        raise BadInput(f"random codes for {count} images with seed {seed}: expected 0 or more of each")
    # The split's checksum keeps image i of one split from getting the code of image i of another;
    # hash() would not do, it differs from run to run.
    generator = np.random.default_rng([seed, zlib.crc32(split.encode())])
    whole = generator.integers(0, 256, size=(count, packing.width(bits)), dtype=np.uint8)
    return packing.truncate(whole, 8 * packing.width(bits), bits)


def drawn_codes(images: Images, bits: int, seed: int) -> np.ndarray:
    """The codes of all images of a split."""
    return random_codes(images.count, bits, seed, images.split)
