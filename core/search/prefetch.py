"""Reading of rows into the cache before they are needed, so that the machine waits for many of them at once."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_LINE = 64  # bytes that a cache fetches at once
_READ, _NEAREST, _DATA = 0, 3, 1  # what llvm.prefetch is told: to read, into the first-level cache, no code


@intrinsic
def prefetch_row(typing_context: Any, rows: Any, row: Any) -> Any:
    """Begin to fetch rows[row], of an array (N, d) whose rows are contiguous. No value changes, whatever is read."""
    signature = types.void(rows, types.intp)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        word = args[1].type
        stride = cgutils.unpack_tuple(builder, array.strides, 2)[0]
        length = builder.mul(cgutils.unpack_tuple(builder, array.shape, 2)[1], array.itemsize)
        first = builder.add(builder.ptrtoint(array.data, word), builder.mul(args[1], stride))
        line, end = builder.and_(first, word(-_LINE)), builder.add(first, length)
        with cgutils.for_range_slice(builder, line, end, word(_LINE), inc=True) as (address, _):
            fetch_line(builder, address)
        return context.get_dummy_value()

    return signature, codegen


def fetch_line(builder: Any, address: Any) -> None:
    """Within an intrinsic: begin to fetch the line of the cache that an address, a whole number, lies in."""
    byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
    fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    builder.call(fetch, [builder.inttoptr(address, byte), *(number(each) for each in (_READ, _NEAREST, _DATA))])
