"""Hamming search as the hashing literature's evaluators do it: codes of -1 and +1 as floats, a product, a full argsort.

In the style of DeepHash-pytorch (`CalcHammingDist`, then `np.argsort` of the whole gallery): a Python loop over the
queries. Its sort is not stable, so ties stand in any order.
"""

from __future__ import annotations

from time import perf_counter_ns

import numpy as np

from core.timing.opponents.contender import Contender, SearchInputs, Stages, looped


def hamming_argsort(inputs: SearchInputs) -> Contender:
    """The side `hamming-argsort`: the first k of a full sort."""
    task, k, bits = inputs.task, inputs.k, inputs.pair.bits
    gallery = signs(inputs.gallery_bits())

    def one(q: int) -> tuple[np.ndarray, Stages]:
        start = perf_counter_ns()
        query = signs(inputs.query_bits(slice(q, q + 1)))[0]
        t0 = perf_counter_ns()
        apart = 0.5 * (bits - gallery @ query)
        t1 = perf_counter_ns()
        if task.exclude[q] >= 0:
            apart[task.exclude[q]] = np.inf
        top = np.argsort(apart)[:k]
        stages = {"scan": t1 - t0, "select": perf_counter_ns() - t1}
        return top, stages if inputs.hasher is None else {"hash": t0 - start, **stages}

    return Contender("hamming-argsort", "hamming", one, looped(one), 4 * bits, loop=True)


def signs(bits: np.ndarray) -> np.ndarray:
    """bool (N, bits) -> float32 of -1 and +1."""
    return 2 * bits.astype(np.float32) - 1
