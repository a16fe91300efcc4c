"""Pictures of a bundle that was made of a folder: thumbnails of its files, from folders that the user named."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.bundle.bundle import Bundle
from core.errors import BadInput
from core.pictures.file import read_picture
from core.pictures.paths import PicturePaths, read_paths
from core.pictures.thumbnail import thumbnail
from core.runtime.allowed_paths import AllowedPaths
from dashboard.shared.refusals import worded

SIDE = 128  # pixels of a thumbnail; a tile is about 100 wide
CACHED = 4096  # thumbnails of about 6 KB
_LOOKED_FOR = 20  # pictures that tell whether a folder is the right one


class FolderPictures:
    """Images by split and index, as JPEG data URIs. One object serves every session.

    `roots` are the folders that may be read. A split's pictures are looked for where the bundle says they lay when it
    was made, then in a folder of that name inside each root and in the root itself, then beside the bundle's own files.
    What cannot be shown, or is no longer the file that was encoded, gives None, never an error; `problem` says why
    there is nothing at all.
    """

    def __init__(self, bundle: Bundle, roots: Sequence[Path]) -> None:
        self.problem: str | None = None
        self.folder: Path | None = None  # where the bundle says that its pictures lie, the last split's
        self._paths: dict[str, PicturePaths] = {}
        self._places: dict[str, Path] = {}
        self._thumbnail = lru_cache(maxsize=CACHED)(_thumbnail)
        for split in bundle.splits:
            try:
                paths = read_paths(bundle, split)
            except BadInput as error:
                self.problem = worded(error)
                continue
            if paths is not None:
                self._paths[split], self.folder = paths, paths.folder
                place = next(filter(_holder_of(paths), _candidates(paths.folder, bundle.path, roots)), None)
                if place is not None:
                    self._places[split] = place

    @property
    def known(self) -> bool:
        """Whether the bundle was made of a folder of pictures."""
        return bool(self._paths)

    @property
    def available(self) -> bool:
        """Whether there is anything to show."""
        return bool(self._places)

    def path(self, split: str, index: int) -> str | None:
        """The path of a picture below its folder; None where there is none."""
        paths = self._paths.get(split)
        return paths[index] if paths is not None and 0 <= index < len(paths) else None

    def uri(self, split: str, index: int) -> str | None:
        """The picture as `data:image/jpeg;base64,...`; None where it is gone, cannot be read or may not be."""
        place, path = self._places.get(split), self.path(split, index)
        if place is None or path is None:
            return None
        file = place / path
        try:
            if file not in AllowedPaths([place]):  # a path with '..', or a link that leads out
                return None
            found = file.stat()
            if not self._paths[split].is_of(index, found.st_size):  # changed since: not what was encoded
                return None
            return self._thumbnail(file, found.st_size, found.st_mtime_ns)
        except (BadInput, OSError, ValueError):
            return None


def _candidates(folder: Path | None, bundle: Path, roots: Sequence[Path]) -> Iterator[Path]:
    """Folders that may be read and might hold the pictures, resolved."""
    named = [] if folder is None or not folder.name else [folder.name]
    if folder is not None and folder.is_absolute() and (place := AllowedPaths(roots).inside(folder)) is not None:
        yield place
    for root in (*roots, bundle.resolve()):
        yield from (root / name for name in (*named, ""))


def _holder_of(paths: PicturePaths) -> Callable[[Path], bool]:
    """A test of folders: whether some pictures spread over the list lie there, and most are those that were encoded."""
    some = np.linspace(0, len(paths) - 1, min(_LOOKED_FOR, len(paths))).astype(int).tolist()

    def holds(place: Path) -> bool:
        inside = AllowedPaths([place])
        try:
            files = [(image, place / paths[image]) for image in some]
            there = [(image, file) for image, file in files if file in inside and file.is_file()]
            same = sum(paths.is_of(image, file.stat().st_size) for image, file in there)
        except (OSError, ValueError, RuntimeError):
            return False
        return 2 * same > len(there)

    return holds


def _thumbnail(file: Path, size: int, changed: int) -> str:
    """A small picture of a file; size and time are there so that a changed file is read again."""
    buffer = io.BytesIO()
    small = thumbnail(read_picture(file, least=SIDE), SIDE)
    small.save(buffer, "JPEG", quality=88, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
