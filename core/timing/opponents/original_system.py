"""The hashed search of the source system, rebuilt: the historical baseline.

Rebuilt from the reading of its newest code (`core.studies.original_system.published`): codes are float32 zeros and
ones, nothing is packed; distances are `torch.cdist(p=0)`, the number of entries that differ; `topk` of them, a gather
of those rows, a product with the query, `topk` again. One query at a time, so a batch is a loop. Two things are
otherwise: the shortlist is the setting's (its code took k where its text says 2k; multiplier 1 gives the former, 2 the
latter), so that it does the same work as the others, and the query itself is left out where the protocol says so.
"""

from __future__ import annotations

from time import perf_counter_ns

import numpy as np

from core.timing.opponents.contender import Contender, SearchInputs, Stages, looped
from core.timing.opponents.torch_flat import tensor_of


def hashed_source(inputs: SearchInputs) -> Contender:
    """The side `hashed-source`."""
    import torch

    task, k, shortlist = inputs.task, inputs.k, inputs.shortlist
    embeddings, queries = tensor_of(task.gallery), tensor_of(task.queries)
    codes = torch.from_numpy(inputs.gallery_bits().astype(np.float32))

    @torch.inference_mode()
    def one(q: int) -> tuple[np.ndarray, Stages]:
        start = perf_counter_ns()
        code = torch.from_numpy(inputs.query_bits(slice(q, q + 1)).astype(np.float32))
        t0 = perf_counter_ns()
        apart = torch.cdist(code, codes, p=0)[0]
        t1 = perf_counter_ns()
        if task.exclude[q] >= 0:
            apart[task.exclude[q]] = torch.inf
        near = torch.topk(-apart, shortlist).indices
        t2 = perf_counter_ns()
        top = near[torch.topk(embeddings[near] @ queries[q], k).indices].numpy()
        stages = {"scan": t1 - t0, "select": t2 - t1, "gather and re-rank": perf_counter_ns() - t2}
        return top, stages if inputs.hasher is None else {"hash": t0 - start, **stages}

    one(0)
    held = 4 * (codes.shape[1] + embeddings.shape[1])
    return Contender("hashed-source", "hashed", one, looped(one), held, loop=True)
