"""How alike two pictures are once one is mirrored, scaled and moved onto the other: normalised cross-correlation
over what overlaps (Lewis, "Fast Normalized Cross-Correlation", Vision Interface 1995)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.runtime.compiled import kernel
from core.runtime.parallel import run_blocks

_FACTORS = np.geomspace(0.86, 1 / 0.86, 7)  # scales tried, times the one given
_SHIFT = 3  # pixels tried either way around the shift given
_LEAST = 0.4  # share of the picture that must overlap
_CELLS = 4  # parts a direction in which colours must agree
_FLAT = 1e-4  # a variance below this is rounding's: nothing to correlate


def correlate(
    detail: np.ndarray,
    other_detail: np.ndarray,
    colours: np.ndarray,
    other_colours: np.ndarray,
    pairs: np.ndarray,
    poses: np.ndarray,
    threads: int | None = None,
    progress: Callable[[float], object] | None = None,
) -> np.ndarray:
    """Scores float32 (P,) of pairs int64 (P, 2): correlation of detail times the cube of the least agreement of colour.

    `detail` float32 (N, s, s), `colours` float32 (N, 3, s, s), of `other_*` M pictures. Around each of `poses`
    float64 (P, 4) (mirror, scale, down, right; see `near_duplicates.pose`) the pose of the best detail is taken.
    """
    out = np.empty(len(pairs), np.float32)

    def work(block: slice) -> None:
        _correlate_block(
            detail, other_detail, colours, other_colours, pairs[block], poses[block], _FACTORS, _SHIFT, out[block]
        )

    run_blocks(work, len(pairs), threads, 256, progress)
    return out


@kernel
def _correlate_block(
    detail: np.ndarray,
    other_detail: np.ndarray,
    colours: np.ndarray,
    other_colours: np.ndarray,
    pairs: np.ndarray,
    poses: np.ndarray,
    factors: np.ndarray,
    shift: int,
    out: np.ndarray,
) -> None:
    side = detail.shape[1]
    moved = np.empty((1, side, side), np.float32)
    painted = np.empty((3, side, side), np.float32)
    for p in range(pairs.shape[0]):
        a, b = pairs[p, 0], pairs[p, 1]
        mirror, scale = poses[p, 0] > 0.5, poses[p, 1]
        middle_down, middle_right = int(np.rint(poses[p, 2])), int(np.rint(poses[p, 3]))
        best, best_scale, best_down, best_right = 0.0, scale, middle_down, middle_right
        for factor in factors:
            low, high = _transform(detail[a : a + 1], scale * factor, mirror, moved)
            for down in range(middle_down - shift, middle_down + shift + 1):
                for right in range(middle_right - shift, middle_right + shift + 1):
                    found = _overlap(moved, other_detail[b : b + 1], low, high, down, right)
                    if found > best:
                        best, best_scale, best_down, best_right = found, scale * factor, down, right
        low, high = _transform(colours[a], best_scale, mirror, painted)
        agreement = _least_agreement(painted, other_colours[b], low, high, best_down, best_right)
        out[p] = min(best * agreement**3, 1.0)


@kernel
def _transform(planes: np.ndarray, scale: float, mirror: bool, out: np.ndarray) -> tuple[int, int]:
    """Planes (C, s, s) mirrored and scaled about their centre, bilinear; returns the range of rows, and of columns,
    that they fill."""
    side = planes.shape[1]
    middle = (side - 1) / 2
    low, high = side, 0
    for i in range(side):
        y = middle + (i - middle) / scale
        if y < 0 or y > side - 1:
            continue
        low, high = min(low, i), max(high, i + 1)
        top = min(int(y), side - 2)
        for j in range(side):
            x = middle + (j - middle) / scale
            if x < 0 or x > side - 1:
                continue
            left = min(int(x), side - 2)
            v, h = y - top, x - left
            to = side - 1 - j if mirror else j
            for c in range(planes.shape[0]):
                upper = (1 - h) * planes[c, top, left] + h * planes[c, top, left + 1]
                lower = (1 - h) * planes[c, top + 1, left] + h * planes[c, top + 1, left + 1]
                out[c, i, to] = (1 - v) * upper + v * lower
    return low, high


@kernel
def _overlap(first: np.ndarray, second: np.ndarray, low: int, high: int, down: int, right: int) -> float:
    """Correlation of first[:, low:high, low:high], moved, with what it covers of `second`; 0 where that is little."""
    side = first.shape[1]
    top, bottom = max(low, -down), min(high, side - down)
    start, end = max(low, -right), min(high, side - right)
    if bottom <= top or end <= start or (bottom - top) * (end - start) < _LEAST * side * side:
        return 0.0
    a, b, aa, bb, ab = _moments(first, second, top, bottom, start, end, down, right)
    spread_a, spread_b = aa - a * a, bb - b * b
    if spread_a < _FLAT or spread_b < _FLAT:
        return 0.0
    return (ab - a * b) / np.sqrt(spread_a * spread_b)


@kernel
def _least_agreement(first: np.ndarray, second: np.ndarray, low: int, high: int, down: int, right: int) -> float:
    """Agreement, 1 at most and 0 at least, in the one of `_CELLS` x `_CELLS` parts of the overlap where it is least.

    Both are brought to mean 0 and variance 1 over the overlap, so that brightness and contrast do not matter; 1 less
    half the mean squared difference is then the correlation over the whole, and its share in a part.
    """
    side = first.shape[1]
    top, bottom = max(low, -down), min(high, side - down)
    start, end = max(low, -right), min(high, side - right)
    if bottom - top < _CELLS or end - start < _CELLS:
        return 0.0
    a, b, aa, bb, _ = _moments(first, second, top, bottom, start, end, down, right)
    spread_a, spread_b = np.sqrt(max(aa - a * a, 0.0)), np.sqrt(max(bb - b * b, 0.0))
    if spread_a < _FLAT or spread_b < _FLAT:
        return 0.0
    total, count = np.zeros((_CELLS, _CELLS)), np.zeros((_CELLS, _CELLS))
    for i in range(top, bottom):
        row = (i - top) * _CELLS // (bottom - top)
        for j in range(start, end):
            column = (j - start) * _CELLS // (end - start)
            for c in range(first.shape[0]):
                apart = (first[c, i, j] - a) / spread_a - (second[c, i + down, j + right] - b) / spread_b
                total[row, column] += apart * apart
                count[row, column] += 1
    return max(1 - (total / count).max() / 2, 0.0)


@kernel
def _moments(
    first: np.ndarray, second: np.ndarray, top: int, bottom: int, start: int, end: int, down: int, right: int
) -> tuple[float, float, float, float, float]:
    """Means of both, of their squares and of their product over first[:, top:bottom, start:end], moved."""
    a = b = aa = bb = ab = 0.0
    for c in range(first.shape[0]):
        for i in range(top, bottom):
            for j in range(start, end):
                x, y = first[c, i, j], second[c, i + down, j + right]
                a += x
                b += y
                aa += x * x
                bb += y * y
                ab += x * y
    count = first.shape[0] * (bottom - top) * (end - start)
    return a / count, b / count, aa / count, bb / count, ab / count
