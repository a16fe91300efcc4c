"""How fast this machine can be at best: what a search's time is held against.

A search has to read its vectors or codes, to compare every word, or to multiply and add. Each of these alone, with
nothing else to do, is measured here, so that a time says how far from the machine's limit it is.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from core.runtime.compiled import kernel
from core.runtime.pinning import pinned
from core.search.select import popcount

LARGE = 256_000_000  # bytes: more than the caches hold
_CACHED_WORDS = 16_384  # 128 kB a thread: in the second-level cache
_SIDE = 1024  # rows of the square matrices that are multiplied
_REREAD = 100_000_000  # bytes read in one try of reading again and again: a cache gives them in milliseconds
_SECONDS = 0.1  # measured at least this long


@dataclass(frozen=True)
class Limits:
    """Rates a second on `threads` threads: the best of several tries."""

    threads: int
    read: float  # bytes, from memory
    copy: float  # bytes read and as many written, counted once
    reread: float  # bytes, of an array as large as what is searched, read again and again
    reread_bytes: int
    codes: float  # bytes, the same of an array as large as the codes, which may sit in a nearer cache
    codes_bytes: int
    popcounts: float  # 64-bit words compared and counted, in the cache
    multiply_adds: float  # float32, in a matrix product by BLAS

    def milliseconds(
        self, read: float, words: float = 0.0, multiply_adds: float = 0.0, code_bytes: float = 0.0
    ) -> float:
        """The least time of work that reads these bytes of embeddings and of codes, counts these words and does these
        multiply-adds.

        They can overlap, so it is the largest of them.
        """
        reading = max(read / self.reread, code_bytes / self.codes)
        return 1000 * max(reading, words / self.popcounts, multiply_adds / self.multiply_adds)

    def text(self) -> str:
        """The rates in one line."""
        return (
            f"limits on {self.threads} thread{'s' * (self.threads > 1)}: memory {self.read / 1e9:.1f} GB/s read, "
            f"{self.copy / 1e9:.1f} GB/s copied; {self.reread_bytes / 1e6:.1f} MB read again and again "
            f"{self.reread / 1e9:.1f} GB/s, {self.codes_bytes / 1e6:.2f} MB {self.codes / 1e9:.1f} GB/s; "
            f"{self.popcounts / 1e9:.2f} billion 64-bit popcounts/s; "
            f"{self.multiply_adds / 1e9:.1f} billion multiply-adds/s"
        )


def measure_limits(threads: int, working_set: int, codes: int | None = None, large: int = LARGE) -> Limits:
    """Measure; `working_set` are the bytes of the embeddings, `codes` those of the codes that a search reads (None: it
    reads none), `large` those that no cache holds.
    """
    memory = np.ones(large // 8, np.uint64)
    target = np.empty_like(memory)
    words = np.ones((threads, _CACHED_WORDS), np.uint64)
    square = np.ones((_SIDE, _SIDE), np.float32)
    product = np.empty_like(square)
    with pinned(threads), ThreadPoolExecutor(threads) as pool:

        def each(work: Callable[[np.ndarray], object], parts: list[np.ndarray]) -> None:
            list(pool.map(work, parts))

        parts, halves = (
            np.array_split(memory, threads),
            list(zip(np.array_split(target, threads), np.array_split(memory, threads), strict=True)),
        )
        copied = _seconds(lambda: list(pool.map(lambda pair: np.copyto(*pair), halves)))
        read = _seconds(lambda: each(read_all, parts))

        def rate_again(size: int) -> tuple[float, int]:
            again = np.ones(max(512, size // 8), np.uint64)
            passes = max(1, _REREAD // again.nbytes)
            taken = _seconds(lambda: each(lambda part: read_passes(part, passes), np.array_split(again, threads)))
            return passes * again.nbytes / taken, again.nbytes

        reread, reread_bytes = rate_again(working_set)
        codes_rate, codes_bytes = (reread, reread_bytes) if codes is None else rate_again(codes)
        counts = 200
        counted = _seconds(lambda: each(lambda part: count_passes(part, counts), list(words)))
        multiplied = _seconds(lambda: np.matmul(square, square, out=product))
    return Limits(
        threads=threads,
        read=memory.nbytes / read,
        copy=memory.nbytes / copied,
        reread=reread,
        reread_bytes=reread_bytes,
        codes=codes_rate,
        codes_bytes=codes_bytes,
        popcounts=counts * words.size / counted,
        multiply_adds=_SIDE**3 / multiplied,
    )


def _seconds(work: Callable[[], object]) -> float:
    """The shortest of some tries: a limit is what the machine can do, not what it does on average."""
    work()
    best, started = np.inf, perf_counter()
    while perf_counter() - started < _SECONDS:
        once = perf_counter()
        work()
        best = min(best, perf_counter() - once)
    return float(best)


@kernel
def read_all(words: np.ndarray) -> np.uint64:
    """Sum of uint64 (N,), modulo 2**64: every byte is read, and little else is done."""
    total = np.uint64(0)
    for n in range(words.shape[0]):
        total += words[n]
    return total


@kernel
def read_passes(words: np.ndarray, passes: int) -> np.uint64:
    """`passes` times `read_all` of words that change a little, so that no compiler leaves a pass out."""
    total = np.uint64(0)
    for turn in range(passes):
        words[turn % words.shape[0]] += np.uint64(1)
        total += read_all(words)
    return total


@kernel
def count_passes(words: np.ndarray, passes: int) -> int:
    """Set bits of each of uint64 (N,) compared with 0, 1, ... `passes` - 1: the scan of a code with nothing stored."""
    total = 0
    for turn in range(passes):
        query = np.uint64(turn)
        for n in range(words.shape[0]):
            total += popcount(words[n] ^ query)
    return total
