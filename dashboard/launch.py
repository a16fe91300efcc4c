"""What follows `--` in `streamlit run Home.py -- --bundle DIR --images DIR --root DIR`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SHIPPED = Path(__file__).resolve().parent.parent / "precomputed"


@dataclass(frozen=True)
class Launch:
    """The bundle to open first, the folder of its pictures, and the folders that a page may read."""

    bundle: Path
    images: Path | None
    roots: tuple[Path, ...]


@cache
def launch() -> Launch:
    """The options of this server."""
    return parse(sys.argv[1:])


def parse(arguments: list[str]) -> Launch:
    """Options by argument; what it does not know is left to others, since tests and servers add their own."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--bundle", type=Path, default=SHIPPED)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--root", type=Path, action="append", default=[])
    known, _ = parser.parse_known_args(arguments)
    return Launch(known.bundle, known.images, tuple(root.resolve() for root in known.root))


def allowed(path: str | Path, roots: tuple[Path, ...]) -> bool:
    """Whether a page may read `path`: it lies in one of the folders that the user named at the start."""
    place = Path(path).resolve()
    return any(place == root or root in place.parents for root in roots)
