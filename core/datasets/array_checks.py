"""What must hold for arrays to become a bundle, each broken rule one line with its mend."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from core.errors import BadInput, Message
from core.settings import BITS_RANGE


def check_embeddings(shape: tuple[int, ...], dtype: np.dtype, what: str) -> None:
    """BadInput unless they are floats (N, d)."""
    if dtype.kind != "f":
        if len(shape) == 1:
            mend = "are embeddings and labels swapped?"
        elif dtype == np.uint8:
            mend = "packed codes are given as codes; other integers are converted with astype('float32')"
        else:
            mend = "convert them with astype('float32')"
        raise BadInput(f"{what} are of type {dtype}: expected float16, float32 or float64; {mend}")
    if len(shape) != 2:
        mend = "; reshape them to one row an image" if len(shape) > 2 else ""
        raise BadInput(f"{what} are of shape {shape}: expected (N, dimensions){mend}")


def check_dimensions(gallery: tuple[int, ...], queries: tuple[int, ...]) -> None:
    """BadInput unless both shapes (N, d) have one d."""
    if gallery[1] != queries[1]:
        raise BadInput(
            f"query embeddings have {queries[1]} dimensions, gallery embeddings {gallery[1]}: "
            "expected the same encoder for both"
        )


def check_alone(gallery: int, queries: bool) -> None:
    """BadInput for a gallery too small to query itself."""
    if gallery < 2 and not queries:
        raise BadInput("a gallery of 1 image cannot query itself: give at least 2, or query arrays")


def missing_files(keys: Collection[str]) -> Iterator[str]:
    """What must be added to the files of these roles, or taken away: one line each.

    Roles are arguments of `import_arrays`, `gallery_embeddings` and so on.
    """
    if "gallery_embeddings" not in keys:
        yield "gallery embeddings are missing: give a .npy, .npz or .parquet file with one row an image"
    if "gallery_labels" not in keys:
        yield "gallery labels are missing: give one class for each gallery image, or name the column that holds them"
    if "query_embeddings" not in keys and "query_labels" in keys:
        yield (
            "query embeddings and query labels go together: give both, or neither, and the gallery queries itself; "
            "the query embeddings are missing"
        )
    if "query_labels" not in keys and "query_embeddings" in keys:
        yield (
            "query embeddings and query labels go together: give both, or neither, and the gallery queries itself; "
            "the query labels are missing"
        )
    if "query_codes" in keys:
        if "query_embeddings" not in keys:
            yield "query codes without query embeddings: give the embeddings and labels of the queries too"
        if "gallery_codes" not in keys:
            yield "query codes without gallery codes: give both, or neither"
    elif {"gallery_codes", "query_embeddings"} <= set(keys):
        yield "gallery codes without query codes: give both, or neither; hashes are fitted where there are none"


def bad_options(keys: Collection[str], bits: int | None, shuffle: int | None) -> Iterator[str]:
    """What is wrong with the length of codes and the seed of the shuffle."""
    if ("gallery_codes" in keys) != (bits is not None):
        yield "codes and their bits go together: give the bits of imported codes, and none without codes"
    low, high = BITS_RANGE
    if bits is not None and not low <= bits <= high:
        yield f"bits {bits} is outside {low} to {high}: give codes of a length in that range"
    if shuffle is not None and shuffle < 0:
        yield f"shuffle seed {shuffle} is negative: give a whole number from 0 up"


def unequal_counts(counts: Mapping[str, int]) -> Iterator[Message]:
    """Labels and codes that are not as many as their embeddings, by role; where files seem swapped it says so."""
    for key, count in counts.items():
        side, kind = key.split("_")
        wanted = counts.get(f"{side}_embeddings", count)
        if count == wanted:
            continue
        line, mend, code = f"{side} {kind}: {count} for {wanted} {side} embeddings, expected one for each", "", ""
        other = "query" if side == "gallery" else "gallery"
        if count == counts.get(f"{other}_embeddings"):
            line += f"; they are as many as the {other} embeddings: are the files swapped?"
        elif kind == "labels" and count == wanted + 1:
            line += "; is the first line of a .csv its header? Then "
            mend, code = "name the column", "header-counted"
        yield Message(line, mend, code, side=side, kind=kind, count=count, expected=wanted)


def with_splits(counts: Mapping[str, int], rows: Mapping[str, np.ndarray]) -> dict[str, int]:
    """The counts of `unequal_counts`, and how many rows the split column has, by the masks bool (N,) of each side."""
    return {**counts, **{f"{side}_split": len(mask) for side, mask in rows.items()}}


def sorted_gallery(labels: np.ndarray) -> Message | None:
    """A warning where the gallery is grouped by class: ties in distance go to the lower index, which tells labels."""
    runs, classes = 1 + np.count_nonzero(np.diff(labels)), len(np.unique(labels))
    if classes == 1 or runs > classes:
        return None
    return Message(
        "the gallery is sorted by label: images at equal distance are ranked by their place in it, so its order "
        "can raise or lower the results; ",
        "import it shuffled, by a seed (such as 0)",
        "gallery-sorted",
        classes=classes,
    )
