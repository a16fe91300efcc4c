from __future__ import annotations

import numpy as np
import pandas as pd

from core.scale.points import EXACT_SIDES, Point, to_table

SAME = {
    "encoder": "semantic", "hash": "itq", "sources": 50_000, "noise": 0.25, "kept_class": 0.97, "seed": 0,
    "version": "v", "machine": "a machine, 2 cores", "date": "2025-01-31",
}  # fmt: skip


def query_ms(side, n, bits=48, shortlist=200):
    """Hashed 0.01 ms + 1 ns a word + 0.1 us a shortlisted item; exact 0.02 ms + 0.2 ns a number, faiss twice that."""
    if side == "hashed":
        return 0.01 + 1e-6 * n * -(-bits // 64) + 1e-4 * shortlist
    return 0.02 + (4e-7 if side == "exact-faiss" else 2e-7) * n * 100


def point(curve, work, side, n, bits=48, multiplier="2", k=100, batch=1, **more):
    hashed = side not in EXACT_SIDES
    shortlist = round(float(multiplier) * k) if hashed else None
    ms = query_ms("hashed" if hashed else side, n, bits, shortlist or 0) * (batch / 2 if batch > 1 else 1)
    codes = (bits, multiplier) if hashed else (None, "")
    return Point(curve, work, side, n, 100, *codes, k, shortlist, batch, 1 + (batch > 1), ms, 2 * ms, 5, True, **more)


def table() -> pd.DataFrame:
    """Points that lie on a model exactly: three curves of hashed search and the curve of N of all sides."""
    points = []
    for n in (10_000, 100_000, 1_000_000):
        points += [point("n", "query", side, n) for side in (*EXACT_SIDES, "hashed")]
        points.append(point("n", "query:scan and select", "hashed", n))
        for side in ("exact-faiss", "exact-chunked", "hashed"):
            overlap = 0.5 if side == "hashed" else 1.0
            points.append(point("n", "batch", side, n, batch=1000, overlap=overlap, ap=0.7, ahp=0.9, peak_mb=800.0))
        points.append(point("n", "evaluation", "exact-chunked and hashed", n, batch=1000, peak_mb=900.0))
    points += [point("bits", "query", "hashed", 1_000_000, bits=bits) for bits in (8, 64, 128)]
    points += [point("multiplier", "query", "hashed", 1_000_000, multiplier=m) for m in ("1", "10", "20")]
    points += [point("k", "query", side, 1_000_000, k=k) for k in (10, 1000) for side in ("exact-blas", "hashed")]
    return to_table(points, SAME)


def unit(rng, *shape):
    vectors = rng.normal(size=shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
