"""What commands say to do, by code: the whole tail of the line."""

from __future__ import annotations

import pytest

from core.cli.refusals import MENDS, worded
from core.errors import BadInput, Message

FIELDS = {"side": "query", "of": "labels", "folder": "runs/a", "encoder": "semantic"}
TAILS = {
    "split-without-column": "name one with --split-column",
    "unknown-split": "name one with --query-split",
    "one-split-for-both": "name another one, or leave --split-column out",
    "unknown-column": "name one of those with --labels-column",
    "several-columns-fit": "choose one with --labels-column",
    "header-counted": "name the column (--labels-column)",
    "gallery-sorted": "import it with --shuffle SEED (such as --shuffle 0)",
    "lengths-differ": "compare by inner product (--similarity inner-product)",
    "weights-inside": "leave --weights out",
    "weights-not-inside": ", or name their file with --weights",
    "weights-of-your-own": "name that file with --weights",
    "other-weights": "name that file with --weights, or embed the folder again",
    "encoder-without-weights": " with --weights",
    "weights-not-fetched": "or name a file of weights with --weights FILE",
    "index-unusable": "; or name another with --cache",
    "gallery-not-written": "name another --dir; what is done is kept",
    "gallery-without-room": "make room, name another --dir or smaller --sizes",
    "gallery-of-another": "name another --dir",
    "imagenet-not-fetched": "add --scratch to train from random weights, which is not what the source system did",
    "run-without-weights": "run the train command with --run runs/a first",
    "teacher-missing": "name a trained run of semantic-teacher with --teacher DIR, or train without one by "
    "--set distil=0",
    "teacher-unused": "give its weight, such as --set distil=0.7",
}


def test_every_mend_is_here():
    assert set(MENDS) == set(TAILS)


@pytest.mark.parametrize("code", TAILS)
def test_the_line_ends_with_the_options(code):
    assert worded(BadInput("what is wrong; ", "the core's mend", code, **FIELDS)) == f"what is wrong; {TAILS[code]}"


def test_what_has_no_mend_of_the_commands_own_stays_as_it_is():
    assert worded(Message("what is wrong; ", "the core's mend", "other")) == "what is wrong; the core's mend"
