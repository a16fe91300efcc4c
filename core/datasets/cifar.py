"""CIFAR's file format, which CIFAR-100 and CIFAR-10 share: pickles of images in planes, and of names.

The reader needs no torch, so a page can show pictures without paying for its import; the download is
torchvision's. Files are unpickled only after their MD5 equals the published one.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from core.errors import BadInput
from core.runtime.shared_types import Json


@dataclass(frozen=True)
class Split:
    """Images uint8 (N, 32, 32, 3), class labels and superclass labels int64 (N,)."""

    images: np.ndarray
    labels: np.ndarray
    superclasses: np.ndarray


@dataclass(frozen=True)
class Cifar:
    """One of the data sets in this format.

    `parts` are the files of each split, `names_file` that of the class names; `md5` the checksum of each file. A set
    whose files have no superclasses gives its own: `superclasses` and `superclass_of`, one a class.
    """

    name: str
    folder: str
    archive: str
    archive_bytes: int
    parts: dict[str, tuple[str, ...]]
    names_file: str
    md5: dict[str, str]
    label_key: str
    names_key: str
    superclass_key: str = ""
    superclass_names_key: str = ""
    superclasses: tuple[str, ...] = ()
    superclass_of: tuple[int, ...] = ()
    protocol: str = "test-vs-test"  # that a bundle of it opens with

    @property
    def key(self) -> str:
        """The name as commands take it, such as 'cifar-100'."""
        return self.name.lower()

    def tree(self, hierarchy: str) -> Path:
        """The file of its `wordnet` or `superclass` tree."""
        return Path(__file__).parent / "trees" / f"{self.key.replace('-', '')}-{hierarchy}.txt"

    def find_root(self, *candidates: str | Path | None) -> Path | None:
        """The first folder that holds it: the candidates, $CIFAR_ROOT, ./data, ~/.cache/cifar."""
        places = [*candidates, os.environ.get("CIFAR_ROOT"), Path("data"), default_download_root()]
        for place in places:
            if place and self.is_in(place):
                return Path(place)
        return None

    def locate(self, root: str | Path | None) -> Path | None:
        """`root` where that holds it, else None; without one the first place that does, as `find_root` has it."""
        if root is None:
            return self.find_root()
        return Path(root) if self.is_in(root) else None

    def missing(self, root: str | Path | None) -> str:
        """What is said where `locate` finds nothing: a front end adds how a folder is named."""
        where = "$CIFAR_ROOT, ./data or ~/.cache/cifar" if root is None else f"'{root}'"
        return f"no folder '{self.folder}' in {where}: name its parent"

    def is_in(self, root: str | Path) -> bool:
        """Whether its folder with its test images lies in `root`."""
        return (Path(root) / self.folder / self.parts["test"][0]).is_file()

    def read_split(self, root: str | Path, split: str, checksums: dict[str, str] | None = None) -> Split:
        """Read `train` or `test` below `root`; raises BadInput for a missing or altered file."""
        parts = [self._unpickle(Path(root), name, checksums) for name in self.parts[split]]
        planes = np.concatenate([np.asarray(part["data"], dtype=np.uint8) for part in parts]).reshape(-1, 3, 32, 32)
        labels = np.concatenate([np.asarray(part[self.label_key], dtype=np.int64) for part in parts])
        if self.superclass_key:
            coarse = np.concatenate([np.asarray(part[self.superclass_key], dtype=np.int64) for part in parts])
        else:
            coarse = np.array(self.superclass_of, dtype=np.int64)[labels]
        return Split(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels, coarse)

    def read_names(self, root: str | Path, checksums: dict[str, str] | None = None) -> tuple[list[str], list[str]]:
        """The names of classes and superclasses, in label order."""
        meta = self._unpickle(Path(root), self.names_file, checksums)
        coarse = meta[self.superclass_names_key] if self.superclass_names_key else self.superclasses
        return list(meta[self.names_key]), list(coarse)

    def download(self, root: str | Path) -> Path:
        """Fetch it with torchvision into `root`; raises BadInput where there is no network."""
        from torchvision import datasets  # slow to import: only here

        try:
            getattr(datasets, self.name.replace("-", ""))(root=str(root), train=True, download=True)
        except (OSError, RuntimeError) as error:
            raise BadInput(
                f"could not download {self.name} into '{root}' ({error}): put the extracted folder "
                f"'{self.folder}' there yourself, or name a folder that holds it"
            ) from error
        return Path(root)

    def _unpickle(self, root: Path, name: str, checksums: dict[str, str] | None) -> Json:
        expected = (self.md5 if checksums is None else checksums)[name]
        path = root / self.folder / name
        if not path.is_file():
            raise BadInput(f"no file '{path}': expected {self.name}'s extracted folder '{self.folder}' inside '{root}'")
        state = path.stat()
        digest = _md5(path, state.st_size, state.st_mtime_ns)
        if digest != expected:
            raise BadInput(
                f"'{path}' has MD5 {digest}, expected {expected}: it is incomplete or altered, fetch it again"
            )
        with path.open("rb") as file:
            return pickle.load(file, encoding="latin1")  # MD5 checked above


def default_download_root() -> Path:
    """Where a download goes when the user names no folder."""
    return Path.home() / ".cache" / "cifar"


@cache
def _md5(path: Path, size: int, modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
