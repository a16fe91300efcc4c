"""The decorators of the compiled kernels: no GIL, and machine code kept between starts.

numba's own cache keeps a kernel's code as long as the kernel's own file is unchanged, even when a kernel that it calls
has changed; fails where a file of it is damaged or the disk is full; and loses entries where two processes fill it at
once. So the code is kept here: a file for each kernel and kind of arguments in the folder of
`core.runtime.kernel_folder`. A file that cannot be read, or whose digest is not that of its content, is compiled anew.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba
from numba.core.caching import FunctionCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from core.runtime.kernel_folder import kernel_folder

_DIGEST = 32  # bytes at the beginning of a file

P = ParamSpec("P")
R = TypeVar("R")
Scalar = Any  # a number inside a kernel: NumPy's, of a width of its own, where other code has Python's


class KernelCache(FunctionCache):
    """The kept machine code of one kernel, as numba asks for it."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._name, self._py_func, self._cache_path = repr(function), function, str(folder)
        self.enable()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The code for some types of arguments; None where there is none that is sound."""
        target_context.refresh()
        with suppress(Exception):
            data = self._file(sig, target_context.codegen()).read_bytes()
            if data[:_DIGEST] == hashlib.sha256(data[_DIGEST:]).digest():
                return CompileResult._rebuild(target_context, *pickle.loads(data[_DIGEST:]))
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code for some types of arguments, if it can be kept."""
        if data.library.has_dynamic_globals or any(not loop.can_cache for loop in data.lifted):
            return
        content = dumps(data._reduce())
        file = self._file(sig, data.codegen)
        temporary = file.with_name(f".{secrets.token_hex(8)}")
        with suppress(OSError):
            try:
                temporary.write_bytes(hashlib.sha256(content).digest() + content)
                os.replace(temporary, file)  # noqa: PTH105 the one step that other processes see
            finally:
                temporary.unlink(missing_ok=True)

    def flush(self) -> None:
        """Forget all that is kept of the kernel."""
        for file in Path(self._cache_path).glob(f"{self._stem()}-*"):
            file.unlink(missing_ok=True)

    def _file(self, sig: Any, codegen: Any) -> Path:
        """The key holds the processor, as numba sees it, beside the types."""
        key = repr(self._index_key(sig, codegen))
        return Path(self._cache_path) / f"{self._stem()}-{hashlib.sha256(key.encode()).hexdigest()[:24]}"

    def _stem(self) -> str:
        return f"{self._py_func.__module__}.{self._py_func.__qualname__}"


def _kept(function: Callable[P, R], **options: Any) -> Callable[P, R]:
    compiled: Any = numba.njit(nogil=True, error_model="numpy", **options)(function)
    folder = kernel_folder()
    if folder is not None and hasattr(compiled, "_cache"):  # numba leaves a function as it is where it is disabled
        compiled._cache = KernelCache(function, folder)
    return compiled


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """A compiled function. A division by zero gives infinity or NaN, as in NumPy."""
    return _kept(function)


def exact_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """For sums that are exact in any order (`core.bundle.vectors`): the compiler may reorder, fuse and vectorise."""
    return _kept(function, fastmath={"reassoc", "contract"})


def part(function: Callable[P, R]) -> Callable[P, R]:
    """A part of a kernel, in whose loops a call would weigh."""
    return _kept(function, forceinline=True)
