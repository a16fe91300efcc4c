"""Look-up in hash tables: the items that share a bucket with the query in any table, ranked by exact similarity."""

from __future__ import annotations

import numpy as np

from core.runtime.compiled import kernel
from core.runtime.parallel import run_blocks
from core.search.door import no_exclusion
from core.search.hashed import rerank_one


def rank_buckets(
    queries: np.ndarray,
    gallery: np.ndarray,
    query_keys: np.ndarray,
    gallery_keys: np.ndarray,
    k: int,
    exclude: np.ndarray | None = None,
    threads: int | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The top `k` of each query's candidates by (similarity descending, index ascending).

    `queries` float32 (Q, d) and `gallery` float32 (N, d) are embeddings; `query_keys` int64 (L, Q) and `gallery_keys`
    int64 (L, N) name the bucket of each in each table; `exclude` as in exact search. Returns ids int32 and
    similarities float64 (Q, k), -1 and -inf where there are fewer candidates, and the number of candidates int64 (Q,).
    """
    exclude = no_exclusion(len(queries)) if exclude is None else exclude
    order = np.argsort(gallery_keys, axis=1, kind="stable").astype(np.int32)
    sorted_keys = np.take_along_axis(gallery_keys, order, axis=1)
    rows = np.ascontiguousarray(query_keys.T)
    ids = np.full((len(queries), k), -1, np.int32)
    similarities = np.full((len(queries), k), -np.inf)
    counts = np.empty(len(queries), np.int64)

    def work(block: slice) -> None:
        _rank_block(
            queries[block], gallery, rows[block], sorted_keys, order, exclude[block],
            ids[block], similarities[block], counts[block],
        )  # fmt: skip

    run_blocks(work, len(queries), threads)
    return ids, similarities, counts


@kernel
def gather_candidates(
    keys: np.ndarray, sorted_keys: np.ndarray, order: np.ndarray, exclude: int, seen: np.ndarray, found: np.ndarray
) -> int:
    """Fill `found` int32 (N,) with the items that share a bucket with `keys` int64 (L,), each once; their number.

    `sorted_keys` int64 (L, N) ascend, `order` int32 (L, N) are their items; `seen` bool (N,) is false before and after.
    """
    count = 0
    for table in range(keys.shape[0]):
        row = sorted_keys[table]
        place = np.searchsorted(row, keys[table])
        while place < row.shape[0] and row[place] == keys[table]:
            item = order[table, place]
            if item != exclude and not seen[item]:
                seen[item] = True
                found[count] = item
                count += 1
            place += 1
    for i in range(count):
        seen[found[i]] = False
    return count


@kernel
def _rank_block(
    queries: np.ndarray,
    gallery: np.ndarray,
    keys: np.ndarray,
    sorted_keys: np.ndarray,
    order: np.ndarray,
    exclude: np.ndarray,
    ids: np.ndarray,
    similarities: np.ndarray,
    counts: np.ndarray,
) -> None:
    seen, found = np.zeros(gallery.shape[0], np.bool_), np.empty(gallery.shape[0], np.int32)
    for q in range(queries.shape[0]):
        count = gather_candidates(keys[q], sorted_keys, order, exclude[q], seen, found)
        counts[q] = count
        if count == 0:
            continue
        kept = min(count, ids.shape[1])
        rerank_one(queries[q], gallery, found[:count], ids[q, :kept], similarities[q, :kept])
