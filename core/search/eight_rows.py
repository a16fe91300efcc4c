"""Inner products of one query with eight gallery rows at once, as vector instructions in numba kernels.

A lane is a row. Eight numbers of each row are read and turned, so that the terms of every sum are added in index order.
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
_SINGLE, _DOUBLE = ir.VectorType(ir.FloatType(), ROWS), ir.VectorType(ir.DoubleType(), ROWS)
# Lanes taken from two vectors of eight, as the three steps of a transposition that exchanges 1, 2 and 4 places.
_STEPS = {step: [i if not i & step else i - step + ROWS for i in range(ROWS)] for step in (1, 2, 4)}


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
        total = cgutils.alloca_once(builder, _DOUBLE)
        builder.store(ir.Constant(_DOUBLE, [0.0] * ROWS), total)

        def add_block(j: Any) -> None:
            for place, terms in enumerate(_turned(builder, [_load(builder, pointer, j) for pointer in pointers])):
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
            terms = ir.Constant(_SINGLE, ir.Undefined)
            for lane, pointer in enumerate(pointers):
                value = builder.load(builder.gep(pointer, [j]))
                terms = builder.insert_element(terms, value, cgutils.int32_t(lane))
            _add(builder, total, asked.data, j, terms)
        target = builder.bitcast(builder.gep(written.data, [start]), _DOUBLE.as_pointer())
        builder.store(builder.load(total), target, align=8)
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


def _load(builder: Any, pointer: Any, place: Any) -> Any:
    return builder.load(builder.bitcast(builder.gep(pointer, [place]), _SINGLE.as_pointer()), align=4)


def _turned(builder: Any, vectors: list[Any]) -> list[Any]:
    """The transpose of eight vectors of eight."""
    for step in (1, 2, 4):
        low = ir.Constant(ir.VectorType(ir.IntType(32), ROWS), _STEPS[step])
        high = ir.Constant(low.type, [lane + step if not lane & step else lane + ROWS for lane in range(ROWS)])
        turned = list(vectors)
        for i in range(ROWS):
            if not i & step:
                pair = vectors[i], vectors[i + step]
                turned[i] = builder.shuffle_vector(*pair, low)
                turned[i + step] = builder.shuffle_vector(*pair, high)
        vectors = turned
    return vectors


def _add(builder: Any, total: Any, asked: Any, place: Any, terms: Any) -> None:
    value = builder.load(builder.gep(asked, [place]))
    undefined = ir.Constant(_DOUBLE, ir.Undefined)
    seed = builder.insert_element(undefined, value, cgutils.int32_t(0))
    spread = builder.shuffle_vector(seed, undefined, ir.Constant(ir.VectorType(ir.IntType(32), ROWS), [0] * ROWS))
    term = builder.fmul(spread, builder.fpext(terms, _DOUBLE))
    builder.store(builder.fadd(builder.load(total), term), total)
