"""A bundle of the training images alone, on which hashes are compared and their settings chosen.

    python benchmarks/held_out.py [--bundle DIR] [--encoder NAME] --out runs/held-out
    python -m core hash --bundle runs/held-out --hash greedyhash,expected-match --bits 48
    python -m core sweep --bundle runs/held-out --hash greedyhash,expected-match --bits 48 --k 250,all \
        --protocol test-vs-test,test-vs-train --searches exact,hamming --metrics ap_trec_expected,ap_trec,ahp

Its 'train' are the 45,000 training images that encoders are trained on, its 'test' the 5,000 that are held out, so that
commands say of those what they say of the test images elsewhere, and no test image takes part in a choice. Codes of an
encoder's own layer are taken over; all others are made anew. With `--share 0.5` half of the held-out images are among
those that hashes are fitted on and the other half are asked: the fit on all 50,000 has images that the encoder does not
know as well, which hashes that learn from unsure images gain by.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.bundle.bundle import Bundle, load_bundle
from core.bundle.writer import BundleWriter
from core.codes.codes import is_own_layer
from core.datasets.held_out import held_out
from core.hashing.registry import get_hash

TRAIN, TEST = "train", "test"


def main() -> None:
    """Write the bundle."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle")
    parser.add_argument("--encoder")
    parser.add_argument("--share", type=float, default=0.0, help="of the held-out images that hashes are fitted on")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    write_held_out(bundle, options.encoder or bundle.defaults["encoder"], options.out, options.share)
    print(f"wrote {options.out}")


def write_held_out(bundle: Bundle, encoder: str, out: str | Path, share: float = 0.0) -> None:
    """Write the bundle `out` of one encoder's embeddings of the training images of `bundle`."""
    labels = bundle.labels(TRAIN)
    chosen = held_out(labels)
    given = np.random.default_rng(0).permutation(len(chosen))[: round(share * len(chosen))]
    chosen = np.delete(chosen, given)
    rows = {TEST: chosen, TRAIN: np.setdiff1d(np.arange(len(labels)), chosen)}
    manifest, info = bundle.manifest, bundle.encoder_info(encoder)
    vectors, predicted = bundle.array(info["embeddings"][TRAIN]), bundle.predicted(encoder, TRAIN)
    made = f"benchmarks/held_out.py: training images of {bundle.dataset}, encoder {encoder}"
    with BundleWriter(out) as writer:

        def parts(array: np.ndarray) -> dict[str, dict]:
            return {split: writer.add_array(array[places]) for split, places in rows.items()}

        own = [
            {**entry, "codes": parts(bundle.array(entry["codes"][TRAIN])), "projections": {}}
            for entry in manifest["hashes"]
            if entry["encoder"] == encoder and is_own_layer(get_hash(entry["hash"]), entry)
        ]
        writer.commit(
            {
                **{key: manifest[key] for key in ("format", "dataset", "classes", "superclasses", "superclass_of")},
                "splits": {
                    split: {"count": len(labels[places]), "labels": writer.add_array(labels[places])}
                    for split, places in rows.items()
                },
                "hierarchies": {
                    name: writer.add_file(f"{name}.txt", (bundle.path / entry["file"]).read_bytes())
                    for name, entry in manifest["hierarchies"].items()
                },
                "encoders": {
                    encoder: {
                        "made": made,
                        "dimensions": info["dimensions"],
                        "accuracy": None,
                        "embeddings": parts(vectors),
                        "predicted": {} if predicted is None else parts(predicted),
                        "weights": None,
                    }
                },
                "hashes": own,
                "protocols": ["test-vs-test", "test-vs-train"],
                "defaults": {**bundle.defaults, "encoder": encoder, "protocol": "test-vs-test"},
                "made": {"by": made},
            }
        )


if __name__ == "__main__":
    main()
