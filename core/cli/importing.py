"""`import`: a person's own arrays into a bundle."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.bundle import load_bundle
from core.cli.info import describe
from core.cli.options import add_out
from core.cli.parser import whole_number
from core.datasets.arrays import import_arrays
from core.manifest import SIMILARITIES
from core.settings import BITS_RANGE

DESCRIPTION = """Your own arrays (.npy, .npz or .parquet) into a bundle. Without query arrays the gallery queries
itself, each query left out of its own gallery. Without codes the hashes that need no training are fitted."""
EXAMPLE = """Example: python -m core import --gallery-embeddings G.npy --gallery-labels g.npy \\
    --query-embeddings Q.npy --query-labels q.npy --out my-bundle"""


def add(commands: argparse._SubParsersAction) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "import", help="your own arrays into a bundle", description=DESCRIPTION, epilog=EXAMPLE
    )
    array = {"metavar": "FILE"}
    parser.add_argument("--gallery-embeddings", required=True, help="float (N, d)", **array)
    parser.add_argument("--gallery-labels", required=True, help="whole numbers from 0 (N,)", **array)
    parser.add_argument("--query-embeddings", help="float (Q, d)", **array)
    parser.add_argument("--query-labels", help="whole numbers from 0 (Q,)", **array)
    parser.add_argument("--gallery-codes", help="packed codes uint8 (N, ceil(bits / 8))", **array)
    parser.add_argument("--query-codes", help="packed codes uint8 (Q, ceil(bits / 8))", **array)
    parser.add_argument(
        "--bits", metavar="B", type=whole_number("bits", *BITS_RANGE), help="length of the codes; needed with them"
    )
    parser.add_argument("--class-names", help="one name a line, in the order of the labels", **array)
    parser.add_argument("--hierarchy-file", help="class tree, one 'parent child' pair a line", **array)
    parser.add_argument(
        "--shuffle",
        metavar="SEED",
        type=whole_number("shuffle", 0, 2**32 - 1),
        help="put the gallery into a seeded random order; ties go to the lower index",
    )
    parser.add_argument(
        "--similarity",
        choices=SIMILARITIES,
        default=SIMILARITIES[0],
        help="how embeddings are compared; by inner product a vector's length counts (default: cosine)",
    )
    add_out(parser, "folder of the new bundle", required=True, metavar="DIR")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Check everything, write the bundle, print what it holds."""
    warnings = import_arrays(
        args.out,
        args.gallery_embeddings,
        args.gallery_labels,
        args.query_embeddings,
        args.query_labels,
        args.gallery_codes,
        args.query_codes,
        args.bits,
        args.class_names,
        Path(args.hierarchy_file) if args.hierarchy_file else None,
        args.shuffle,
        args.similarity,
    )
    for line in describe(load_bundle(args.out, verify=True)):
        print(line)
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
