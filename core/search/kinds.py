"""The searches by name, and what the ranking of each depends on."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import unknown_name


@dataclass(frozen=True)
class SearchKind:
    """One search. `by_code`: it depends on the hash and its length; `shortlisted`: also on the multiplier, and it ends
    at its shortlist; `tied`: it ranks by distances of which many are equal; `of_values`: it takes the queries' real
    values, which not every hash has."""

    name: str
    by_code: bool = True
    shortlisted: bool = False
    tied: bool = False
    of_values: bool = False


_KINDS = (
    SearchKind("exact", by_code=False),
    SearchKind("hashed", shortlisted=True),
    SearchKind("hamming", tied=True),
    SearchKind("asymmetric", of_values=True),
)
SEARCHES = {kind.name: kind for kind in _KINDS}  # in the order of tables


def search_kind(name: str) -> SearchKind:
    """The search of this name; raises BadInput for an unknown one."""
    if name not in SEARCHES:
        raise unknown_name("search", name, SEARCHES)
    return SEARCHES[name]
