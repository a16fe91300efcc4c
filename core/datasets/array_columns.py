"""Which array of a .npz file, or column of a .parquet or .csv file, is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInput

# Labels that are there twice, as numbers and as names, are the same: the first of these counts. Of several columns that
# could be embeddings one must be named.
USUAL_LABELS = ("label", "class", "classes", "class_name", "class_label", "target", "targets", "y")


@dataclass(frozen=True)
class Columns:
    """Names inside files, each None for the usual one. Rows whose `split` is `gallery` make the gallery, those where
    it is `queries` the queries, so that one file can hold both."""

    embeddings: str | None = None
    labels: str | None = None
    codes: str | None = None
    split: str | None = None
    gallery: str | None = None
    queries: str | None = None

    def named(self, name: str) -> str | None:
        """What was named for "embeddings", "labels", "codes" or "split"."""
        return {"embeddings": self.embeddings, "labels": self.labels, "codes": self.codes, "split": self.split}[name]


def find_column(name: str, named: str | None, available: Sequence[str], fitting: Sequence[str]) -> str | None:
    """The column for `name`: the one that was named, of that very name, a usual one, or the only one that fits.

    None where there is none or the choice is not clear. `fitting` are those of `available` whose type would do.
    """
    if named is not None:
        return named if named in available else None
    if name in available:
        return name
    usual = [column for column in USUAL_LABELS if column in fitting] if name == "labels" else []
    if usual:
        return usual[0]
    if len(fitting) == 1:
        return fitting[0]
    return available[0] if len(available) == 1 else None


def choose_column(
    name: str, named: str | None, available: Sequence[str], fitting: Sequence[str], label: str, kind: str
) -> str:
    """As `find_column`; BadInput that lists what there is and says how to choose."""
    column = find_column(name, named, available, fitting)
    if column is not None:
        return column
    listed, fields = _listed(available), {"of": name, "where": label, "available": tuple(available)}
    if named is not None:
        problem = f"{label} has no {kind} '{named}': it has {listed}; "
        raise BadInput(problem, "name one of those", "unknown-column", named=named, **fields)
    if len(fitting) > 1:
        problem = f"{label} has no {kind} '{name}': it has {listed}; {len(fitting)} of them fit ({_listed(fitting)}): "
        raise BadInput(problem, "choose one", "several-columns-fit", fitting=tuple(fitting), **fields)
    raise BadInput(f"{label} has no {kind} '{name}': it has {listed}, none of them fit to be {name}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "") or "nothing"
