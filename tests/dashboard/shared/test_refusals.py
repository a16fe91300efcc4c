"""What pages say to do, by code: the whole tail of the line."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from dashboard.shared.refusals import MENDS, worded

TAILS = {
    "unknown-split": "choose one under 'Columns'",
    "one-split-for-both": "choose another one under 'Columns'",
    "unknown-column": "choose one under 'Columns'",
    "several-columns-fit": "choose one under 'Columns'",
    "header-counted": "choose it under 'Columns'",
    "gallery-sorted": "tick 'Shuffle the gallery'",
    "weights-not-inside": ", or name their file with --weights",
    "weights-of-your-own": "name that file with --weights",
    "other-weights": "name that file with --weights, or embed the folder again",
    "encoder-without-weights": " under 'File of weights' on Folder search, elsewhere with --weights at the start",
    "weights-not-fetched": "or name a file of weights: under 'File of weights' on Folder search, elsewhere with "
    "--weights at the start",
    "outside-roots": "start the dashboard with --root for the folder that holds it",
    "index-unusable": "",
}


def test_every_mend_is_here():
    assert set(MENDS) == set(TAILS)


@pytest.mark.parametrize("code", TAILS)
def test_the_line_ends_with_the_pages_controls(code):
    assert worded(BadInput("what is wrong; ", "the core's mend", code)) == f"what is wrong; {TAILS[code]}"
