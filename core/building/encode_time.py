"""How long an encoder takes to encode: one image on one thread, and images in batches on all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from core.runtime.parallel import available_threads
from core.runtime.pinning import machine, pinned

if TYPE_CHECKING:
    from core.encoders.networks.base import Network
    from core.encoders.visual_words.bag import BagOfWords

BATCH = 256
Work = Callable[[np.ndarray], object]  # images uint8 (N, 32, 32, 3)


def time_encoding(network: Network, images: np.ndarray, runs: int = 50) -> dict[str, object]:
    """Median milliseconds of an image, alone and in a batch of 256, and on what machine, as the manifest keeps it.

    `images` uint8 (N, 32, 32, 3). In float32, without the mirror image, folded as for a query. Meaningless while the
    machine does other work.
    """
    import torch

    from core.encoders.encoding import encode_images
    from core.encoders.networks.folded import folded

    network = folded(network)
    threads = torch.get_num_threads()

    def alone(part: np.ndarray) -> object:
        torch.set_num_threads(1)
        try:
            return encode_images(network, part)
        finally:
            torch.set_num_threads(threads)

    return _timed(alone, lambda part: encode_images(network, part, BATCH), images, threads, runs)


def time_words(bag: BagOfWords, images: np.ndarray, runs: int = 50) -> dict[str, object]:
    """The same of a bag of visual words, without the mirror image as well."""
    plain = replace(bag, recipe=replace(bag.recipe, mirrored=False))
    with pinned(1):  # pictures are spread over threads, and each thread's matrix products stay in it
        return _timed(lambda part: plain.encode(part, 1), plain.encode, images, available_threads(), runs)


def _timed(alone: Work, together: Work, images: np.ndarray, threads: int, runs: int) -> dict[str, object]:
    one = _median(lambda run: alone(images[run % len(images) :][:1]), runs)
    batch = np.resize(images, (BATCH, *images.shape[1:]))
    return {
        "encode_ms": one,
        "encode_batch_ms": _median(lambda _: together(batch), max(3, runs // 10)) / BATCH,
        "encode_batch": BATCH,
        "encode_threads": threads,
        "encode_machine": machine(),
    }


def _median(work: Callable[[int], object], runs: int) -> float:
    """Median milliseconds of `runs` calls after a tenth as many that do not count."""
    times = []
    for run in range(runs + max(1, runs // 10)):
        started = perf_counter()
        work(run)
        times.append(perf_counter() - started)
    return 1000 * float(np.median(times[-runs:]))
