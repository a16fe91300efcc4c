"""`retrieve`: one query, its top k by several searches side by side."""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from core import retrieval
from core.cli import options
from core.cli.parser import whole_number
from core.settings import ALL, check_k
from core.tables import DEFAULT_SEARCHES, ordered_searches, write_csv

DESCRIPTION = """The top k of one query by exact, hashed and Hamming search, with similarity, code distance, class,
how that class relates to the query's (same, superclass or wrong), and the item's rank in exact search."""
EXAMPLE = "Example: python -m core retrieve --query 42 --k 10 --hash itq --bits 32 --multiplier 2"


def add(commands: argparse._SubParsersAction) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "retrieve", help="one query: its top k by each search", description=DESCRIPTION, epilog=EXAMPLE
    )
    parser.add_argument(
        "--query", metavar="INDEX", type=whole_number("query", 0), required=True, help="index of the query, from 0"
    )
    options.add_bundle(parser)
    options.add_setting(parser)
    options.add_single_k(parser, 10)
    parser.add_argument(
        "--searches",
        metavar="LIST",
        type=options.search_list,
        default=list(DEFAULT_SEARCHES),
        help="of exact, hashed, hamming, asymmetric (default: exact,hashed,hamming)",
    )
    options.add_out(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Answer the query, print and write the table."""
    options.check_files(args.out)
    engine = options.open_engine(args)
    setting = options.setting_of(args, engine.bundle)
    space = engine.space(setting)
    k = space.size if args.k == ALL else check_k(args.k, space.size)
    found = retrieval.retrieve(engine, setting, args.query, k, ordered_searches(args.searches))
    table = retrieval.to_table(found, engine, setting)
    name = engine.bundle.class_names[found.label]
    compared = engine.bundle.similarity(setting.encoder).replace("-", " ")
    print(
        f"query {args.query} ({name}), {setting.protocol}{options.gallery_note(engine, setting)}: "
        f"top {k} of {space.size:,}, encoder {setting.encoder} "
        f"(similarity: {compared}), "
        f"hash {setting.hash} of {setting.bits} bits, multiplier {setting.multiplier}"
    )
    for search, rows in table.groupby("search", sort=False):
        print(f"\n{search}\n{readable(rows.drop(columns='search'))}")
    if "hashed" in found.answers:
        print(f"\n{_describe_lost(found, k, space.gallery_index[found.lost])}")
    if args.out:
        write_csv(table, args.out)
        print(f"wrote {args.out}")


def readable(table: pd.DataFrame) -> str:
    """A table as text: four decimals, nothing for what is missing."""
    return table.to_string(index=False, float_format=lambda value: f"{value:.4f}", na_rep="")


def _describe_lost(found: retrieval.Retrieved, k: int, rows: np.ndarray) -> str:
    text = f"the shortlist of {found.shortlist} lost {len(found.lost)} of the exact top {k}"
    return text + (f": {', '.join(map(str, rows))}" if len(found.lost) else "")
