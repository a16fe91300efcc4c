"""What commands on folders of pictures share: their options, the progress bar, what is said of files left out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from core.cli.parser import Parser

if TYPE_CHECKING:
    from core.pictures.encoder import PictureEncoder
    from core.pictures.folder import Skipped
    from core.pictures.index import PictureIndex, Progress

LISTED = 10  # files left out that are named


def add_weights(parser: Parser) -> None:
    """--weights and --cache."""
    parser.add_argument(
        "--weights", metavar="FILE", type=Path,
        help=".safetensors or a torch state dict (default: torchvision's own, or those of the bundle's encoder)",
    )  # fmt: skip
    parser.add_argument("--cache", metavar="DIR", type=Path,
                        help="folder that indexes are kept in (default: ~/.cache/hash-retrieval-pictures)")  # fmt: skip


@contextmanager
def progress_bar(what: str) -> Iterator[Progress]:
    """A bar on a terminal, of pictures."""
    with tqdm(desc=what, unit="picture", disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def index_named(folder: str | Path, encoder: PictureEncoder, cache: Path | None) -> PictureIndex:
    """The index of the folder that was named, brought up to date under a bar."""
    from core.pictures.folder import find_pictures
    from core.pictures.index import index_folder

    found = find_pictures(folder)
    with progress_bar(encoder.name) as show:
        return index_folder(found, encoder, cache, show)


def tell_skipped(skipped: Sequence[Skipped]) -> None:
    """How many files were left out, and the first of them, on stderr."""
    if not skipped:
        return
    print(f"warning: {len(skipped):,} {'file' if len(skipped) == 1 else 'files'} skipped:", file=sys.stderr)
    for path, reason in skipped[:LISTED]:
        print(f"  {path}: {reason}", file=sys.stderr)
    if len(skipped) > LISTED:
        print(f"  and {len(skipped) - LISTED:,} more", file=sys.stderr)
