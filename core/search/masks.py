"""Comparisons of many items at once, as the machine's own vector instructions inside numba kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from core.compiled import kernel, part
from core.search.popcount import popcount

LANES = 32  # items that one mask tells of
SPARE = 4  # places past the last one found that `find_up_to` may write to: it writes so many at once


@intrinsic
def mask_up_to(typing_context: Any, values: Any, start: Any, limit: Any) -> Any:
    """uint64 whose bit b is set where values[start + b] <= limit, for b below LANES.

    `values` is a contiguous array of integers with at least start + LANES items; `limit` must fit its type.
    """
    return _mask("<=", values)


@intrinsic
def mask_equal(typing_context: Any, values: Any, start: Any, limit: Any) -> Any:
    """The same where values[start + b] == limit."""
    return _mask("==", values)


def _mask(operator: str, values: Any) -> Any:
    if getattr(values, "layout", None) != "C":  # strided items are not read as one vector: numba finds no match
        return None
    item = values.dtype
    signature = types.uint64(values, types.intp, item)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        lane = context.get_data_type(item)
        vector = ir.VectorType(lane, LANES)
        pointer = builder.bitcast(builder.gep(array.data, [args[1]]), vector.as_pointer())
        loaded = builder.load(pointer, align=item.bitwidth // 8)
        seed = builder.insert_element(ir.Constant(vector, ir.Undefined), args[2], cgutils.int32_t(0))
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        limits = builder.shuffle_vector(seed, ir.Constant(vector, ir.Undefined), lanes)
        compare = builder.icmp_signed if item.signed else builder.icmp_unsigned
        bits = builder.bitcast(compare(operator, loaded, limits), ir.IntType(LANES))
        return builder.zext(bits, ir.IntType(64))

    return signature, codegen


@intrinsic
def lowest_bit(typing_context: Any, mask: Any) -> Any:
    """Place of the lowest set bit of a uint64, as int64; 64 for 0, which `put_places` asks for too."""
    signature = types.int64(types.uint64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return signature, codegen


@intrinsic
def highest_bit(typing_context: Any, mask: Any) -> Any:
    """Place of the highest set bit of a uint64 that is not 0, as int64."""
    signature = types.int64(types.uint64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.sub(ir.Constant(ir.IntType(64), 63), builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0)))

    return signature, codegen


@kernel
def count_up_to(values: np.ndarray, limit: int) -> int:
    """How many of `values` (N,) are at most `limit`, of their own type."""
    count, total = values.shape[0], 0
    whole = count - count % LANES
    for start in range(0, whole, LANES):
        total += popcount(mask_up_to(values, start, limit))
    for i in range(whole, count):
        total += values[i] <= limit
    return total


@part
def limit_for(values: np.ndarray, low: int, high: int, total: int, least: int, most: int) -> tuple[int, int]:
    """A limit from `low` to `high` that `least` to `most` of `values` are up to, or the least that `least` are up to.

    `total` of them are up to `high`. Returns the limit and how many are up to it.
    """
    while low < high and total > most:
        middle = (low + high) // 2
        within = count_up_to(values, values.dtype.type(middle))
        if within >= least:
            high, total = middle, within
        else:
            low = middle + 1
    return high, total


@kernel
def find_up_to(values: np.ndarray, limit: int, found: np.ndarray) -> int:
    """Put the places of `values` (N,) that are at most `limit` into `found`, ascending; returns how many there are.

    `found` has room for these and SPARE more.
    """
    count, total = values.shape[0], 0
    whole = count - count % LANES
    for start in range(0, whole, LANES):
        total = put_places(mask_up_to(values, start, limit), start, found, total)
    for i in range(whole, count):
        if values[i] <= limit:
            found[total] = i
            total += 1
    return total


@part
def put_places(mask: int, start: int, found: np.ndarray, total: int) -> int:
    """Put `start` + the place of each set bit of a uint64 into `found` from `total` on; returns where they end.

    They are written SPARE at a time, needed or not: how many bits are set is nothing that a machine could foresee.
    """
    place = np.uint64(total)
    end = total + popcount(mask)
    while True:
        for i in range(SPARE):
            found[place + np.uint64(i)] = start + lowest_bit(mask)
            mask &= mask - np.uint64(1)
        if mask == 0:
            return end
        place += np.uint64(SPARE)
