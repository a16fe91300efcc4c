"""The first few of many: by real keys, the least first, equal ones by id; and the tools that both selections share.

A full sort would order what nobody asks for. So a limit is looked for that enough keys are up to and few more, by
halving and counting, and only what is up to it is sorted. Similarities are selected as their negatives.
"""

from __future__ import annotations

import numpy as np

from core.runtime.compiled import Scalar, kernel

SPARE = 4  # places past the last one found that `find_up_to` may write to
_WORD = 64  # items whose comparisons are kept as the bits of one number
_CROWDED = 16  # items up to which a bin is sorted by comparing each with those before it
_STRETCH = 32_768  # items that a uint16 counts
_BYTES = np.uint64(0x0101010101010101)
_ODD_BITS, _ODD_PAIRS, _LOW_HALVES = (
    np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
)  # fmt: skip


@kernel
def popcount(word: Scalar) -> Scalar:
    """Set bits of a uint64: sums of 2, 4 and 8 bits, then all bytes by a product (Warren, Hacker's Delight, 5-1).

    The compiler knows this pattern and uses the machine's own instruction, many words at once where it can.
    """
    word = word - ((word >> np.uint64(1)) & _ODD_BITS)
    word = (word & _ODD_PAIRS) + ((word >> np.uint64(2)) & _ODD_PAIRS)
    word = (word + (word >> np.uint64(4))) & _LOW_HALVES
    return (word * _BYTES) >> np.uint64(56)


@kernel
def count_up_to(values: np.ndarray, limit: Scalar) -> int:
    """How many of `values` (N,) are at most `limit`, of their own type."""
    total: Scalar = 0
    for start in range(0, values.shape[0], _STRETCH):
        part = values[start : start + _STRETCH]
        count = np.uint16(0)  # a narrow number, so that many items are compared and counted at once
        for i in range(part.shape[0]):
            count = np.uint16(count + np.uint16(part[i] <= limit))
        total += np.int64(count)
    return total


@kernel
def find_up_to(values: np.ndarray, limit: Scalar, found: np.ndarray) -> int:
    """Put the places of `values` (N,) that are at most `limit` into `found` int32, ascending; how many there are.

    64 comparisons become the bits of one number, whose set bits are then read from the lowest on. SPARE of them are
    always read, set or not: a loop that ended with the last one would end where no processor foresees it. So `found`
    has room for SPARE more than there are.
    """
    count: Scalar = 0
    whole = values.shape[0] - values.shape[0] % _WORD
    for start in range(0, whole, _WORD):
        part = values[start : start + _WORD]
        bits = np.uint64(0)
        for i in range(_WORD):
            bits |= np.uint64(part[i] <= limit) << np.uint64(i)
        end = count + np.int64(popcount(bits))
        while True:
            for i in range(SPARE):
                others = bits & (bits - np.uint64(1))  # without the lowest set bit
                found[count + i] = start + np.int64(popcount((bits ^ others) - np.uint64(1)))
                bits = others
            if bits == 0:
                break
            count += SPARE
        count = end
    for i in range(whole, values.shape[0]):
        if values[i] <= limit:
            found[count] = i
            count += 1
    return count


@kernel
def enough(depth: int) -> int:
    """As many items as may be left to be sorted where `depth` are asked for: one more look at all costs more."""
    return depth + depth // 8 + 32


@kernel
def limit_of_keys(keys: np.ndarray, low: float, high: float, depth: int) -> float:
    """A limit that at least `depth` of `keys` (N,) are up to, and few more unless they are equal.

    `high` is a number that at least `depth` are up to, `low` one that no key is below.
    """
    if count_up_to(keys, keys.dtype.type(low)) >= depth:  # many are equal and the least
        return low
    within = keys.shape[0]  # at most so many are up to `high`
    while within > enough(depth):
        middle = np.float64(keys.dtype.type(low / 2 + high / 2))
        if not low < middle < high:  # neighbours: the keys up to `high` are equal
            break
        count = count_up_to(keys, keys.dtype.type(middle))
        if count >= depth:
            high, within = middle, count
        else:
            low = middle
    return high


@kernel
def ends_of(keys: np.ndarray) -> tuple[float, float]:
    """The least and the largest of `keys` (M,)."""
    low = high = keys[0]
    for i in range(keys.shape[0]):
        low, high = min(low, keys[i]), max(high, keys[i])
    return low, high


@kernel
def sort_pairs(keys: np.ndarray, ids: np.ndarray) -> None:
    """Sort `keys` float64 (M,) in ascending order, equal ones by `ids` int32 (M,); both are changed.

    As many bins as items, each an equal part of the way from the least key to the largest: put into bins, the items
    are nearly in order. Crowded bins are split likewise, then every item moves to its place by insertion.
    """
    crowded = np.empty((keys.shape[0] // _CROWDED + 1, 2), np.int64)  # first place and end of what is to be split
    crowded[0, 0], crowded[0, 1] = 0, keys.shape[0]
    left = 1 if keys.shape[0] > _CROWDED else 0
    while left > 0:
        left -= 1
        start, stop = crowded[left, 0], crowded[left, 1]
        ends = _split(keys[start:stop], ids[start:stop])
        first = 0
        for b in range(ends.shape[0]):
            if _CROWDED < ends[b] - first < stop - start:
                crowded[left, 0], crowded[left, 1] = start + first, start + ends[b]
                left += 1
            first = ends[b]
    _sort_by_insertion(keys, ids)


@kernel
def _split(keys: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Put items into bins by key, or by id where all keys are equal; the end of each bin, int64 (M,)."""
    count = keys.shape[0]
    old_keys, old_ids = keys.copy(), ids.copy()
    values = old_keys
    low, high = ends_of(values)
    if low == high:
        values = old_ids.astype(np.float64)
        low, high = ends_of(values)
    scale = (count - 1) / (high - low)
    even = 0 < scale < np.inf and high - low < np.inf
    bin_of, ends = np.empty(count, np.uint32), np.zeros(count, np.int64)
    for i in range(count):
        if values[i] <= low:
            bin_of[i] = 0
        elif values[i] >= high:
            bin_of[i] = count - 1
        else:  # infinite ends, or such that are too far apart or too near: all between them share a bin
            bin_of[i] = np.uint32((values[i] - low) * scale) if even else np.uint32(1)
        ends[bin_of[i]] += 1
    to_starts(ends)
    for i in range(count):
        place = ends[bin_of[i]]
        keys[place], ids[place] = old_keys[i], old_ids[i]
        ends[bin_of[i]] = place + 1
    return ends


@kernel
def to_starts(counts: np.ndarray) -> None:
    """Turn the number of items of each bin, int64, into the place of its first item, where bins stand in order."""
    total = 0
    for b in range(counts.shape[0]):
        size = counts[b]
        counts[b] = total
        total += size


@kernel
def _sort_by_insertion(keys: np.ndarray, ids: np.ndarray) -> None:
    """The same of items that are few or nearly in order: each moves before those that it should precede."""
    for i in range(1, keys.shape[0]):
        key, item, place = keys[i], ids[i], i
        while place > 0 and (keys[place - 1] > key or (keys[place - 1] == key and ids[place - 1] > item)):
            keys[place], ids[place] = keys[place - 1], ids[place - 1]
            place -= 1
        keys[place], ids[place] = key, item


@kernel
def take_least(keys: np.ndarray, ids: np.ndarray, best_keys: np.ndarray, best_ids: np.ndarray) -> None:
    """The least of `keys` float64 (M,) and their `ids` int32, in order, into the last two, (depth,) each.

    `keys` and `ids` are changed; the depth is at least 1 and at most M.
    """
    depth, count = best_ids.shape[0], keys.shape[0]
    if count > enough(depth):
        found = np.empty(count + SPARE, np.int32)
        low, high = ends_of(keys)
        count = find_up_to(keys, limit_of_keys(keys, low, high, depth), found)
        for i in range(count):  # in place: no item is found before its own place
            keys[i], ids[i] = keys[found[i]], ids[found[i]]
    sort_pairs(keys[:count], ids[:count])
    for rank in range(depth):
        best_keys[rank], best_ids[rank] = keys[rank], ids[rank]


@kernel
def select_least(keys: np.ndarray, exclude: int, ids: np.ndarray, values: np.ndarray) -> None:
    """The least of finite `keys` float64 (N,) by (key, index), into `ids` int32 and `values` float64, both (depth,).

    `exclude`, -1 for none, is left out: its key becomes infinite. The depth is at most the number of the other items.
    """
    if exclude >= 0:
        keys[exclude] = keys[exclude - 1]  # any other item's, while the ends are looked for
    low, high = ends_of(keys)
    if exclude >= 0:
        keys[exclude] = np.inf
    found = np.empty(keys.shape[0] + SPARE, np.int32)
    count = find_up_to(keys, limit_of_keys(keys, low, high, ids.shape[0]), found)
    few = np.empty(count, np.float64)
    for i in range(count):
        few[i] = keys[found[i]]
    sort_pairs(few, found[:count])
    for rank in range(ids.shape[0]):
        ids[rank], values[rank] = found[rank], few[rank]
