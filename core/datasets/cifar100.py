"""CIFAR-100: its files, its class names and the split held out for choices.

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

FOLDER = "cifar-100-python"
# The published checksums (https://www.cs.toronto.edu/~kriz/cifar.html, as torchvision has them).
MD5 = {
    "train": "16019d7e3df5f24257cddd939b257f8d",
    "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
    "meta": "7973b15100ade9c7d40fb424638fde48",
}
HELD_OUT_PER_CLASS = 50


@dataclass(frozen=True)
class Split:
    """Images uint8 (N, 32, 32, 3), fine and coarse labels int64 (N,)."""

    images: np.ndarray
    labels: np.ndarray
    superclasses: np.ndarray


def find_root(*candidates: str | Path | None) -> Path | None:
    """The first folder that holds `cifar-100-python/`: the candidates, $CIFAR_ROOT, ./data, ~/.cache/cifar."""
    places = [*candidates, os.environ.get("CIFAR_ROOT"), Path("data"), default_download_root()]
    for place in places:
        if place and (Path(place) / FOLDER / "test").is_file():
            return Path(place)
    return None


def default_download_root() -> Path:
    """Where a download goes when the user names no folder."""
    return Path.home() / ".cache" / "cifar"


def read_split(root: str | Path, split: str, checksums: dict[str, str] = MD5) -> Split:
    """Read `train` or `test` below `root`; raises BadInput for a missing or altered file."""
    data = _unpickle(Path(root), split, checksums)
    planes = np.asarray(data["data"], dtype=np.uint8).reshape(-1, 3, 32, 32)
    return Split(
        images=np.ascontiguousarray(planes.transpose(0, 2, 3, 1)),
        labels=np.asarray(data["fine_labels"], dtype=np.int64),
        superclasses=np.asarray(data["coarse_labels"], dtype=np.int64),
    )


def read_names(root: str | Path, checksums: dict[str, str] = MD5) -> tuple[list[str], list[str]]:
    """The 100 class names and the 20 superclass names, in label order."""
    meta = _unpickle(Path(root), "meta", checksums)
    return list(meta["fine_label_names"]), list(meta["coarse_label_names"])


def download(root: str | Path) -> Path:
    """Fetch CIFAR-100 with torchvision into `root` (170 MB); raises BadInput where there is no network."""
    from torchvision.datasets import CIFAR100  # slow to import: only here

    try:
        CIFAR100(root=str(root), train=True, download=True)
    except (OSError, RuntimeError) as error:
        raise BadInput(
            f"could not download CIFAR-100 into '{root}' ({error}): put the extracted folder "
            f"'{FOLDER}' there yourself, or name a folder that holds it"
        ) from error
    return Path(root)


def held_out(labels: np.ndarray, per_class: int = HELD_OUT_PER_CLASS, seed: int = 0) -> np.ndarray:
    """Sorted indices of the training images kept for choices: `per_class` of each class, seeded.

    On CIFAR-100 this is 5,000 images; no test image is ever used to choose anything.
    """
    generator = np.random.default_rng(seed)
    chosen = [generator.permutation(np.flatnonzero(labels == c))[:per_class] for c in np.unique(labels)]
    return np.sort(np.concatenate(chosen))


@cache
def _md5(path: Path, size: int, modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _unpickle(root: Path, name: str, checksums: dict[str, str]) -> dict:
    path = root / FOLDER / name
    if not path.is_file():
        raise BadInput(f"no file '{path}': expected CIFAR-100's extracted folder '{FOLDER}' inside '{root}'")
    state = path.stat()
    digest = _md5(path, state.st_size, state.st_mtime_ns)
    if digest != checksums[name]:
        raise BadInput(
            f"'{path}' has MD5 {digest}, expected {checksums[name]}: it is incomplete or altered, fetch it again"
        )
    with path.open("rb") as file:
        return pickle.load(file, encoding="latin1")  # MD5 checked above
