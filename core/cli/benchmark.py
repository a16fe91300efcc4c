"""`benchmark`: honest timings of a setting beside its opponents, and times at equal quality."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from core.cli import options
from core.cli.parser import Commands, checked, whole_number, words
from core.cli.progress import percent_bar
from core.cli.retrieve import readable
from core.codes.distances import distance_of
from core.engine.default_setting import choose_setting
from core.engine.engine import Engine
from core.errors import BadInput
from core.hashing.registry import get_hash
from core.reports.tables import write_csv
from core.runtime import pinning
from core.settings import ALL, Setting, check_k
from core.timing import benchmark, equal_quality, timing
from core.timing.opponents.registry import SIDES

DESCRIPTION = """Times of one query and of batches, on one thread and on all: exact, hashed and Hamming search of this
project beside NumPy's BLAS, PyTorch, faiss (flat, and binary in its fastest mode), the source system's path and a full
argsort, in turn, after a warm-up. `equal` says that the results were checked, `equal_by` how where tie orders differ.
`limit_ms` is what this machine's own rates allow at best. Times of different batches or threads are never compared
with each other. Then the time at equal quality: for each share of exact search's quality the cheapest setting that
reaches it, beside the same opponents."""
EXAMPLE = "Example: python -m core benchmark --protocol test-vs-train --hash itq --bits 64 --k 100 --out times.csv"
SHOWN = ("side", "bits", "median_ms", "p95_ms", "p99_ms", "runs", "limit_ms", "bytes_per_image", "equal", "equal_by",
         "mode")  # fmt: skip
NONE = "none"


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "benchmark", help="timings of a setting: latency by stage, throughput, memory", description=DESCRIPTION,
        epilog=EXAMPLE,
    )  # fmt: skip
    options.add_bundle(parser)
    options.add_setting(parser)
    options.add_queries(parser)
    options.add_single_k(parser, 100)
    parser.add_argument(
        "--runs",
        metavar="N",
        type=whole_number("runs", 1, 100_000),
        default=timing.LATENCY_RUNS,
        help=f"timed queries of the latency (default: {timing.LATENCY_RUNS})",
    )
    parser.add_argument(
        "--batch",
        metavar="LIST",
        type=checked(_batches),
        default=list(benchmark.BATCHES),
        help="queries a batch, beside one at a time: comma-separated numbers, or all (default: 32,all)",
    )
    parser.add_argument(
        "--searches", metavar="LIST", type=options.search_list, default=list(benchmark.SEARCHES),
        help=f"what is timed (default: {','.join(benchmark.SEARCHES)})",
    )  # fmt: skip
    parser.add_argument(
        "--light", action="store_true", help="without PyTorch, faiss's binary index, the source's path and the argsort"
    )
    parser.add_argument(
        "--quality", metavar="LIST", type=checked(_shares), default=list(equal_quality.SHARES),
        help="shares of exact search's quality, in %%, or none (default: 95,99)",
    )  # fmt: skip
    parser.add_argument(
        "--metric", metavar="NAME", choices=equal_quality.METRICS, default=equal_quality.METRICS[0],
        help=f"what quality means there: {', '.join(equal_quality.METRICS)} (default: ap)",
    )  # fmt: skip
    parser.add_argument(
        "--quality-hashes", metavar="LIST", type=words("hash", get_hash), default=[],
        help="hashes compared at equal quality (default: the setting's own)",
    )  # fmt: skip
    options.add_out(parser, "CSV file to write; the times at equal quality go to FILE.quality.csv")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Time, print and write."""
    second = args.out.with_name(f"{args.out.name}.quality.csv") if args.out and args.quality else None
    options.check_files(args.out, second)
    if args.k == ALL:
        raise BadInput("k 'all' cannot be timed: give one number")
    engine = options.open_engine(args)
    setting = options.setting_of(args, engine.bundle)
    check_k(args.k, engine.at(setting).task.size)
    for name in args.quality_hashes:
        choose_setting(engine.bundle, setting.encoder, name)  # refuses a hash without codes before anything is timed
    print(pinning.machine())
    with percent_bar("timing") as hear, pinning.alone():
        found = benchmark.run_benchmark(
            engine, setting, args.k, args.runs, args.batch, args.threads, args.searches, not args.light, hear
        )
    _print_times(engine, setting, args.k, found)
    if args.out:
        write_csv(found.table, args.out)
        print(f"wrote {args.out}")
    if args.quality:
        _quality(engine, setting, args, second)


def _print_times(engine: Engine, setting: Setting, k: int, found: benchmark.Benchmark) -> None:
    at = engine.at(setting)
    task, codes = at.task, at.codes
    print(
        f"encoder {setting.encoder}, hash {setting.hash} of {setting.bits} bits, multiplier {setting.multiplier}, "
        f"{setting.protocol}{options.gallery_note(engine, setting)}, k {k}, "
        f"shortlist {setting.shortlist(k, task.size)}, {len(task.gallery)} images of {task.gallery.shape[1]} "
        "dimensions"
    )
    for limits in found.limits.values():
        print(limits.text())
    table = found.table.astype({"bits": object}).fillna({"bits": ""})
    whole = table[~table["work"].str.contains(":")]
    groups: Any = whole.groupby(["batch", "threads"], sort=False)  # whose stubs know no type of a key
    for (batch, threads), rows in groups:
        what = "one query at a time" if batch == 1 else f"batches of {batch} queries"
        print(f"\n{what}, {threads} thread{'s' * (threads > 1)} (ms)")
        print(readable(rows[list(SHOWN)]))
    stages = table[table["work"].str.contains(":") & (table["threads"] == 1)]
    print("\nstages on 1 thread (ms)")
    print(readable(stages[["work", "side", "batch", "median_ms", "p95_ms", "p99_ms"]]))
    print("\n" + "\n".join(f"{name}: {SIDES[name]}" for name in whole["side"].unique()))
    floats, packed = task.gallery.nbytes, codes.gallery.packed.nbytes
    print(
        f"\nmemory: embeddings {floats / 1e6:.2f} MB, codes {packed / 1e6:.2f} MB "
        f"({floats / packed:.0f} times less); hashed search keeps both"
    )


def _quality(engine: Engine, setting: Setting, args: argparse.Namespace, out: Path | None) -> None:
    with percent_bar("equal quality") as hear, pinning.alone():
        table = equal_quality.at_equal_quality(
            engine, setting, args.k, args.metric, args.quality, args.quality_hashes, not args.light,
            min(args.runs, equal_quality.RUNS), hear,
        )  # fmt: skip
    print(f"\ntime at equal quality: one query, 1 thread; share in % of exact search's {args.metric}@{args.k}")
    print(readable(_blank(table.drop(columns=["metric", "k"]))))
    if not distance_of(setting.hash).by_hamming:
        print(f"{setting.hash} is not compared by Hamming distance: no binary index stands beside it")
    if out:
        write_csv(table, out)
        print(f"wrote {out}")


def _blank(table: pd.DataFrame) -> pd.DataFrame:
    names = ["bits", "shortlist", "multiplier"]
    return table.astype(dict.fromkeys(names, object)).fillna(dict.fromkeys(names, ""))


def _batches(text: str) -> list[int | str]:
    number = whole_number("batch", 1, other=", or 'all'")
    return [ALL if part == ALL else number(part) for part in words("batch")(text)]


def _shares(text: str) -> list[float]:
    if text == NONE:
        return []
    try:
        shares = sorted({float(part) for part in words("quality")(text)})
    except ValueError:
        raise BadInput(f"quality '{text}' is no list of numbers: give shares in %, such as 95,99, or 'none'") from None
    equal_quality.check_shares(shares)
    return shares
