"""The clock of `time.perf_counter_ns`, read inside numba kernels, so that stages of one call can be told apart."""

from __future__ import annotations

import sys
import time
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

# Whether that clock is the one that `now` reads: then both may be compared.
READABLE = sys.maxsize > 2**32 and (
    time.get_clock_info("perf_counter").implementation == "clock_gettime(CLOCK_MONOTONIC)"
)
_SECOND = 1_000_000_000  # nanoseconds


@intrinsic
def now(typing_context: Any) -> Any:
    """Nanoseconds, int64, as `time.perf_counter_ns` tells them. Only where the clock is READABLE."""
    signature = types.int64()

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word, number = ir.IntType(64), ir.IntType(32)
        moment = ir.LiteralStructType([word, word])  # seconds and nanoseconds: C's timespec
        kind = ir.FunctionType(number, [number, moment.as_pointer()])
        read = cgutils.get_or_insert_function(builder.module, kind, "clock_gettime")
        told = cgutils.alloca_once(builder, moment)
        builder.call(read, [number(time.CLOCK_MONOTONIC), told])
        seconds, rest = (builder.load(cgutils.gep_inbounds(builder, told, 0, part)) for part in (0, 1))
        return builder.add(builder.mul(seconds, word(_SECOND)), rest)

    return signature, codegen
