"""`source-table`: the table that the source system published, beside ours in its own definitions."""

from __future__ import annotations

import argparse

from tqdm import tqdm

from core.cli import engine_option, options
from core.cli.parser import Commands
from core.reports.tables import write_csv
from core.runtime import pinning
from core.studies.original_system.table import SEARCHES, fitting_ks, source_settings, source_table
from core.studies.original_system.text import as_markdown, as_text
from core.timing.search_times import RUNS, search_times

DESCRIPTION = """The figures that the source system published for CIFAR-100, and beside them ours in its own protocol
and definitions: each test image queries all of them, itself included; average precision divided by k; a plain mean of
hierarchical precision; 48 bits; a shortlist of 2k. Then the same without the query in the gallery and divided by
min(R, k), which shows what the protocol alone was worth."""
EXAMPLE = "Example: python -m core source-table --encoder semantic --markdown"


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "source-table", help="the source system's table, beside ours", description=DESCRIPTION, epilog=EXAMPLE
    )
    options.add_bundle(parser)
    parser.add_argument("--encoder", metavar="NAME", help="one encoder of the bundle (default: all)")
    parser.add_argument(
        "--hash", metavar="NAME", help="default: the encoder's own layer, or random hyperplanes where it has none"
    )
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--no-times", action="store_true", help="leave retrieval times out: nothing is timed")
    options.add_threads(parser)
    engine_option.add_engine(parser)
    options.add_out(parser, "CSV file of the table to write")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Compute and time, print and write."""
    options.check_files(args.out)
    engine = options.open_engine(args)
    settings = source_settings(engine.bundle, [args.encoder] if args.encoder else None, args.hash)
    times = {}
    for setting in tqdm([] if args.no_times else settings, desc="timing", unit="encoder", disable=None):
        times[setting.encoder] = search_times(engine, setting, fitting_ks(engine, setting)[-1], SEARCHES)
    table = source_table(engine, settings, times)
    print((as_markdown if args.markdown else as_text)(table))
    if times:
        depth = fitting_ks(engine, settings[0])[-1]
        print(
            f"\nOur retrieval times: median of {RUNS} queries, one at a time on one thread, k = {depth}, from the "
            "query's embedding on (from its code on where that is of the network's own layer); exact search is the "
            f"fastest of BLAS, faiss and this project's scan. {pinning.machine()}."
        )
    if args.out:
        write_csv(table, args.out)
        print(f"wrote {args.out}")
    options.Notes(engine_option.remarks(engine.backend, times=bool(times))).print()
