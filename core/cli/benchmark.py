"""`benchmark`: honest timings of a setting."""

from __future__ import annotations

import argparse

from core import conditions, timing
from core.cli import options
from core.cli.parser import whole_number
from core.cli.retrieve import readable
from core.errors import BadInput
from core.settings import ALL, check_k
from core.tables import write_csv

DESCRIPTION = """Latency of one query on one thread by stage, and throughput of a batch on all threads: exact search
(BLAS, faiss, this project's scan) beside hashed search, in turn, after a warm-up. `equal` says that the results
were checked against the reference. Latency and throughput are never compared with each other."""
EXAMPLE = "Example: python -m core benchmark --protocol test-vs-train --hash itq --bits 64 --k 100 --out times.csv"


def add(commands: argparse._SubParsersAction) -> None:
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
        metavar="N",
        type=whole_number("batch", 1),
        default=1000,
        help="queries a batch of the throughput (default: 1000)",
    )
    options.add_out(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Time, print and write."""
    options.check_files(args.out)
    if args.k == ALL:
        raise BadInput("k 'all' cannot be timed: give one number")
    engine = options.open_engine(args)
    setting = options.setting_of(args, engine.bundle)
    space, codes = engine.space(setting), engine.codes(setting)
    check_k(args.k, space.size)
    print(conditions.machine())
    timings = timing.time_latency(engine, setting, args.k, args.runs)
    timings += timing.time_throughput(engine, setting, args.k, args.batch, args.threads)
    table = timing.to_table(timings).astype({"bits": "Int64"})
    print(
        f"encoder {setting.encoder}, hash {setting.hash} of {setting.bits} bits, multiplier {setting.multiplier}, "
        f"{setting.protocol}{options.gallery_note(engine, setting)}, "
        f"shortlist {setting.shortlist(args.k, space.size)}\n"
    )
    print(readable(table.astype({"bits": object}).fillna({"bits": ""})))
    floats, packed = space.gallery.nbytes, codes.gallery.packed.nbytes
    print(
        f"\nmemory: embeddings {floats / 1e6:.2f} MB, codes {packed / 1e6:.2f} MB "
        f"({floats / packed:.0f} times less); hashed search keeps both"
    )
    if args.out:
        write_csv(table, args.out)
        print(f"wrote {args.out}")
