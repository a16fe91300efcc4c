"""What the pages say to do about a refusal of the core: its mend in controls of the page, by code."""

from __future__ import annotations

from core import errors

_CHOOSE = "choose one under 'Columns'"

MENDS: errors.Mends = {
    "unknown-split": lambda _: _CHOOSE,
    "one-split-for-both": lambda _: "choose another one under 'Columns'",
    "unknown-column": lambda _: _CHOOSE,
    "several-columns-fit": lambda _: _CHOOSE,
    "header-counted": lambda _: "choose it under 'Columns'",
    "gallery-sorted": lambda _: "tick 'Shuffle the gallery'",
    # The dashboard itself is started with --weights; only Folder search has a box for a file.
    "weights-not-inside": lambda _: ", or name their file with --weights",
    "weights-of-your-own": lambda _: "name that file with --weights",
    "other-weights": lambda _: "name that file with --weights, or embed the folder again",
    "encoder-without-weights": lambda _: (
        " under 'File of weights' on Folder search, elsewhere with --weights at the start"
    ),
    "weights-not-fetched": lambda _: (
        "or name a file of weights: under 'File of weights' on Folder search, elsewhere with --weights at the start"
    ),
    "outside-roots": lambda _: "start the dashboard with --root for the folder that holds it",
    "index-unusable": lambda _: "",
}


def worded(said: str | errors.BadInput) -> str:
    """The line that a page shows for a message or refusal of the core."""
    return errors.worded(said, MENDS)
