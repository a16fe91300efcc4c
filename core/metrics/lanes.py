"""The discounted sums of a ranking, eight ranks at once, as the machine's own vector instructions in numba kernels.

A sum is kept as eight running sums, one for the ranks of each remainder by eight, and these are added in a fixed
order. So its value depends on the ranking and its length alone: not on the machine, nor on where adding up began.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 8  # ranks to a block
SUMS = 5  # gain, gain x weight before, gain x discount, precision at hits, discount at hits
KEPT = SUMS * LANES  # float64 numbers that are kept for a block
NO_HIT = 2.0**40  # taken from the count of hits where a rank is none: exact, and below 0 in any ranking

_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_PLACES = ir.Constant(ir.VectorType(ir.IntType(64), LANES), list(range(LANES)))


@intrinsic
def add_ranks(
    typing_context: Any, gains: Any, hits: Any, before: Any, discount: Any, inverse: Any, kept: Any, start: Any,
    k: Any, out: Any, column: Any,
) -> Any:  # fmt: skip
    """Sums over the first `k` ranks into a column of `out` (SUMS, K); arrays are float64, the others (ranks,).

    `gains` are class similarities, `hits` the number of hits up to a rank, less NO_HIT where the rank itself is none;
    `before`, `discount` and `inverse` are weights by rank. All are read in whole blocks of LANES. kept[b * KEPT:] are
    the running sums before block b, there for b = `start` and filled from there on to the block that holds rank `k`.
    """
    arrays = (gains, hits, before, discount, inverse, kept)
    if not _are_plain(*arrays, out):
        return None
    signature = types.void(*arrays, types.intp, types.intp, out, types.intp)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        begin, count, written, column = args[6:]
        *read, held = (_data(context, builder, signature.args[i], args[i]) for i in range(6))
        word = count.type
        first = builder.mul(begin, word(KEPT))
        running = [cgutils.alloca_once(builder, _VECTOR) for _ in range(SUMS)]
        for i, slot in enumerate(running):
            builder.store(_load(builder, held, _VECTOR, builder.add(first, word(i * LANES))), slot)
        blocks = builder.lshr(count, word(3))
        with cgutils.for_range_slice(builder, begin, blocks, word(1), inc=True) as (block, _):
            _keep(builder, running, held, block)
            _add_block(builder, running, read, builder.mul(block, word(LANES)), None)
        _keep(builder, running, held, blocks)
        _add_block(builder, running, read, builder.mul(blocks, word(LANES)), builder.and_(count, word(LANES - 1)))
        for slot, row in zip(running, _rows(context, builder, signature.args[8], written), strict=True):
            builder.store(_add_lanes(builder, builder.load(slot)), builder.gep(row, [column]))
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def sum_ranks(
    typing_context: Any, gains: Any, hits: Any, before: Any, discount: Any, inverse: Any, depth: Any, out: Any
) -> Any:  # fmt: skip
    """Sums over the first k ranks into `out` (SUMS, room) at k - 1, for every k to `depth` at once.

    Each is to the bit that of `add_ranks`; arguments as there. `out` has room for whole blocks of LANES.
    """
    arrays = (gains, hits, before, discount, inverse)
    if not _are_plain(*arrays, out):
        return None
    signature = types.void(*arrays, types.intp, out)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        *read, count, written = args
        read = [_data(context, builder, signature.args[i], read[i]) for i in range(5)]
        rows, word = _rows(context, builder, signature.args[6], written), count.type
        running = [cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, [0.0] * LANES)) for _ in range(SUMS)]
        blocks = builder.lshr(builder.add(count, word(LANES - 1)), word(3))
        with cgutils.for_range(builder, blocks) as loop:
            place = builder.mul(loop.index, word(LANES))
            for slot, row, term in zip(running, rows, _terms(builder, read, place, None), strict=True):
                old = builder.load(slot)
                new = builder.fadd(old, term)
                builder.store(new, slot)
                _store(builder, _add_lanes_by_rank(builder, old, new), row, place)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def insert(
    typing_context: Any, gains: Any, hits: Any, place: Any, last: Any, gain: Any, hit: Any, more: Any
) -> Any:  # fmt: skip
    """Put an item into two lists at `place`, float64 all; later ones move up, as far as the block of place `last`.

    `more` is added to `hits` of what moves. Blocks are read and written whole and in place, so that the next insertion
    finds what this one has just written without waiting for it to reach the cache.
    """
    arrays = (gains, hits)
    if not _are_plain(*arrays):
        return None
    signature = types.void(*arrays, types.intp, types.intp, *[types.float64] * 3)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lists = [_data(context, builder, signature.args[i], args[i]) for i in range(2)]
        where, until, *items, added = args[2:]
        word, nothing = where.type, ir.Constant(_VECTOR, [0.0] * LANES)
        more = [nothing, _spread(builder, added, _VECTOR)]
        first, end = builder.lshr(where, word(3)), builder.add(builder.lshr(until, word(3)), word(1))
        lane = _spread(builder, builder.and_(where, word(LANES - 1)), _PLACES.type)
        before, here = builder.icmp_signed("<", _PLACES, lane), builder.icmp_signed("==", _PLACES, lane)
        carried = [cgutils.alloca_once(builder, _VECTOR) for _ in lists]
        at = builder.mul(first, word(LANES))
        for data, slot, item, plus in zip(lists, carried, items, more, strict=True):
            old = _load(builder, data, _VECTOR, at)
            moved = builder.select(before, old, _moved(builder, nothing, old, plus))
            builder.store(old, slot)
            # Chosen last, lest a masked store is made of it: the next insertion would have to wait for that.
            _store(builder, builder.select(here, _spread(builder, item, _VECTOR), moved), data, at)
        with cgutils.for_range_slice(builder, builder.add(first, word(1)), end, word(1), inc=True) as (block, _):
            at = builder.mul(block, word(LANES))
            for data, slot, plus in zip(lists, carried, more, strict=True):
                old = _load(builder, data, _VECTOR, at)
                _store(builder, _moved(builder, builder.load(slot), old, plus), data, at)
                builder.store(old, slot)
        return context.get_dummy_value()

    return signature, codegen


def _are_plain(*arrays: Any) -> bool:
    """Whether all are contiguous arrays of float64: for others numba finds no match."""
    return all(getattr(array, "layout", None) == "C" and array.dtype == types.float64 for array in arrays)


def _moved(builder: Any, before: Any, block: Any, plus: Any) -> Any:
    """The last lane of the block before, then all but the last one of this, `plus` added."""
    return builder.fadd(_pick(builder, before, block, range(LANES - 1, 2 * LANES - 1)), plus)


def _add_block(builder: Any, running: list[Any], read: list[Any], place: Any, left: Any) -> None:
    """Add the ranks from `place` on to the running sums; `left` are those that count, all for None."""
    for slot, term in zip(running, _terms(builder, read, place, left), strict=True):
        builder.store(builder.fadd(builder.load(slot), term), slot)


def _terms(builder: Any, read: list[Any], place: Any, left: Any) -> list[Any]:
    """What the ranks of a block add to each sum."""
    gains, hits, before, discount, inverse = (_load(builder, data, _VECTOR, place) for data in read)
    nothing = ir.Constant(_VECTOR, [0.0] * LANES)
    if left is not None:
        inside = builder.icmp_signed("<", _PLACES, _spread(builder, left, _PLACES.type))
        gains, hits = builder.select(inside, gains, nothing), builder.select(inside, hits, nothing)
    is_hit = builder.fcmp_ordered(">", hits, nothing)
    return [
        gains,
        builder.fmul(gains, before),
        builder.fmul(gains, discount),
        builder.fmul(builder.select(is_hit, hits, nothing), inverse),
        builder.select(is_hit, discount, nothing),
    ]


def _keep(builder: Any, running: list[Any], held: Any, block: Any) -> None:
    first = builder.mul(block, block.type(KEPT))
    for i, slot in enumerate(running):
        _store(builder, builder.load(slot), held, builder.add(first, first.type(i * LANES)))


def _add_lanes(builder: Any, vector: Any) -> Any:
    """The sum of all lanes: the upper half is added to the lower one until one is left."""
    width = LANES
    while width > 1:
        width //= 2
        low, high = (_pick(builder, vector, vector, range(offset, offset + width)) for offset in (0, width))
        vector = builder.fadd(low, high)
    return builder.extract_element(vector, cgutils.int32_t(0))


def _add_lanes_by_rank(builder: Any, old: Any, new: Any) -> Any:
    """What `_add_lanes` gives after each rank of a block: lanes up to the rank's own are `new`, those above it `old`.

    At most three values a pair of lanes are added up: neither of the two new, the lower one, both.
    """
    lower, upper = range(LANES // 2), range(LANES // 2, LANES)
    steps = [(old, old), (new, old), (new, new)]
    pairs = [builder.fadd(_pick(builder, a, a, lower), _pick(builder, b, b, upper)) for a, b in steps]
    first, last = _pick(builder, *pairs[:2], range(LANES)), _pick(builder, pairs[2], pairs[2], range(LANES))
    # At a rank, the pair of lanes j and j + 4 has as many new lanes as of the two are at or below the rank.
    places = [[((r >= j) + (r >= j + 4)) * (LANES // 2) + j for r in range(LANES)] for j in lower]
    a, b, c, d = (_pick(builder, first, last, place) for place in places)
    return builder.fadd(builder.fadd(a, c), builder.fadd(b, d))


def _pick(builder: Any, first: Any, second: Any, lanes: Any) -> Any:
    """A vector of some lanes of two."""
    kind = ir.VectorType(ir.IntType(32), len(lanes))
    return builder.shuffle_vector(first, second, ir.Constant(kind, list(lanes)))


def _data(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    return context.make_array(kind)(context, builder, value).data


def _rows(context: Any, builder: Any, kind: Any, value: Any) -> list[Any]:
    """Where each row begins of an array of SUMS rows."""
    made = context.make_array(kind)(context, builder, value)
    width = cgutils.unpack_tuple(builder, made.shape, 2)[1]
    return [builder.gep(made.data, [builder.mul(width, width.type(i))]) for i in range(SUMS)]


def _load(builder: Any, data: Any, vector: Any, place: Any) -> Any:
    return builder.load(builder.bitcast(builder.gep(data, [place]), vector.as_pointer()), align=_align(vector))


def _store(builder: Any, value: Any, data: Any, place: Any) -> None:
    pointer = builder.bitcast(builder.gep(data, [place]), value.type.as_pointer())
    builder.store(value, pointer, align=_align(value.type))


def _align(vector: Any) -> int:
    return 8 if isinstance(vector.element, ir.DoubleType) else vector.element.width // 8


def _spread(builder: Any, value: Any, vector: Any) -> Any:
    """A vector whose lanes are all `value`."""
    undefined = ir.Constant(vector, ir.Undefined)
    seed = builder.insert_element(undefined, value, cgutils.int32_t(0))
    return _pick(builder, seed, undefined, [0] * vector.count)
