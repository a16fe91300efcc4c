"""The exact ranking of many queries: BLAS makes the inner products in float32, float64 settles what these leave open.

A float32 product is off by no more than a known bound. So what could be among the first is kept, and sorted by these
products; where two neighbours are so near that either could be the greater, the float64 products, summed in index
order, decide. The result is that of `core.search.exact.rank_exact` to the bit, whatever BLAS does.
"""

from __future__ import annotations

import numpy as np

from core.blas import blas_threads
from core.compiled import kernel, part
from core.search.exact import no_exclusion, rank_exact, to_columns
from core.search.hashed import gathered_products
from core.search.masks import SPARE, count_up_to, find_up_to, limit_for
from core.search.order import order_by_similarity
from core.search.parallel import run_blocks
from core.search.radix import radix_sort
from core.search.rounding import longest_row, products_overflow, rounding_bounds

_SCORES = 4_000_000  # float32 scores made at once by a thread (16 MB)
_QUERIES = 16, 64  # queries of a block: the fewest that BLAS works well with, and as many as fit the cache
_STEP = 16  # every so many scores are looked at for a first limit
_SHARE = 4  # a deeper ranking than this part of the gallery is nearly a sort of all: float64 products from the start


def exact_ids(
    queries: np.ndarray,
    gallery: np.ndarray,
    depth: int,
    exclude: np.ndarray | None = None,
    threads: int | None = None,
) -> np.ndarray:
    """Ids int32 (Q, depth) of the most similar gallery items, by (similarity descending, index ascending).

    `queries` float32 (Q, d); `gallery` float32 (N, d); `exclude` as in `rank_exact`.
    """
    exclude = no_exclusion(len(queries)) if exclude is None else exclude
    longest = longest_row(gallery)
    if _SHARE * depth > len(gallery) or products_overflow(queries, longest):
        return rank_exact(queries, to_columns(gallery), depth, exclude, threads)[0]
    bounds = rounding_bounds(queries, longest)
    ids = np.empty((len(queries), depth), np.int32)
    least, most = _QUERIES
    size = min(max(least, _SCORES // len(gallery)), most)

    def work(block: slice) -> None:
        asked = np.ascontiguousarray(queries[block])
        scores = np.matmul(asked, gallery.T, out=np.empty((len(asked), len(gallery)), np.float32))
        _rank_block(asked, gallery, scores, exclude[block], bounds[block], ids[block])

    with blas_threads(1):
        run_blocks(work, len(queries), threads, size)
    return ids


@kernel
def _rank_block(
    queries: np.ndarray,
    gallery: np.ndarray,
    scores: np.ndarray,
    exclude: np.ndarray,
    bounds: np.ndarray,
    ids: np.ndarray,
) -> None:
    depth, count = ids.shape[1], gallery.shape[0]
    keys, found = np.empty(count, np.int32), np.empty(count + SPARE, np.int32)
    entries, scratch = np.empty(count, np.uint64), np.empty(count, np.uint64)
    order, values = np.empty(count, np.int32), np.empty(count, np.float64)
    for q in range(queries.shape[0]):
        low, high = _to_keys(scores[q], exclude[q], keys)
        limit = _limit(keys, low, high, depth)
        last = limit  # the last key that could be among the first `depth`
        while True:
            held = find_up_to(keys, np.int32(last), found)
            for i in range(held):
                entries[i] = np.uint64(np.int64(keys[found[i]]) - low) << np.uint64(32) | np.uint64(found[i])
            radix_sort(entries[:held], scratch[:held], last - low)
            kth = scores[q, np.int64(entries[depth - 1] & np.uint64(0xFFFFFFFF))]
            floor = np.float64(kth) - 2 * bounds[q]
            reach = min(_key_below(floor), high)
            if reach <= last:
                break
            last = reach
        left = 0
        for i in range(held):
            item = np.int32(entries[i] & np.uint64(0xFFFFFFFF))
            value = np.float64(scores[q, item])
            if value < floor:
                break
            order[i], values[i] = item, value
            left += 1
        _settle(queries[q], gallery, order[:left], values[:left], 2 * bounds[q], depth)
        ids[q] = order[:depth]


@part
def _to_keys(scores: np.ndarray, exclude: int, keys: np.ndarray) -> tuple[int, int]:
    """Whole numbers that ascend as the scores float32 descend; the least and the largest but for `exclude`'s, which is
    past them."""
    bits = scores.view(np.int32)
    for i in range(keys.shape[0]):
        keys[i] = ~(bits[i] ^ ((bits[i] >> 31) & np.int32(0x7FFFFFFF)))
    low = high = keys[0] if exclude != 0 else keys[keys.shape[0] - 1]
    if exclude >= 0:
        keys[exclude] = low
    for i in range(keys.shape[0]):
        low = min(low, keys[i])
        high = max(high, keys[i])
    if exclude >= 0:
        keys[exclude] = 0x7FFFFFFF
    return np.int64(low), np.int64(high)


@kernel
def _key_below(value: float) -> int:
    """The key of a float32 that is not above `value`, as `_to_keys` makes them."""
    single = np.empty(1, np.float32)
    single[0] = value
    bits = np.int64(single.view(np.int32)[0])
    key = ~(bits ^ ((bits >> 31) & 0x7FFFFFFF))
    return key + 1  # as the rounding may have gone up


@part
def _limit(keys: np.ndarray, low: int, high: int, depth: int) -> int:
    """A key that at least `depth` keys are up to, and if there is one not many more; `low` and `high` bound them."""
    sample = keys[::_STEP].copy()
    share = depth / _STEP
    wanted = min(int(share + 2 * np.sqrt(share)) + 2, sample.shape[0])
    guess, _ = limit_for(sample, low, high, count_up_to(sample, np.int32(high)), wanted, wanted + wanted // 8)
    if count_up_to(keys, np.int32(guess)) < depth:
        low = guess + 1
    else:
        high = guess
    return limit_for(keys, low, high, count_up_to(keys, np.int32(high)), depth, depth + depth // 2 + 64)[0]


@kernel
def _settle(
    query: np.ndarray, gallery: np.ndarray, order: np.ndarray, values: np.ndarray, band: float, depth: int
) -> None:
    """Sort anew, by float64 products, each run of items whose `values`, descending, are within `band` of the next."""
    first = 0
    while first < depth:
        end = first + 1
        while end < order.shape[0] and values[end - 1] - values[end] <= band:
            end += 1
        if end - first > 1:
            run, products = order[first:end], values[first:end]
            gathered_products(query, gallery, run, products)
            if end - first > 64:
                by_value = order_by_similarity(products, run)
                run[:] = run[by_value]
            else:
                _insertion_sort(run, products)
        first = end


@part
def _insertion_sort(items: np.ndarray, values: np.ndarray) -> None:
    """Sort by (value descending, item ascending): few items, nearly in order."""
    for i in range(1, items.shape[0]):
        item, value = items[i], values[i]
        place = i
        while place > 0 and (values[place - 1] < value or (values[place - 1] == value and items[place - 1] > item)):
            items[place], values[place] = items[place - 1], values[place - 1]
            place -= 1
        items[place], values[place] = item, value
