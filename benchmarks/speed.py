"""Every figure of the README's section on time, with one command.

    python benchmarks/speed.py [--only evaluation,opponents] [--dir DIR] [--scale 100000,1000000,10000000]

Runs the benchmarks in turn, each a process of its own, and writes a CSV of each into benchmarks/results/. Let nothing
else run meanwhile. `--dir` is where the large galleries are made (5 GB; `--scale 100000,1000000` needs 500 MB and ten
minutes less). `dashboard` and `cold_start` need a Chromium on the PATH, `folder` CIFAR-100's pictures
($CIFAR_ROOT).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"


def commands(galleries: str, sizes: str) -> dict[str, list[str]]:
    """What is run for each name, without its --out."""
    benchmark = ["-m", "core", "benchmark", "--k", "100"]
    return {
        "evaluation": ["benchmarks/evaluation.py"],
        "opponents": ["benchmarks/opponents.py"],
        "one-10000": benchmark,
        "one-50000": [*benchmark, "--protocol", "test-vs-train"],
        "cold_start": ["benchmarks/cold_start.py"],
        "encode": ["benchmarks/encode.py"],
        "dashboard": ["benchmarks/dashboard.py"],
        "folder": ["benchmarks/folder.py"],
        "scale": ["-m", "core", "scale", "--sizes", sizes, "--dir", galleries],
    }


def main() -> None:
    """Run them all, or some."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", help="comma-separated names (default: all)")
    parser.add_argument("--dir", default="runs/scale", help="default: runs/scale")
    parser.add_argument("--scale", default="100000,1000000,10000000", help="sizes of the large galleries")
    options = parser.parse_args()
    known = commands(options.dir, options.scale)
    names = options.only.split(",") if options.only else list(known)
    if unknown := set(names) - set(known):
        parser.error(f"no benchmark '{sorted(unknown)[0]}': expected some of {', '.join(known)}")
    RESULTS.mkdir(exist_ok=True)
    for name in names:
        print(f"\n== {name}: python {' '.join(known[name])}", flush=True)
        out = HERE / "scale.csv" if name == "scale" else RESULTS / f"{name}.csv"
        subprocess.run([sys.executable, *known[name], "--out", str(out)], cwd=HERE.parent, check=True)


if __name__ == "__main__":
    main()
