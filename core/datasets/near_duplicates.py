"""Pairs of pictures that are the same picture, or nearly so, found from their pixels alone.

1. Candidates. A window of a picture's grey values is described by its lowest 8 x 8 cosine coefficients without the
   constant, each multiplied by its frequency (amplitudes of natural pictures fall as 1 / frequency: Field, JOSA A
   1987) and brought to length 1. One picture of a pair gives its central window, the other windows of three sizes at
   several places, as they are and mirrored. A pair whose best inner product reaches `CANDIDATE` goes on.
2. Verification at full resolution (`core.datasets.alignment`). Around the mirror image, scale and shift of the best
   window the pose is sought that gives the largest normalised cross-correlation of detail: grey values without what
   a Gaussian blur keeps, divided by their local deviation, so that no single edge (a horizon, a bottle on white)
   settles it. At that pose the blurred colours are compared in 4 x 4 parts, and the worst part counts.

The score of a pair is `detail * worst part ** 3`: 1 for equal pictures, whatever their brightness and contrast. Detail
tells a picture from others of the same composition, colour from another print on the same can; the cube, which
weighs the second up, and `SAME`, the least score of a pair that is kept, were chosen by looking at CIFAR-100.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np

from core.datasets.alignment import correlate
from core.errors import BadInput
from core.runtime.parallel import blocks

CANDIDATE, SAME = 0.7, 0.6
_KEPT = 8  # cosine coefficients a direction
_CENTRE = 26 / 32  # side of the central window, as a share of the picture's
_WINDOWS = ((22 / 32, 3), (26 / 32, 3), (30 / 32, 2))  # side, places a direction
_DETAIL_BLUR, _CONTRAST_BLUR, _CONTRAST_FLOOR = 1.5, 2.0, 5.0  # pixels of 32, pixels of 32, grey values
_ROWS = 500  # queries a block: 120 MB of products with 60,000 pictures
_MOST_PAIRS = 20_000_000  # candidates held (about 1 GB); pictures that all look alike have more
Progress = Callable[[float], object]


class Window(NamedTuple):
    """A square window, as shares of the picture, and whether it is mirrored."""

    top: float
    left: float
    side: float
    mirror: bool


class Views(NamedTuple):
    """What is compared of pictures, float32: `grey` and `detail` (N, s, s), `colours`, blurred, (N, 3, s, s)."""

    grey: np.ndarray
    detail: np.ndarray
    colours: np.ndarray


def find_pairs(
    images: np.ndarray,
    others: np.ndarray | None = None,
    same: float = SAME,
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs int32 (P, 2) and scores float32 (P,) of pictures uint8 (N, s, s, 3): score descending, then by index.

    A pair is (row of `images`, row of `others`); without `others` two rows of `images`, the smaller one first.
    Raises BadInput for arrays that are no square colour pictures of one size.
    """
    first = views_of(images)
    second = first if others is None else views_of(others)
    if first.grey.shape[1] != second.grey.shape[1]:
        raise BadInput(
            f"pictures of {first.grey.shape[1]} and of {second.grey.shape[1]} pixels: expected pictures of one size"
        )
    pairs, poses = candidates(first.grey, second.grey, others is None, progress and (lambda done: progress(done / 4)))
    views = (first.detail, second.detail, first.colours, second.colours)
    scores = correlate(*views, pairs, poses, threads, progress and (lambda done: progress((1 + 3 * done) / 4)))
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -scores))
    order = order[scores[order] >= same]
    return pairs[order].astype(np.int32), scores[order]


def views_of(images: np.ndarray) -> Views:
    """Luma (ITU-R BT.601), its locally normalised detail, and the blurred colours of pictures uint8 (N, s, s, 3)."""
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3 or images.shape[1] != images.shape[2]:
        raise BadInput(f"pictures are {images.dtype} {images.shape}: expected uint8 (N, side, side, 3)")
    if images.shape[1] < 16:
        raise BadInput(f"pictures of {images.shape[1]} pixels a side show too little to compare: expected 16 or more")
    colours = np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32)
    grey = np.tensordot(np.array([0.299, 0.587, 0.114], np.float32), colours, (0, 1))
    high = grey - _blurred(grey, _DETAIL_BLUR)
    deviation = np.sqrt(np.maximum(_blurred(high * high, _CONTRAST_BLUR), 0))
    return Views(grey, high / (deviation + _CONTRAST_FLOOR), _blurred(colours, _DETAIL_BLUR))


def _blurred(pictures: np.ndarray, width: float) -> np.ndarray:
    """Gaussian blur of (..., s, s), its width in pixels of a picture of 32; beyond the edge there is nothing."""
    place = np.arange(pictures.shape[-1]) * 32 / pictures.shape[-1]
    weights = np.exp(-((place[:, None] - place) ** 2) / (2 * width**2))
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights @ pictures @ weights.T


def describe(grey: np.ndarray, window: Window) -> np.ndarray:
    """Unit vectors float32 (N, 63) of one window of grey pictures (N, s, s); zero where the window is of one value."""
    top, left, side = (round(share * grey.shape[1]) for share in window[:3])
    part = grey[:, top : top + side, left : left + side]
    part = part - part.mean(axis=(1, 2), keepdims=True)
    frequency = np.arange(_KEPT)
    basis = np.cos(np.pi * frequency[:, None] * (np.arange(part.shape[1]) + 0.5) / part.shape[1]).astype(np.float32)
    weight = np.hypot(frequency[:, None], frequency).astype(np.float32)
    if window.mirror:
        weight = weight * np.where(frequency % 2, -1, 1).astype(np.float32)  # the odd waves change sign
    found = (basis @ part @ basis.T * weight).reshape(len(grey), -1)[:, 1:]
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.where(length > 1, found / np.maximum(length, 1), 0).astype(np.float32)


def windows() -> list[Window]:
    """The windows that are compared with another picture's central one."""
    made = []
    for side, places in _WINDOWS:
        offsets = np.linspace(0, 1 - side, places).tolist()
        made += [Window(top, left, side, mirror) for top, left, mirror in product(offsets, offsets, (False, True))]
    return made


def pose(window: Window, pixels: int) -> tuple[float, float, float, float]:
    """What brings a window onto the other picture's central one: mirror (0 or 1), scale, shift down and right.

    The scale is about the picture's centre and comes after the mirror image, the shift in pixels after both.
    """
    scale = _CENTRE / window.side
    down, right = ((0.5 - at - window.side / 2) * scale * pixels for at in (window.top, window.left))
    return float(window.mirror), scale, down, -right if window.mirror else right


def candidates(
    grey: np.ndarray, against: np.ndarray, within: bool, progress: Progress | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs int64 (P, 2) whose descriptions agree in some window, and the pose float64 (P, 4) of the best one.

    `within`: both arrays are the same, and each pair is given once. Raises BadInput where most pictures look alike.
    """
    margin = (1 - _CENTRE) / 2
    centre = describe(against, Window(margin, margin, _CENTRE, False))
    every = windows()
    poses = np.array([pose(window, grey.shape[1]) for window in every])
    pairs, found_poses, count = [np.empty((0, 2), np.int64)], [np.empty((0, 4))], 0
    for rows in blocks(len(grey), _ROWS):
        first = rows.start if within else 0  # earlier rows have met these already
        described = [describe(grey[rows], window) for window in every]
        best = described[0] @ centre[first:].T
        for each in described[1:]:
            np.maximum(best, each @ centre[first:].T, out=best)
        a, b = np.nonzero(best >= CANDIDATE)
        if within:
            a, b = a[a < b], b[a < b]
        agreement = [np.einsum("pd,pd->p", each[a], centre[b + first]) for each in described]
        pairs.append(np.stack([a + rows.start, b + first], axis=1))
        found_poses.append(poses[np.argmax(agreement, axis=0)])
        count += len(a)
        if count > _MOST_PAIRS:
            raise BadInput(f"more than {_MOST_PAIRS:,} pairs of these pictures look alike: too many to compare")
        if progress:
            progress(rows.stop / len(grey))
    return np.concatenate(pairs), np.concatenate(found_poses)
