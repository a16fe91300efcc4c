"""What the models say for galleries that were not measured: time, memory and the machines it takes. A projection."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from core.scale.model import Model, Work, best_exact
from core.scale.points import BATCH, QUERY

PROJECTED = (100_000_000, 1_000_000_000)  # sizes that were not measured
WHOLE, ON_DISK = "hashed", "hashed, embeddings on disk"


def memory_bytes(search: str, of: Work) -> int:
    """Memory that a search holds: float32 embeddings for exact search; codes in words, with the embeddings or, where
    they are left on disk, without."""
    embeddings, codes = 4 * of.n * of.dimensions, 8 * of.n * of.words
    return {"exact": embeddings, WHOLE: embeddings + codes, ON_DISK: codes}[search]


def shards(memory: int, ram: int) -> int:
    """Machines with `ram` bytes for the gallery that hold `memory` bytes between them."""
    return max(1, math.ceil(memory / ram))


def project(models: Mapping[tuple[str, str], Model], of: Work, counts: list[int], ram: int) -> pd.DataFrame:
    """One row for each N and search.

    `query_ms`: one query, one thread, as if one machine held all; `shard_ms`: the same where each of the shards
    searches its part at the same time (network and merging left out); `per_second`: queries a second of all shards
    together, working on batches with the measured number of threads each. With embeddings on disk the times leave the
    M reads out: they depend on the disk, which was not measured.
    """
    rows = []
    for n in counts:
        whole = replace(of, n=n)
        for search in ("exact", WHOLE, ON_DISK):
            memory = memory_bytes(search, whole)
            parts = shards(memory, ram)
            part = replace(of, n=math.ceil(n / parts))
            one, many = (_model(models, work, search, whole) for work in (QUERY, BATCH))
            rows.append({
                "n": n,
                "search": search,
                "memory_gb": memory / 1e9,
                "shards": parts,
                "query_ms": one.predict(whole) if one else None,
                "shard_ms": one.predict(part) if one else None,
                "per_second": 1000 / many.predict(part) if many else None,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _model(models: Mapping[tuple[str, str], Model], work: str, search: str, of: Work) -> Model | None:
    return best_exact(models, work, of) if search == "exact" else models.get((work, "hashed"))
