"""Inner products of one query with eight gallery rows at once, as vector instructions in numba kernels.

A lane is a row. Eight numbers of each row are read and turned, so that the terms of every sum are added in index order.
The rows are two lots of four: twice as many sums in step as in vectors of eight, for as many instructions.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from core.search.prefetch import fetch_line

ROWS = 8
_LINE = 16  # numbers that a cache fetches at once
_LOT = 4
_READ = ir.VectorType(ir.FloatType(), ROWS)  # numbers of a row that are read at once
_SINGLE, _DOUBLE = ir.VectorType(ir.FloatType(), _LOT), ir.VectorType(ir.DoubleType(), _LOT)
# What turns a lot, within the halves of its vectors: numbers of two rows in turn, then pairs of two rows in turn.
_NUMBERS = [0, 8, 1, 9, 4, 12, 5, 13], [2, 10, 3, 11, 6, 14, 7, 15]
_PAIRS = [0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]
_HALVES = [0, 1, 2, 3], [4, 5, 6, 7]


@intrinsic
def products_of_eight(
    typing_context: Any, query: Any, gallery: Any, ids: Any, first: Any, following: Any, out: Any
) -> Any:
    """out[first + i] = sum over j, in order, of query[j] * gallery[ids[first + i], j] for i below ROWS, in float64.

    `query` float64 (d,), `gallery` float32 (N, d) whose rows are contiguous, `ids` int32, `out` float64. Meanwhile the
    rows of the ROWS `ids` from `following` on are fetched into the cache, a line of each for every line multiplied: all
    at once they would keep waiting what is needed now.
    """
    flat = (query.dtype, ids.dtype, out.dtype) == (types.float64, types.int32, types.float64)
    if not flat or gallery.dtype != types.float32 or any(each.layout != "C" for each in (query, ids, out)):
        return None
    signature = types.void(query, gallery, ids, types.intp, types.intp, out)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        asked, rows, items, written = (
            context.make_array(signature.args[i])(context, builder, args[i]) for i in (0, 1, 2, 5)
        )
        start, word = args[3], args[3].type
        count = cgutils.unpack_tuple(builder, asked.shape, 1)[0]
        pointers = [builder.inttoptr(each, ir.FloatType().as_pointer()) for each in _rows(builder, rows, items, start)]
        coming = _rows(builder, rows, items, args[4])
        lots = [(pointers[:_LOT], _zeros(builder)), (pointers[_LOT:], _zeros(builder))]

        def add_block(j: Any) -> None:
            for rows_of_lot, total in lots:
                read = [_load(builder, pointer, j) for pointer in rows_of_lot]
                for place, terms in enumerate(_turned(builder, read)):
                    _add(builder, total, asked.data, builder.add(j, word(place)), terms)

        lines, whole = builder.and_(count, word(-_LINE)), builder.and_(count, word(-ROWS))
        with cgutils.for_range_slice(builder, word(0), lines, word(_LINE), inc=True) as (j, _):
            for part in range(0, _LINE, ROWS):
                for row in coming[part // 2 : (part + ROWS) // 2]:
                    _fetch(builder, row, j)
                add_block(builder.add(j, word(part)))
        for row in coming:
            _fetch(builder, row, builder.sub(count, word(1)))
        with cgutils.for_range_slice(builder, lines, whole, word(ROWS), inc=True) as (j, _):
            add_block(j)
        with cgutils.for_range_slice(builder, whole, count, word(1), inc=True) as (j, _):
            for rows_of_lot, total in lots:
                _add(builder, total, asked.data, j, _gathered(builder, rows_of_lot, j))
        for place, (_, total) in enumerate(lots):
            begin = builder.gep(written.data, [builder.add(start, word(place * _LOT))])
            builder.store(builder.load(total), builder.bitcast(begin, _DOUBLE.as_pointer()), align=8)
        return context.get_dummy_value()

    return signature, codegen


def _rows(builder: Any, rows: Any, items: Any, start: Any) -> list[Any]:
    """Where the rows of eight items from `start` on begin, as whole numbers."""
    word = start.type
    stride, base = cgutils.unpack_tuple(builder, rows.strides, 2)[0], builder.ptrtoint(rows.data, word)
    begins = []
    for lane in range(ROWS):
        item = builder.load(builder.gep(items.data, [builder.add(start, word(lane))]))
        begins.append(builder.add(base, builder.mul(builder.sext(item, word), stride)))
    return begins


def _fetch(builder: Any, row: Any, place: Any) -> None:
    """Fetch the line of one number of a row that begins at `row`."""
    fetch_line(builder, builder.add(row, builder.mul(place, place.type(4))))


def _zeros(builder: Any) -> Any:
    total = cgutils.alloca_once(builder, _DOUBLE)
    builder.store(ir.Constant(_DOUBLE, [0.0] * _LOT), total)
    return total


def _load(builder: Any, pointer: Any, place: Any) -> Any:
    return builder.load(builder.bitcast(builder.gep(pointer, [place]), _READ.as_pointer()), align=4)


def _gathered(builder: Any, pointers: list[Any], place: Any) -> Any:
    """One number of each row of a lot."""
    terms = ir.Constant(_SINGLE, ir.Undefined)
    for lane, pointer in enumerate(pointers):
        terms = builder.insert_element(terms, builder.load(builder.gep(pointer, [place])), cgutils.int32_t(lane))
    return terms


def _turned(builder: Any, vectors: list[Any]) -> list[Any]:
    """The transpose of four vectors of eight: eight of four."""
    low, high = ([_shuffled(builder, *vectors[i : i + 2], how) for how in _NUMBERS] for i in (0, 2))
    turned = [_shuffled(builder, *pair, how) for pair in zip(low, high, strict=True) for how in _PAIRS]
    return [_shuffled(builder, each, each, half) for half in _HALVES for each in turned]


def _shuffled(builder: Any, first: Any, second: Any, lanes: list[int]) -> Any:
    return builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes))


def _add(builder: Any, total: Any, asked: Any, place: Any, terms: Any) -> None:
    value = builder.load(builder.gep(asked, [place]))
    undefined = ir.Constant(_DOUBLE, ir.Undefined)
    seed = builder.insert_element(undefined, value, cgutils.int32_t(0))
    term = builder.fmul(_shuffled(builder, seed, undefined, [0] * _LOT), builder.fpext(terms, _DOUBLE))
    builder.store(builder.fadd(builder.load(total), term), total)
