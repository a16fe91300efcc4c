"""What a search cannot do without: bytes that it reads, words that it compares, products that it adds up."""

from __future__ import annotations

from dataclasses import dataclass

from core.search.kinds import search_kind
from core.timing.machine_limits import Limits
from core.timing.opponents.contender import SearchInputs
from core.timing.opponents.own import code_bytes


@dataclass(frozen=True)
class SearchCost:
    """Of a batch: bytes of the gallery's embeddings or codes (read once a batch) and of shortlists, code words,
    multiply-adds.
    """

    gallery_bytes: float
    code_bytes: float
    shortlist_bytes: float
    words: float
    multiply_adds: float

    def least_ms(self, limits: Limits) -> float:
        """The time that the machine needs at least: the scan, then the re-rank."""
        scan = limits.milliseconds(self.gallery_bytes, self.words, self.multiply_adds, self.code_bytes)
        return scan + limits.milliseconds(self.shortlist_bytes)


def search_cost(inputs: SearchInputs, search: str, batch: int) -> SearchCost:
    """The cost of a batch of queries, whatever the implementation.

    Exact search reads N x d float32 once and does batch x N x d multiply-adds; search by code reads the codes once
    and compares batch x N x words; the re-rank reads batch x M x d float32. Selection is not in it: it is work that a
    better method may save. Codes that are no 64-bit words count their bytes alone.
    """
    (count, dimensions), kind = inputs.task.gallery.shape, search_kind(search)
    if not kind.by_code:
        return SearchCost(4.0 * count * dimensions, 0.0, 0.0, 0.0, float(batch) * count * dimensions)
    held = code_bytes(inputs.pair)
    words = batch * count * held / 8 if hasattr(inputs.codes, "gallery_words") and not kind.of_values else 0.0
    shortlist = 4.0 * batch * inputs.shortlist * dimensions if kind.shortlisted else 0.0
    return SearchCost(0.0, count * held, shortlist, words, 0.0)
