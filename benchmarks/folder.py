"""How long a folder of 10,000 pictures takes to index, and how much memory.

    python benchmarks/folder.py [--count 10000] [--copies 1] [--encoder semantic] [--out FILE]

Writes CIFAR-100's test pictures ($CIFAR_ROOT) as PNG files into a temporary folder and runs `python -m core
search-folder` on it three times: the first search, which indexes the folder; one of the folder as it was; and one after
every file was touched, so that all are read again and known by their content. Each is a process of its own, timed from
its start to its end; its memory is the most that was resident. `--copies 10` gives each picture nine hard links more:
100,000 files, of which a tenth is encoded. `--distinct` makes copies that differ in a pixel, so that all are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.figures import Figures
from core.datasets.cifar100 import CIFAR_100

A_FOLDER = 1000  # pictures


def main() -> None:
    """Write the pictures, search three times, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000, help="pictures of the test split (default: 10000)")
    parser.add_argument("--copies", type=int, default=1, help="files of each picture (default: 1)")
    parser.add_argument("--distinct", action="store_true", help="copies differ in a pixel, in place of hard links")
    parser.add_argument("--encoder", default="semantic")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    images = CIFAR_100.read_split(CIFAR_100.find_root(), "test").images[: options.count]
    figures = Figures()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "pictures"
        files = write_pictures(images, folder, options.copies, options.distinct)
        print(f"{len(files):,} PNG files of {len(images):,} pictures, {options.encoder}, load {os.getloadavg()[0]:.1f}")
        for name, before in (("first search", None), ("unchanged", None), ("every file touched", touch)):
            if before is not None:
                before(files)
            seconds, busy, peak = search(folder, files[0], Path(temporary) / "cache", options.encoder)
            figures.add(f"{name} of {len(files):,} files", seconds, "s")
            figures.add(f"{name} of {len(files):,} files: processor", busy, "s")
            figures.add(f"{name} of {len(files):,} files: most memory", peak / 2**10, "MB")
    figures.write(options.out)


def write_pictures(images: np.ndarray, folder: Path, copies: int, distinct: bool) -> list[Path]:
    """Each of uint8 (N, 32, 32, 3) as a PNG file, in folders of a thousand, with hard links or altered copies."""
    files = []
    for copy in range(copies):
        for row, image in enumerate(images):
            path = folder / f"{copy:03}-{row // A_FOLDER:03}" / f"{row:05}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            if copy and not distinct:
                path.hardlink_to(files[row])
            else:
                altered = image.copy()
                altered[0, 0, 0] = (int(image[0, 0, 0]) + copy) % 256
                Image.fromarray(altered).save(path)
            files.append(path)
    return files


def touch(files: list[Path]) -> None:
    """A new time for every file."""
    for file in files:
        os.utime(file, (1, 1))


def search(folder: Path, query: Path, cache: Path, encoder: str) -> tuple[float, float, float]:
    """Seconds, seconds of processor and peak resident KiB of one search, as a person would start it."""
    command = ["search-folder", "--dataset", str(folder), "--query", str(query), "--encoder", encoder, "--k", "1"]
    started = perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "core", *command, "--cache", str(cache)], cwd=HOME, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(child.pid, 0)
    seconds = perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"'python -m core {' '.join(command)}' ended with {child.returncode}")
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss


if __name__ == "__main__":
    main()
