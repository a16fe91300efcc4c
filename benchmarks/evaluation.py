"""How long an evaluation takes: every metric at every k to 250, exact, hashed and Hamming, all queries.

    python benchmarks/evaluation.py [--bundle DIR] [--runs 5] [--threads T] [--out FILE]

Prints medians; `benchmarks/opponents.py` sets them against the evaluators that the field uses.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.figures import Figures
from core.bundle import load_bundle
from core.engine import Engine
from core.settings import Setting, curve_ks


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    figures = Figures()
    for protocol in bundle.protocols[:2]:
        setting = Setting("semantic", "itq", 48, "2", protocol, bundle.defaults["hierarchy"])
        for name, seconds in measure(bundle, setting, options.runs, options.threads).items():
            figures.add(f"{protocol}: {name}", 1000 * seconds, "ms")
    figures.write(options.out)


def measure(bundle: object, setting: Setting, runs: int, threads: int | None) -> dict[str, float]:
    """Median seconds of each kind of move, after one warm-up."""
    taken: dict[str, list[float]] = {}
    for run in range(runs + 1):
        engine = Engine(bundle, threads)
        ks = curve_ks(100, engine.space(setting).size)
        engine.codes(setting)
        moves = {
            "everything, nothing cached": (setting, ("exact", "hashed", "hamming")),
            "another multiplier": (_but(setting, multiplier="3"), ("exact", "hashed", "hamming")),
            "another hash length": (_but(setting, bits=64), ("exact", "hashed", "hamming")),
            "another k (the same curves)": (_but(setting, bits=64), ("exact", "hashed", "hamming")),
        }
        for name, (moved, searches) in moves.items():
            started = perf_counter()
            engine.evaluate(moved, ks, searches, np.float32)
            if run:
                taken.setdefault(name, []).append(perf_counter() - started)
    return {name: median(times) for name, times in taken.items()}


def _but(setting: Setting, **changes: object) -> Setting:
    return Setting(**{**vars(setting), **changes})


if __name__ == "__main__":
    main()
