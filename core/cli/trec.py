"""`trec`: run and qrels files for trec_eval."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli import engine_option, options
from core.cli.parser import Commands
from core.cli.progress import percent_bar
from core.errors import BadInput
from core.reports.trec import write_qrels, write_run
from core.search.kinds import SEARCHES, search_kind
from core.settings import ALL

DEPTH = 1000
DESCRIPTION = """The rankings of one search as a run file and what is relevant as a qrels file. A run's score is
depth minus rank, so trec_eval's own rule for ties never acts; `trec_eval -c -m map_cut.1000` then gives ap_trec at
k = 1000."""
EXAMPLE = """Example: python -m core trec --hash itq --bits 48 --search hashed --run itq.run --qrels cifar100.qrels"""


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "trec", help="run and qrels files for trec_eval", description=DESCRIPTION, epilog=EXAMPLE
    )
    options.add_bundle(parser)
    options.add_setting(parser)
    options.add_queries(parser)
    engine_option.add_engine(parser)
    parser.add_argument(
        "--search", metavar="NAME", default="hashed", help=f"of {', '.join(SEARCHES)} (default: hashed)"
    )
    options.add_single_k(parser, DEPTH)
    # Not --run: a parsed option of that name would take the place of the function to run.
    parser.add_argument("--run", metavar="FILE", type=Path, dest="run_file", help="run file to write")
    parser.add_argument("--qrels", metavar="FILE", type=Path, help="qrels file to write")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Write the files that were named."""
    kind = search_kind(args.search)
    if args.run_file is None and args.qrels is None:
        raise BadInput("nothing to write: name a file with --run, with --qrels or with both")
    options.check_files(args.run_file, args.qrels)
    engine = options.open_engine(args)
    setting = options.setting_of(args, engine.bundle)
    size = engine.at(setting).task.size
    if args.k == ALL and kind.shortlisted:
        raise BadInput("k 'all' is not defined for hashed search: give a number, or another search")
    depth = size if args.k == ALL else min(args.k, size)
    if args.run_file:  # first, as a search engine may fail
        with percent_bar("run") as show:
            lines = write_run(engine, setting, args.search, depth, args.run_file, show)
    if args.qrels:
        print(f"wrote {args.qrels}: {write_qrels(engine, setting, args.qrels):,} lines")
    if args.run_file:
        print(f"wrote {args.run_file}: {lines:,} lines, {args.search} search to depth {depth}")
    options.Notes(engine_option.remarks(engine.backend)).print()
