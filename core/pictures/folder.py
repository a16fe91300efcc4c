"""The pictures in a folder and all below it, in one order whatever the file system's is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.errors import BadInput
from core.pictures.file import SUFFIXES
from core.runtime.allowed_paths import AllowedPaths


class PictureFile(NamedTuple):
    """A picture's path below its folder, with '/', its bytes and the time it was last changed, in nanoseconds."""

    path: str
    size: int
    changed: int


class Skipped(NamedTuple):
    """What was left out, and why in a few words."""

    path: str
    reason: str


class PictureFolder(NamedTuple):
    """The folder, its pictures sorted by path, and what was left out on the way."""

    root: Path
    files: Sequence[PictureFile]
    skipped: tuple[Skipped, ...]

    def full_path(self, path: str) -> Path:
        """Where a picture lies."""
        return self.root / path


def find_pictures(folder: str | Path) -> PictureFolder:
    """The files below `folder` whose names end as pictures' do; they are not opened.

    Hidden files and folders are passed by. Links to files within the folder count; links out of it, and links to
    folders, are skipped and listed, as is what may not be read. BadInput where there is no folder or no picture.
    """
    root = Path(folder)
    try:
        known, root = root.is_dir(), root.resolve()
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot read the folder '{folder}': {error}") from error
    if not known:
        raise BadInput(f"'{folder}' is no folder: expected a folder of pictures")
    files: list[PictureFile] = []
    skipped: list[Skipped] = []
    pending = [""]
    while pending:
        _read_folder(root, pending.pop(), files, skipped, pending)
    if not files:
        kinds = "names that end in .jpg, .png, .gif, .bmp, .tif, .webp or the like"
        also = f" ({len(skipped)} skipped, the first: {skipped[0].path}, {skipped[0].reason})" if skipped else ""
        raise BadInput(f"no picture in '{folder}' or below{also}: expected files with {kinds}")
    return PictureFolder(root, tuple(sorted(files)), tuple(sorted(skipped)))


def folder_classes(folder: PictureFolder) -> list[str]:
    """The class of each picture, the first folder on its way; BadInput where a picture lies in none."""
    for file in folder.files:
        if "/" not in file.path:
            raise BadInput(
                f"'{file.path}' lies in '{folder.root}' itself: expected every picture in a sub-folder named "
                "by its class"
            )
    return [file.path.split("/", 1)[0] for file in folder.files]


def number_classes(*classes: list[str]) -> tuple[list[str], list[np.ndarray]]:
    """All class names in order, and of each list the numbers int64 (N,) of its names."""
    names = sorted(set().union(*classes))
    number = {name: place for place, name in enumerate(names)}
    return names, [np.array([number[name] for name in values], dtype=np.int64) for values in classes]


def _read_folder(root: Path, inside: str, files: list[PictureFile], skipped: list[Skipped], pending: list[str]) -> None:
    """Sort the entries of one folder into files, what is skipped, and folders to read."""
    try:
        with os.scandir(root / inside) as entries:
            for entry in entries:
                if not entry.name.startswith("."):
                    _sort_in(root, f"{inside}/{entry.name}" if inside else entry.name, entry, files, skipped, pending)
    except OSError as error:
        skipped.append(Skipped(inside or ".", f"cannot be read: {error.strerror}"))


def _sort_in(
    root: Path,
    path: str,
    entry: os.DirEntry[str],
    files: list[PictureFile],
    skipped: list[Skipped],
    pending: list[str],
) -> None:
    if entry.is_dir(follow_symlinks=False):
        pending.append(path)
        return
    if entry.is_symlink():
        target = AllowedPaths([root]).inside(entry.path)
        if target is None:
            skipped.append(Skipped(path, "a link that leads out of the folder"))
            return
        if target.is_dir():
            skipped.append(Skipped(path, "a link to a folder"))
            return
    if os.path.splitext(entry.name)[1].lower() not in SUFFIXES:  # noqa: PTH122 - a Path for each file costs
        return
    try:
        found = entry.stat()
    except OSError as error:
        skipped.append(Skipped(path, f"cannot be read: {error.strerror}"))
        return
    if entry.is_file():
        files.append(PictureFile(path, found.st_size, found.st_mtime_ns))
    else:
        skipped.append(Skipped(path, "no file"))
