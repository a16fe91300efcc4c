"""Hashes fitted one after another, or side by side in processes of their own: heads train in one thread each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from core.bundle.bundle import Bundle, load_bundle
from core.codes.codes import fit_hash
from core.hashing.base import HashMethod


@dataclass(frozen=True)
class Fitted:
    """A fitted hash and the seconds that it took."""

    method: HashMethod
    seconds: float


def fit_hashes(
    folder: str | Path, encoder: str, wanted: Sequence[tuple[str, int]], seed: int = 0, jobs: int = 1
) -> Iterator[Fitted]:
    """Fit every (hash, bits) of `wanted`, in that order, on a bundle's embeddings; `jobs` at a time, to one result."""
    if jobs == 1 or len(wanted) == 1:
        bundle = load_bundle(folder)
        yield from (_fit(bundle, encoder, name, bits, seed) for name, bits in wanted)
        return
    # Not forked: torch's threads do not outlive a fork.
    with ProcessPoolExecutor(min(jobs, len(wanted)), get_context("spawn")) as pool:
        futures = [pool.submit(_fit_there, str(folder), encoder, name, bits, seed) for name, bits in wanted]
        try:
            yield from (future.result() for future in futures)
        finally:
            pool.shutdown(cancel_futures=True)  # after an error the rest is not fitted first


def _fit(bundle: Bundle, encoder: str, name: str, bits: int, seed: int) -> Fitted:
    start = perf_counter()
    return Fitted(fit_hash(bundle, encoder, name, bits, seed), perf_counter() - start)


def _fit_there(folder: str, encoder: str, name: str, bits: int, seed: int) -> Fitted:
    return _fit(_bundle(folder), encoder, name, bits, seed)


_bundle = cache(load_bundle)
