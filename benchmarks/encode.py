"""How long each encoder of a bundle takes to encode a picture of 32 x 32 pixels, alone and in batches.

    python benchmarks/encode.py [--bundle DIR] [--out FILE] [--keep]

Writes a CSV, a row an encoder that has weights in the bundle; `--keep` puts the times into the bundle, which the
Encoders page and the export show. The pictures are noise: no time depends on what they show. Let nothing else run.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.building.encode_time import time_encoding, time_words
from core.bundle.bundle import Bundle, load_bundle
from core.bundle.writer import BundleWriter
from core.encoders.opened import open_weights
from core.encoders.visual_words.bag import BagOfWords
from core.runtime.atomic_file import whole_file

PICTURES = 256


def measure(bundle: Bundle) -> dict[str, dict[str, object]]:
    """The times of each encoder that has weights in the bundle, as its manifest keeps them.

    Encoders of one network, as a classifier's features and its soft-max, have the times of one measurement.
    """
    images = np.random.default_rng(0).integers(0, 256, (PICTURES, 32, 32, 3), dtype=np.uint8)
    paths = {name: bundle.weights_path(name) for name in bundle.manifest["encoders"]}
    measured = {path: _times(path, images) for path in dict.fromkeys(paths.values()) if path is not None}
    return {name: measured[path] for name, path in paths.items() if path is not None}


def _times(weights: Path, images: np.ndarray) -> dict[str, object]:
    encoder = open_weights(weights)
    return (time_words if isinstance(encoder, BagOfWords) else time_encoding)(encoder, images)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default="precomputed")
    parser.add_argument("--out", help="CSV to write")
    parser.add_argument("--keep", action="store_true", help="put the times into the bundle")
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    times = measure(bundle)
    frame = pd.DataFrame([{"encoder": name, **values} for name, values in times.items()])
    print(frame.to_string(index=False))
    if options.out:
        with whole_file(Path(options.out)) as file:
            file.write(frame.to_csv(index=False).encode())
    if options.keep:
        manifest = dict(bundle.manifest)
        manifest["encoders"] = {name: {**info, **times.get(name, {})} for name, info in manifest["encoders"].items()}
        with BundleWriter(options.bundle) as writer:
            writer.commit(manifest)


if __name__ == "__main__":
    main()
