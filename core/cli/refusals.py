"""What the commands say to do about a refusal of the core: its mend in options, by code."""

from __future__ import annotations

from core import errors

MENDS: errors.Mends = {
    "split-without-column": lambda _: "name one with --split-column",
    "unknown-split": lambda fields: f"name one with --{fields['side']}-split",
    "one-split-for-both": lambda _: "name another one, or leave --split-column out",
    "unknown-column": lambda fields: f"name one of those with --{fields['of']}-column",
    "several-columns-fit": lambda fields: f"choose one with --{fields['of']}-column",
    "header-counted": lambda _: "name the column (--labels-column)",
    "gallery-sorted": lambda _: "import it with --shuffle SEED (such as --shuffle 0)",
    "lengths-differ": lambda _: "compare by inner product (--similarity inner-product)",
    "weights-inside": lambda _: "leave --weights out",
    "weights-not-inside": lambda _: ", or name their file with --weights",
    "weights-of-your-own": lambda _: "name that file with --weights",
    "other-weights": lambda _: "name that file with --weights, or embed the folder again",
    "encoder-without-weights": lambda _: " with --weights",
    "weights-not-fetched": lambda _: "or name a file of weights with --weights FILE",
    "index-unusable": lambda _: "; or name another with --cache",
    "gallery-not-written": lambda _: "name another --dir; what is done is kept",
    "gallery-without-room": lambda _: "make room, name another --dir or smaller --sizes",
    "gallery-of-another": lambda _: "name another --dir",
    "imagenet-not-fetched": lambda _: (
        "add --scratch to train from random weights, which is not what the source system did"
    ),
    "run-without-weights": lambda fields: f"run the train command with --run {fields['folder']} first",
    "teacher-missing": lambda fields: (
        f"name a trained run of {fields['encoder']}-teacher with --teacher DIR, or train without one by --set distil=0"
    ),
    "teacher-unused": lambda _: "give its weight, such as --set distil=0.7",
}


def worded(said: str | errors.BadInput) -> str:
    """The line that a command prints for a message or refusal of the core."""
    return errors.worded(said, MENDS)
