"""Which sides stand against each other in each search."""

from __future__ import annotations

from collections.abc import Sequence

from core.timing.opponents.argsort import hamming_argsort
from core.timing.opponents.blas import exact_blas
from core.timing.opponents.contender import Contender, SearchInputs
from core.timing.opponents.faiss_binary import hamming_faiss, hashed_faiss
from core.timing.opponents.faiss_flat import exact_faiss
from core.timing.opponents.original_system import hashed_source
from core.timing.opponents.own import own_asymmetric, own_exact, own_hamming, own_hashed
from core.timing.opponents.torch_flat import exact_torch

SIDES = {
    "exact-blas": "NumPy: matrix product by BLAS, partial sort",
    "exact-torch": "PyTorch: matrix product, topk",
    "exact-faiss": "faiss IndexFlatIP",
    "exact-scan": "this project's exact scan",
    "hashed": "this project's hashed search",
    "hashed-faiss": "faiss IndexBinaryFlat in its fastest mode, re-ranked by this project's kernel",
    "hashed-source": "the source system's path: codes as floats, cdist(p=0), topk, gather, topk",
    "hamming": "this project's Hamming search",
    "hamming-faiss": "faiss IndexBinaryFlat in its fastest mode",
    "hamming-argsort": "codes as floats, full argsort, a Python loop over the queries (as DeepHash-pytorch)",
    "asymmetric": "this project's asymmetric search",
}  # in the order of tables


def sides_of(
    inputs: SearchInputs, searches: Sequence[str], batch: int = 1, threads: int | None = 1, every: bool = False
) -> list[Contender]:
    """The sides of some searches, for batches of a size on some threads (call it while they are pinned).

    Without `every` the light ones alone: NumPy, faiss and this project's. Opponents that compare codes by Hamming
    distance stand only where the hash does, too.
    """
    sides: list[Contender] = []
    if "exact" in searches:
        sides += exact_sides(inputs, threads, every)
    if "hashed" in searches:
        sides.append(own_hashed(inputs, threads))
        if every and inputs.plain_codes:
            sides += [hashed_faiss(inputs, batch, threads), hashed_source(inputs)]
    if "hamming" in searches:
        sides.append(own_hamming(inputs, threads))
        if every and inputs.plain_codes:
            sides += [hamming_faiss(inputs, batch), hamming_argsort(inputs)]
    if "asymmetric" in searches:
        sides.append(own_asymmetric(inputs, threads))
    return sides


def exact_sides(inputs: SearchInputs, threads: int | None = 1, every: bool = False) -> list[Contender]:
    """Exact search by BLAS, by faiss and by this project's scan, with `every` by PyTorch: none is a straw man."""
    torch = [exact_torch(inputs)] if every else []
    return [exact_blas(inputs), *torch, exact_faiss(inputs), own_exact(inputs, threads)]
