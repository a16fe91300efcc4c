"""Number of set bits of a 64-bit word, as the machine's own instruction inside numba kernels."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic


@intrinsic
def popcount(typing_context: Any, word: Any) -> Any:
    """Set bits of a uint64, as int64. LLVM's ctpop: a vector instruction where the machine has one."""
    signature = types.int64(types.uint64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return signature, codegen
