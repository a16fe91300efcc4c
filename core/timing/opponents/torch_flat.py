"""Exact search by PyTorch: a product and `topk`. One query at a time it is "Algorithm 2" of the source system."""

from __future__ import annotations

import warnings
from time import perf_counter_ns
from typing import TYPE_CHECKING

import numpy as np

from core.runtime.parallel import blocks
from core.timing.opponents.contender import Contender, SearchInputs, Stages

if TYPE_CHECKING:
    import torch

_SCORES = 2_000_000  # as for BLAS


def tensor_of(array: np.ndarray) -> torch.Tensor:
    """The same memory as a tensor; it is only read, though torch warns that a read-only array could be written."""
    import torch

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*not writable.*")
        return torch.from_numpy(array)


def exact_torch(inputs: SearchInputs) -> Contender:
    """The side `exact-torch`."""
    import torch

    task, k = inputs.task, inputs.k
    gallery, queries = tensor_of(task.gallery), tensor_of(task.queries)

    def search(rows: slice) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        scores = gallery @ queries[rows.start] if rows.stop - rows.start == 1 else queries[rows] @ gallery.T
        scores = scores.reshape(-1, len(gallery))
        t1 = perf_counter_ns()
        exclude = task.exclude[rows]
        if len(exclude) == 1:
            if exclude[0] >= 0:
                scores[0, int(exclude[0])] = -torch.inf
        elif len(own := np.flatnonzero(exclude >= 0)):  # an empty put costs torch microseconds
            scores[own, exclude[own]] = -torch.inf
        ids = torch.topk(scores, k, dim=1).indices.numpy()
        return ids, {"product": t1 - t0, "select": perf_counter_ns() - t1}

    def one(q: int) -> tuple[np.ndarray, Stages]:
        ids, stages = search(slice(q, q + 1))
        return ids[0], stages

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        parts, total = [], {"product": 0, "select": 0}
        for part in blocks(rows.stop - rows.start, max(1, _SCORES // len(gallery))):
            ids, stages = search(slice(rows.start + part.start, rows.start + part.stop))
            parts.append(ids)
            total = {name: total[name] + taken for name, taken in stages.items()}
        return np.concatenate(parts), total

    with torch.inference_mode():
        one(0)
    return Contender(
        "exact-torch", "exact", torch.inference_mode()(one), torch.inference_mode()(many), 4 * gallery.shape[1]
    )
