"""Codes of classes: as far from each other as can be, or as near as the classes are alike. Both are of -1 and 1."""

from __future__ import annotations

import numpy as np

from core.errors import BadInput

_TRIES = 200  # linear codes drawn


def spread_centres(classes: int, bits: int, generator: np.random.Generator) -> np.ndarray:
    """A code for each class, int8 (C, bits), with a great least distance between any two.

    They are words of a linear code: bit k of word w is the parity of w & column k. With 2 bits >= C, bits a power of
    two, its words are the rows of a Hadamard matrix and their negatives, at bits / 2 or bits from each other; else the
    best of `_TRIES` draws is taken. Classes get words at random. BadInput where there are more classes than codes.
    """
    least = least_bits(classes, bits)
    best, distance = np.empty((0, bits), np.uint8), -1
    for columns in _columns(least, bits, generator):
        words = np.bitwise_count(np.arange(2**least)[:, None] & columns) & 1
        found = int(words[1:].sum(axis=1).min())  # of a linear code the least distance is the least weight
        if found > distance:
            best, distance = words, found
    chosen = generator.permutation(2**least)[:classes]
    return (2 * best[chosen] - 1).astype(np.int8)


def least_bits(classes: int, bits: int) -> int:
    """The bits that a code for each class takes; BadInput where `bits` are fewer."""
    least = max(1, (classes - 1).bit_length())
    if bits < least:
        raise BadInput(
            f"{classes} classes have no {bits}-bit codes of their own: expected {least} bits or more, or use greedyhash"
        )
    return least


def _columns(least: int, bits: int, generator: np.random.Generator) -> list[np.ndarray]:
    """Candidates of `bits` columns, each a number from 1 to 2^least - 1; the unit vectors among them part all words."""
    if bits == 2 ** (least - 1):
        return [np.arange(bits) | bits]  # the words are those of the first-order Reed-Muller code: Hadamard's rows
    units, others = 2 ** np.arange(least), np.arange(1, 2**least)
    others = np.setdiff1d(others, units)
    candidates = []
    for _ in range(_TRIES):
        # Whole rounds of all columns first: each round alone is a simplex code, whose words are equally far apart.
        drawn = [generator.permutation(others)[: bits - least]]
        while least + sum(map(len, drawn)) < bits:
            drawn.append(generator.permutation(np.arange(1, 2**least))[: bits - least - sum(map(len, drawn))])
        candidates.append(np.concatenate([units, *drawn]))
    return candidates


def least_distance(centres: np.ndarray) -> int:
    """The fewest bits in which two of the codes (C, bits) differ."""
    inner = centres.astype(np.int64) @ centres.T.astype(np.int64)
    return int((centres.shape[1] - inner[np.triu_indices(len(centres), 1)].max()) // 2)


def alike_centres(similarity: np.ndarray, bits: int, least: int, generator: np.random.Generator) -> np.ndarray:
    """A code for each class, int8 (C, bits), whose distances follow the classes' similarities (C, C).

    Bits are turned one at a time for as long as that lowers the mean square between <c_a, c_b> / bits and the wanted
    cosine of codes, which is 1 for similarity 1 and on average 0; that two codes are no nearer than `least` bits comes
    first. The start is the sign of vectors that have these similarities, under a random rotation.
    """
    wanted = wanted_cosine(similarity)
    values, axes = np.linalg.eigh(wanted)
    vectors = axes * np.sqrt(np.maximum(values, 0.0))
    turn = np.linalg.qr(generator.standard_normal((len(vectors), max(bits, len(vectors)))).T)[0]
    start = vectors @ turn[:bits].T
    codes = np.where(start > 0, 1, -1).astype(np.int64)
    inner = codes @ codes.T
    while _improve(codes, inner, wanted * bits, bits - 2 * least, generator):
        pass
    return codes.astype(np.int8)


def wanted_cosine(similarity: np.ndarray) -> np.ndarray:
    """The similarities moved and stretched so that classes have a mean of 0 with others and 1 with themselves."""
    others = similarity[~np.eye(len(similarity), dtype=bool)]
    mean = float(others.mean())
    stretched = (similarity - mean) / max(1.0 - mean, 1e-9)
    np.fill_diagonal(stretched, 1.0)
    return np.maximum(stretched, -1.0)


def _improve(
    codes: np.ndarray, inner: np.ndarray, wanted: np.ndarray, most: int, generator: np.random.Generator
) -> bool:
    """Turn every bit once, in random order of classes, where it helps; whether one did. Changes codes and inner."""
    turned = False
    for a in generator.permutation(len(codes)):
        for _ in range(codes.shape[1]):
            # The inner products of class a after each possible turn, (bits, C); its own does not change.
            after = inner[a] - 2 * codes[a][:, None] * codes.T
            costs = _costs(after, wanted[a], most, a)
            best = int(costs.argmin())
            if costs[best] >= _costs(inner[a][None], wanted[a], most, a)[0] - 1e-9:
                break
            inner[a] = inner[:, a] = after[best]
            inner[a, a] = codes.shape[1]
            codes[a, best] *= -1
            turned = True
    return turned


def _costs(inner: np.ndarray, wanted: np.ndarray, most: int, own: int) -> np.ndarray:
    """Sums of squares over the other classes of rows of inner products (n, C), above `most` more than all others."""
    squares = np.square(inner - wanted) + 10.0 * len(wanted) * np.square(np.maximum(inner - most, 0))
    squares[:, own] = 0.0
    return squares.sum(axis=1)
