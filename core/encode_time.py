"""How long a network takes to encode: one image on one thread, and images in batches on all."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from core.conditions import machine

if TYPE_CHECKING:
    from core.encoders.networks.base import Network

BATCH = 256


def time_encoding(network: Network, images: np.ndarray, runs: int = 50) -> dict[str, object]:
    """Median milliseconds of an image, alone and in a batch of 256, and on what machine, as the manifest keeps it.

    `images` uint8 (N, 32, 32, 3). In float32, without the mirror image. Meaningless while the machine does other work.
    """
    import torch

    from core.encoders.encoding import encode_images

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = _median(lambda run: encode_images(network, images[run % len(images) :][:1]), runs)
    finally:
        torch.set_num_threads(threads)
    batch = np.resize(images, (BATCH, *images.shape[1:]))
    together = _median(lambda _: encode_images(network, batch, BATCH), max(3, runs // 10))
    return {
        "encode_ms": alone,
        "encode_batch_ms": together / BATCH,
        "encode_batch": BATCH,
        "encode_threads": threads,
        "encode_machine": machine(),
    }


def _median(work: object, runs: int) -> float:
    """Median milliseconds of `runs` calls after a tenth as many that do not count."""
    times = []
    for run in range(runs + max(1, runs // 10)):
        started = perf_counter()
        work(run)
        times.append(perf_counter() - started)
    return 1000 * float(np.median(times[-runs:]))
