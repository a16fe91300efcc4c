"""Find the near-duplicates of a bundle's pictures and keep them in the bundle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.bundle.bundle import Bundle, load_bundle
from core.bundle.writer import BundleWriter
from core.datasets.near_duplicates import SAME, find_pairs
from core.datasets.registry import get_dataset
from core.errors import BadInput
from core.protocols import get_protocol
from core.runtime.shared_types import Json

Progress = Callable[[str, float], object]


def store_near_duplicates(
    folder: str | Path, root: str | Path, threads: int | None = None, progress: Progress | None = None
) -> dict[str, int]:
    """Find the pairs that the bundle's protocols can leave out and keep them, in place of those it had.

    `root` holds the files of the bundle's data set, CIFAR-100 or CIFAR-10. Returns the number of pairs by
    `SPLIT-SPLIT`; `progress` hears the split pair and the share done. Raises BadInput where the pictures are not
    those of the bundle.
    """
    bundle = load_bundle(folder)
    rules = [get_protocol(name) for name in bundle.protocols]
    wanted = list(dict.fromkeys((r.query_split, r.gallery_split) for r in rules))
    images = {split: _pictures(bundle, root, split) for split in dict.fromkeys(sum(wanted, ()))}
    counts: dict[str, int] = {}
    with BundleWriter(folder) as writer:
        made = f"python -m core duplicates: from pixels alone, pairs of a score of {SAME} or more"
        entry: Json = {"made": made, "scores": {}}
        for first, second in wanted:
            key = f"{first}-{second}"
            others = None if first == second else images[second]
            hear = None if progress is None else (lambda share, key=key: progress(key, share))
            pairs, scores = find_pairs(images[first], others, threads=threads, progress=hear)
            counts[key] = len(pairs)
            if len(pairs):
                entry[key] = writer.add_array(pairs)
                entry["scores"][key] = writer.add_array(scores)
        writer.commit({**load_bundle(folder).manifest, "near_duplicates": entry})
    return counts


def _pictures(bundle: Bundle, root: str | Path, split: str) -> np.ndarray:
    if split not in ("test", "train"):
        raise BadInput(f"bundle '{bundle.name}' has the split '{split}', CIFAR 'test' and 'train': no pictures")
    read = get_dataset(bundle.dataset).read_split(root, split)
    if len(read.labels) != bundle.count(split) or (read.labels != bundle.labels(split)).any():
        raise BadInput(f"'{root}' holds other data: its labels of '{split}' are not those of bundle '{bundle.name}'")
    return read.images
