"""What the loss of semantic centres is worth: CSQ's, as in the paper, and this project's, on the same centres.

    python benchmarks/held_out.py --out runs/held-out
    python benchmarks/centres.py --bundle runs/held-out [--bits 48] [--k 125] [--out FILE]

Beside them GreedyHash, which knows of no tree. The bundle is one of training images alone: its gallery is half as
large as that of the test images, so k = 125 asks of it what 250 asks of those. Hamming ranking; heads are fitted anew,
and the bundle keeps them: of semantic centres this project's.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.figures import Figures
from core.building.add_hashes import make_hashes
from core.bundle.bundle import load_bundle
from core.engine.engine import Engine
from core.hashing import csq
from core.hashing.registry import HASHES
from core.hashing.semantic_centres import SemanticCentres
from core.hashing.training_plan import Objective, Task, Training
from core.settings import Setting

if TYPE_CHECKING:
    from torch import Tensor

NAME = SemanticCentres.name


class PaperCentres(SemanticCentres):
    """The same centres, hit bit by bit: the loss and the settings of the paper."""

    training = Training()
    quantisation = 1e-4  # lambda

    def objective(self, task: Task) -> Objective:
        import torch

        centres = torch.from_numpy(self.centres(task)[0].astype(np.float32))

        def loss(values: Tensor, labels: Tensor, share: float) -> Tensor:
            return csq.central_loss(values, centres[labels], self.quantisation)

        return Objective(loss)


def main() -> None:
    """Fit and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--bits", type=int, default=48)
    parser.add_argument("--k", type=int, default=125)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    figures, ours = Figures(), HASHES[NAME]
    for label, name, info in (
        ("greedyhash", "greedyhash", HASHES["greedyhash"]),
        (f"{NAME}, CSQ's loss", NAME, replace(ours, fit=PaperCentres)),
        (NAME, NAME, ours),
    ):
        HASHES[name] = info
        for metric, value in measure(options.bundle, name, options.bits, options.k).items():
            figures.add(f"{label}: {metric}", value, "")
    figures.write(options.out)


def measure(folder: Path, name: str, bits: int, k: int) -> dict[str, float]:
    """Means of Hamming ranking by a hash fitted now."""
    encoder = load_bundle(folder).defaults["encoder"]
    make_hashes(folder, encoder, [name], [bits])
    bundle = load_bundle(folder)
    setting = Setting(encoder, name, bits, "1", bundle.protocols[0], bundle.defaults["hierarchy"])
    engine = Engine(bundle)
    whole = engine.at(setting).task.size
    result = engine.result("hamming", setting, [k, whole])
    return {f"ahp@{k}": result.mean("ahp", k), "ap_trec": result.mean("ap_trec", whole)}


if __name__ == "__main__":
    main()
