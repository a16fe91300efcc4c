"""Which sides stand against each other in each search."""

from __future__ import annotations

from collections.abc import Sequence

from core.opponents.argsort import hamming_argsort
from core.opponents.blas import exact_blas
from core.opponents.faiss_binary import hamming_faiss, hashed_faiss
from core.opponents.faiss_flat import exact_faiss
from core.opponents.own import own_asymmetric, own_exact, own_hamming, own_hashed
from core.opponents.side import Contest, Side
from core.opponents.source import hashed_source
from core.opponents.torch_flat import exact_torch

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
    contest: Contest, searches: Sequence[str], batch: int = 1, threads: int | None = 1, every: bool = False
) -> list[Side]:
    """The sides of some searches, for batches of a size on some threads (call it while they are pinned).

    Without `every` the light ones alone: NumPy, faiss and this project's. Opponents that compare codes by Hamming
    distance stand only where the hash does, too.
    """
    sides: list[Side] = []
    if "exact" in searches:
        sides += exact_sides(contest, threads, every)
    if "hashed" in searches:
        sides.append(own_hashed(contest, threads))
        if every and contest.plain_codes:
            sides += [hashed_faiss(contest, batch, threads), hashed_source(contest)]
    if "hamming" in searches:
        sides.append(own_hamming(contest, threads))
        if every and contest.plain_codes:
            sides += [hamming_faiss(contest, batch), hamming_argsort(contest)]
    if "asymmetric" in searches:
        sides.append(own_asymmetric(contest, threads))
    return sides


def exact_sides(contest: Contest, threads: int | None = 1, every: bool = False) -> list[Side]:
    """Exact search by BLAS, by faiss and by this project's scan, with `every` by PyTorch: none is a straw man."""
    torch = [exact_torch(contest)] if every else []
    return [exact_blas(contest), *torch, exact_faiss(contest), own_exact(contest, threads)]
