"""`import`: a person's own arrays into a bundle."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from core.bundle.bundle import load_bundle
from core.bundle.vectors import SIMILARITIES
from core.cli.info import describe
from core.cli.options import add_out
from core.cli.parser import Commands, whole_number
from core.cli.refusals import worded
from core.datasets.array_columns import Columns
from core.datasets.array_intake import LOOKED
from core.datasets.array_preview import Preview, preview_arrays
from core.datasets.arrays import import_arrays
from core.errors import BadInput
from core.settings import BITS_RANGE

DESCRIPTION = """Your own arrays (.npy, .npz, .parquet or a folder of .parquet files; labels also .csv) into a bundle.
Labels and codes may lie in the file of the embeddings. Without query arrays the gallery queries itself, each query left
out of its own gallery. Without codes the hashes that need no training are fitted. --preview tells what the files hold
and what is missing."""
EXAMPLE = """Example: python -m core import --gallery-embeddings G.npy --gallery-labels g.npy \\
    --query-embeddings Q.npy --query-labels q.npy --out my-bundle
         python -m core import --gallery-embeddings features.parquet --split-column split --out my-bundle"""
_ARRAYS = (
    "gallery_embeddings", "gallery_labels", "query_embeddings", "query_labels", "gallery_codes", "query_codes",
)  # fmt: skip


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "import", help="your own arrays into a bundle", description=DESCRIPTION, epilog=EXAMPLE
    )
    array: dict[str, Any] = {"metavar": "FILE"}
    parser.add_argument("--gallery-embeddings", required=True, help="float (N, d)", **array)
    parser.add_argument(
        "--gallery-labels", help="whole numbers from 0, or class names (N,); default: in the embeddings' file", **array
    )
    parser.add_argument("--query-embeddings", help="float (Q, d)", **array)
    parser.add_argument("--query-labels", help="the same of the queries (Q,)", **array)
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
    _add_columns(parser)
    parser.add_argument("--preview", action="store_true", help="only show what the files hold; nothing is written")
    add_out(parser, "folder of the new bundle; needed without --preview", metavar="DIR")
    parser.set_defaults(run=run)


def _add_columns(parser: argparse.ArgumentParser) -> None:
    """The options that name what is inside files."""
    name: dict[str, Any] = {"metavar": "NAME"}
    value: dict[str, Any] = {"metavar": "VALUE"}
    inside = "inside .npz and .parquet (default: '{0}', else the only one that fits)"
    parser.add_argument("--embeddings-column", help=f"embeddings {inside.format('embeddings')}", **name)
    parser.add_argument("--labels-column", help="labels inside .npz, .parquet and .csv (default: likewise)", **name)
    parser.add_argument("--codes-column", help="codes inside .npz and .parquet (default: likewise)", **name)
    parser.add_argument(
        "--split-column", help="column that tells gallery from queries, where one file holds both", **name
    )
    parser.add_argument("--gallery-split", help="its value for the gallery (default: train)", **value)
    parser.add_argument("--query-split", help="its value for the queries (default: test)", **value)


def run(args: argparse.Namespace) -> None:
    """Check everything, write the bundle, print what it holds; with --preview only look."""
    columns = Columns(
        args.embeddings_column, args.labels_column, args.codes_column, args.split_column,
        args.gallery_split, args.query_split,
    )  # fmt: skip
    sources = {key: getattr(args, key) for key in _ARRAYS}
    tree = Path(args.hierarchy_file) if args.hierarchy_file else None
    if args.preview:
        options = (args.class_names, tree, args.similarity, args.bits, args.shuffle)
        _print_preview(preview_arrays(sources, columns, *options, bits_later=False))
        return
    if args.out is None:
        raise BadInput("no folder for the bundle: name one with --out, or look at the files first with --preview")
    warnings = import_arrays(
        args.out, **sources, bits=args.bits, class_names=args.class_names, hierarchy_file=tree,
        shuffle=args.shuffle, similarity=args.similarity, columns=columns,
    )  # fmt: skip
    for line in describe(load_bundle(args.out, verify=True)):
        print(line)
    for warning in warnings:
        print(f"warning: {worded(warning)}", file=sys.stderr)


def _print_preview(preview: Preview) -> None:
    """What the files hold; BadInput where something keeps them from being imported."""
    for seen in preview.files:
        shape = "" if seen.shape is None else f": {' x '.join(f'{size:,}' for size in seen.shape)} {seen.dtype}"
        column = f", column '{seen.column}'" if seen.column else ""
        print(f"{seen.key.replace('_', ' ')} '{seen.source}'{column}{shape}")
        if seen.classes is not None:
            print(f"  {seen.classes:,} classes: {seen.rows[0]}")
            continue
        for number, row in enumerate(seen.rows):
            print(f"  row {number}: {row}")
        if seen.norms:
            low, middle, high = seen.norms
            print(f"  length of rows, among the first {LOOKED:,} of the file: {low:.4g} to {high:.4g}, "
                  f"median {middle:.4g}")  # fmt: skip
    for note in preview.notes:
        print(f"note: {worded(note)}")
    for problem in preview.problems:
        print(f"to mend: {worded(problem)}")
    if preview.problems:
        count = len(preview.problems)
        more = f" ({count - 1} more above)" if count > 1 else ""
        raise BadInput(f"these files cannot be imported yet: {worded(preview.problems[0])}{more}")
    print("nothing keeps these files from an import, which checks every row; nothing was written")
