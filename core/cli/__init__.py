"""The commands of `python -m core`. Exit code 0: done; 2: bad use or bad input, one line on stderr says what."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from core.cli import (
    approximate,
    benchmark,
    buckets,
    duplicates,
    evaluate,
    export,
    fine_tuning,
    first_start,
    fuse,
    importing,
    info,
    load,
    making,
    retrieve,
    scale,
    scores,
    search_folder,
    sweep,
    trec,
)
from core.cli import original_system as source
from core.cli.parser import Parser
from core.cli.progress import say_when_compiling
from core.cli.refusals import worded
from core.errors import BadInput

COMMANDS = (
    info,
    evaluate,
    export,
    sweep,
    retrieve,
    trec,
    benchmark,
    approximate,
    scale,
    source,
    buckets,
    importing,
    making,
    scores,
    load,
    duplicates,
    fuse,
    search_folder,
    fine_tuning,
    first_start,
)
EPILOG = "Example: python -m core evaluate --hash itq --bits 48 --out metrics.csv"


def build_parser() -> Parser:
    """The parser of all commands."""
    parser = Parser(
        prog="python -m core",
        description="Image retrieval with binary hashes: evaluate, time and build it from the command line.",
        epilog=EPILOG,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    for module in COMMANDS:
        module.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a class name still gets its table
    parser = build_parser()
    try:
        args = parser.parse_args(argv)
        if not hasattr(args, "run"):
            parser.print_help()
            return 0
        if not getattr(args, "quiet", False):
            say_when_compiling()
        args.run(args)
        sys.stdout.flush()
    except SystemExit as stop:  # argparse: help was printed, or the line of a bad option
        return int(stop.code or 0)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has closed, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except (BadInput, OSError, MemoryError) as error:
        said = worded(error) if isinstance(error, BadInput) else str(error)
        text = " ".join(said.split()) or type(error).__name__
        print(f"error: {text}", file=sys.stderr)
        return 2
    return 0
