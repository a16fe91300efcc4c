"""Where the pictures of a folder's bundle lie: their paths, as `embed --dataset` keeps them, and the folder's."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.bundle.bundle import Bundle
from core.bundle.files import check_sum
from core.errors import BadInput

if TYPE_CHECKING:
    from core.pictures.folder import PictureFile

NAME = "paths.txt.gz"
_LONGEST = 4096  # bytes of a path on Linux: a file that unpacks to more than so many a picture is none of ours


@dataclass(frozen=True)
class PicturePaths:
    """Paths by image: `paths[i]` lies below `folder`, which is None where the bundle does not name it.

    `sizes` int64 (N,) are the files' bytes when they were encoded: another file of that name mostly has another size.
    Paths are held as one text, since a list of a million would take three times as much.
    """

    folder: Path | None
    sizes: np.ndarray | None
    _text: bytes
    _starts: np.ndarray  # int64 (N + 1,) of each line, in the order of the folder
    _rows: np.ndarray | None  # int64 (N,): the line of each image; None where they are in that order

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, image: int) -> str:
        line = image if self._rows is None else int(self._rows[image])
        return self._text[self._starts[line] : self._starts[line + 1] - 1].decode("utf-8", "replace")

    def is_of(self, image: int, size: int) -> bool:
        """Whether a file of so many bytes may be the one that was encoded."""
        return self.sizes is None or int(self.sizes[image]) == size


def pack_paths(files: Sequence[PictureFile]) -> bytes:
    """The content of the file that a bundle keeps of its pictures' paths: a line each, packed.

    A name with line breaks gets spaces in their place: such a picture is not found again.
    """
    lines = "".join(" ".join(file.path.splitlines()) + "\n" for file in files)
    return gzip.compress(lines.encode("utf-8", "replace"), mtime=0)


def read_paths(bundle: Bundle, split: str) -> PicturePaths | None:
    """The paths of a split's pictures; None where the bundle was not made of a folder. BadInput for a damaged file."""
    described = bundle.manifest["splits"][split]
    entry = described.get("paths")
    if entry is None:
        return None
    check_sum(bundle.path, entry)
    count = bundle.count(split)
    text = _unpacked(bundle.path / entry["file"], count)
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    if len(ends) != count or text[-1:] != b"\n":
        raise BadInput(f"'{bundle.path / entry['file']}' has {len(ends):,} paths for {count:,} pictures: embed again")
    folder = described.get("folder")
    starts = np.concatenate([[0], ends + 1])
    sizes = None if described.get("sizes") is None else bundle.array(described["sizes"])
    rows = bundle.original_rows(split)
    if rows is not None and not (rows.min() >= 0 and rows.max() < count):
        wrong = int(rows[(rows < 0) | (rows >= count)][0])
        raise BadInput(f"'{bundle.path}' names row {wrong} of the pictures of '{split}', of {count:,}: embed again")
    return PicturePaths(None if folder is None else Path(folder), sizes, text, starts, rows)


def _unpacked(path: Path, count: int) -> bytes:
    most = count * (_LONGEST + 1)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(path.read_bytes())) as file:
            text = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"cannot read the paths of the pictures in '{path}' ({error}): embed again") from error
    if len(text) > most:
        raise BadInput(f"'{path}' unpacks to more than {most:,} bytes: it holds no paths of {count:,} pictures")
    return text
