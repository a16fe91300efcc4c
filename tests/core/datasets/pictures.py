"""Made-up pictures that look as unlike each other as photographs do."""

from __future__ import annotations

import numpy as np

SIDE, MARGIN = 32, 4


def scenes(count, seed=0, side=SIDE + 2 * MARGIN):
    """Colour noise whose amplitude falls with frequency, uint8 (count, side, side, 3), 60 to 200 or so."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)) * side
    amplitude = 1 / np.maximum(frequency, 1)[..., None]
    waves = np.fft.fft2(rng.normal(size=(count, side, side, 3)), axes=(1, 2)) * amplitude
    waves[..., 1:] = 0.7 * waves[..., :1] + 0.3 * waves[..., 1:]  # colours go together, as in photographs
    values = np.fft.ifft2(waves, axes=(1, 2)).real
    values = (values - values.mean(axis=(1, 2, 3), keepdims=True)) / values.std(axis=(1, 2, 3), keepdims=True)
    return np.clip(130 + 35 * values, 0, 255).astype(np.uint8)


def cut(scene, down=0, right=0):
    """The 32 x 32 pixels of a scene, `down` and `right` of its middle."""
    top, left = MARGIN + down, MARGIN + right
    return scene[top : top + SIDE, left : left + SIDE]
