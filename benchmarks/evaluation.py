"""How long an evaluation takes after a move of each control: all queries, exact, hashed and Hamming search.

    python benchmarks/evaluation.py [--bundle DIR] [--runs 5] [--threads T] [--out FILE]

An evaluation is the values of every query at k = 100 and, of every metric, means and bands at every k to 250; metrics
that average over ties are timed by themselves. Only the ranking by exact search is there before a move, and what
earlier moves have left, as on a page. Prints medians; `benchmarks/opponents.py` sets them against the evaluators that
the field uses.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.figures import Figures
from core.bundle.bundle import Bundle, load_bundle
from core.engine.engine import Engine
from core.reports.tables import DEFAULT_SEARCHES
from core.settings import Setting, curve_ks

K = 100


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


def measure(bundle: Bundle, setting: Setting, runs: int, threads: int | None) -> dict[str, float]:
    """Median seconds of each move, after one warm-up; a run's moves follow each other, in an engine of its own."""
    taken: dict[str, list[float]] = {}
    moves = {
        "everything, nothing cached": setting,
        "another hierarchy": _but(setting, hierarchy=bundle.hierarchies[-1]),
        "another multiplier": _but(setting, multiplier="3"),
        "the largest multiplier of a curve": _but(setting, multiplier="5"),
        "another hash length": _but(setting, bits=64),
        "another hash": _but(setting, hash="random-hyperplane"),
    }
    for run in range(runs + 1):
        engine = Engine(bundle, threads)
        ks = curve_ks(K, engine.at(setting).task.size)
        engine.at(setting).open()
        jobs = {name: partial(evaluate, engine, moved, ks) for name, moved in moves.items()}
        jobs["another k (the same curves)"] = partial(evaluate, engine, setting, ks, K + 1)
        jobs["metrics that average over ties"] = partial(engine.at(setting).expected_curves, ks)
        for name, job in jobs.items():
            started = perf_counter()
            job()
            if run:
                taken.setdefault(name, []).append(perf_counter() - started)
    return {name: median(times) for name, times in taken.items()}


def evaluate(engine: Engine, setting: Setting, ks: list[int], k: int = K) -> None:
    """What a page that shows it all asks for."""
    for search in DEFAULT_SEARCHES:
        engine.curves(search, setting, ks, keep=k)
        engine.result(search, setting, [k])


def _but(setting: Setting, **changes: object) -> Setting:
    return Setting(**{**vars(setting), **changes})


if __name__ == "__main__":
    main()
