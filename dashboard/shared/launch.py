"""What follows `--` in `streamlit run Home.py --`: --bundle DIR, --images DIR, --root DIR, --weights FILE and
--engine NAME=ADDRESS."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PASSWORD = re.compile(r"(://[^/@]*:)[^/@]*@")
SHIPPED = Path(__file__).resolve().parents[2] / "precomputed"


@dataclass(frozen=True)
class Launch:
    """The bundles to offer, the folder of pictures, the folders that a page may read, files of weights, and search
    engines as `core.search.registry.get_backend` takes them."""

    bundles: tuple[Path, ...]
    images: Path | None
    roots: tuple[Path, ...]
    weights: tuple[Path, ...] = ()
    engines: tuple[str, ...] = ()

    @property
    def bundle(self) -> Path:
        """The bundle to open first."""
        return self.bundles[0]

    @property
    def readable(self) -> tuple[Path, ...]:
        """The folders from which a page may show pictures: those of --root, and --images."""
        images = () if self.images is None else (self.images.resolve(),)
        return tuple(dict.fromkeys((*self.roots, *images)))

    def command(self) -> str:
        """What starts the dashboard with these options; a page may show it, so passwords are left out."""
        given: list[tuple[str, str | Path]] = [
            ("--bundle", bundle) for bundle in self.bundles if self.bundles != (SHIPPED,)
        ]
        given += [] if self.images is None else [("--images", self.images)]
        given += [("--root", root) for root in self.roots] + [("--weights", file) for file in self.weights]
        given += [("--engine", _PASSWORD.sub(r"\1...@", engine)) for engine in self.engines]
        words = [word for option, value in given for word in (option, str(value))]
        return shlex.join(["streamlit", "run", "Home.py", "--", *words])


@cache
def launch() -> Launch:
    """The options of this server."""
    return parse(sys.argv[1:])


def parse(arguments: list[str]) -> Launch:
    """Options by argument; what it does not know is left to others, since tests and servers add their own."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--bundle", type=Path, action="append", default=[])
    parser.add_argument("--images", type=Path)
    parser.add_argument("--root", type=Path, action="append", default=[])
    parser.add_argument("--weights", type=Path, action="append", default=[])
    parser.add_argument("--engine", action="append", default=[])
    known, _ = parser.parse_known_args(arguments)
    bundles = tuple(dict.fromkeys(known.bundle)) or (SHIPPED,)
    roots, engines = tuple(root.resolve() for root in known.root), tuple(dict.fromkeys(known.engine))
    return Launch(bundles, known.images, roots, tuple(known.weights), engines)
