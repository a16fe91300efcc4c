"""Random data full of ties for the search tests: hypothesis strategies and small helpers.

Vectors are rounded to their grains, as on loading, so that every inner product is exact.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from core.bundle.vectors import norms, round_to_grain
from core.hashing import packing

quick = settings(max_examples=120, deadline=None)


class World(NamedTuple):
    queries: np.ndarray  # float32 (Q, d), on its grain like the gallery
    gallery: np.ndarray  # float32 (N, d)
    bits: int
    query_codes: np.ndarray  # uint8 (Q, ceil(bits / 8))
    gallery_codes: np.ndarray
    exclude: np.ndarray  # int64 (Q,)
    cap: int | None
    threads: int
    size: int  # items that every query can find

    @property
    def words(self):
        return packing.to_words(self.query_codes), packing.to_words(self.gallery_codes)


def on_grain(rows):
    """Float32 (N, d) of real rows of any length, each rounded to its grain."""
    rows = np.asarray(rows, np.float32).astype(np.float64)
    return round_to_grain(rows, norms(rows))


@st.composite
def worlds(draw):
    """Any shape; vectors drawn again and again and few distinct codes make most comparisons ties."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    q, n, d = draw(st.integers(1, 8)), draw(st.integers(2, 50)), draw(st.integers(1, 70))
    bits = draw(st.one_of(st.integers(1, 200), st.sampled_from([1, 8, 63, 64, 65, 128])))
    vectors = rng.normal(size=(draw(st.integers(1, n)), d))
    if draw(st.booleans()):  # coarse values: equal sums from different vectors
        vectors = np.round(vectors)
        vectors[~vectors.any(axis=1), 0] = 1.0  # none is zero
    gallery = on_grain(vectors[rng.integers(0, len(vectors), n)])
    queries = on_grain(np.concatenate([gallery[np.arange(q // 2) % n], rng.normal(size=(q - q // 2, d))]))
    distinct = rng.random((draw(st.integers(1, n)), bits)) < draw(st.sampled_from([0.05, 0.5]))
    gallery_codes = packing.pack(distinct[rng.integers(0, len(distinct), n)])
    query_codes = packing.pack(distinct[rng.integers(0, len(distinct), q)])
    left_out = draw(st.booleans())
    exclude = rng.integers(0, n, q) if left_out else np.full(q, -1, np.int64)
    cap = draw(st.one_of(st.none(), st.integers(0, bits)))
    return World(
        queries, gallery, bits, query_codes, gallery_codes, exclude, cap,
        draw(st.integers(1, 3)), n - left_out,
    )  # fmt: skip
