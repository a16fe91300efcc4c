"""`retrieve`: one query, or a picture of anyone's, its top k by several searches side by side."""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from core.cli import engine_option, options
from core.cli.parser import Commands, whole_number
from core.engine import retrieval
from core.engine.engine import Engine
from core.errors import BadInput
from core.pictures.paths import read_paths
from core.reports.tables import DEFAULT_SEARCHES, ordered_searches, write_csv
from core.settings import ALL, Setting, check_k

DESCRIPTION = """The top k of one query by exact, hashed and Hamming search, with similarity, code distance, class,
how that class relates to the query's (same, superclass or wrong), and the item's rank in exact search; of a bundle
made of a folder also where the picture lies in it.
With --picture the query is a picture of yours: the encoder of the bundle's embeddings encodes it, and it has no
label."""
EXAMPLE = """Example: python -m core retrieve --query 42 --k 10 --hash itq --bits 32 --multiplier 2
         python -m core retrieve --picture cat.jpg --k 10"""


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "retrieve", help="one query: its top k by each search", description=DESCRIPTION, epilog=EXAMPLE
    )
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--query", metavar="INDEX", type=whole_number("query", 0), help="index of the query, from 0")
    asked.add_argument("--picture", metavar="FILE", help="a picture of yours as the query")
    parser.add_argument(
        "--weights", metavar="FILE",
        help="with --picture, the encoder's weights where they are neither in the bundle nor torchvision's own",
    )  # fmt: skip
    options.add_bundle(parser)
    options.add_setting(parser)
    engine_option.add_engine(parser)
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
    if args.weights is not None and args.picture is None:
        raise BadInput("--weights goes with --picture FILE: a query of the bundle is embedded already")
    engine = options.open_engine(args)
    setting = options.setting_of(args, engine.bundle)
    at = engine.at(setting)
    task = at.task
    if args.picture is None:
        found, heading = _answer_query(args, engine, setting)
    else:
        from core.cli.retrieve_picture import answer_picture  # it opens every format of pictures, which takes a while

        found, heading = answer_picture(args, engine, setting)
    table = retrieval.to_table(found, at)
    print(heading)
    for search, rows in table.groupby("search", sort=False):
        print(f"\n{search}\n{readable(rows.drop(columns='search'))}")
    if "hashed" in found.answers:
        print(f"\n{_describe_lost(found, task.gallery_index[found.lost])}")
    if args.out:
        write_csv(table, args.out)
        print(f"wrote {args.out}")
    options.Notes(engine_option.remarks(engine.backend, times=args.picture is not None)).print()


def _answer_query(args: argparse.Namespace, engine: Engine, setting: Setting) -> tuple[retrieval.Retrieved, str]:
    """The answers to the query that was named, and what is said of it before them."""
    at = engine.at(setting)
    task = at.task
    k = task.size if args.k == ALL else check_k(args.k, task.size)
    found = retrieval.retrieve(at, args.query, k, ordered_searches(args.searches))
    assert found.label is not None  # an image of the bundle has one
    paths = read_paths(engine.bundle, task.protocol.query_split)
    named = "" if paths is None else f", '{paths[int(task.query_index[args.query])]}'"
    return found, (
        f"query {args.query} ({engine.bundle.class_names[found.label]}{named}), {setting.protocol}"
        f"{options.gallery_note(engine, setting)}: top {k} of {task.size:,}, encoder {setting.encoder} "
        f"(similarity: {engine.bundle.similarity(setting.encoder).replace('-', ' ')}), "
        f"hash {setting.hash} of {setting.bits} bits, multiplier {setting.multiplier}"
    )


def readable(table: pd.DataFrame) -> str:
    """A table as text: four decimals, nothing for what is missing."""
    return table.to_string(index=False, float_format=lambda value: f"{value:.4f}", na_rep="")


def _describe_lost(found: retrieval.Retrieved, rows: np.ndarray) -> str:
    k = len(next(iter(found.answers.values())).ids)
    text = f"the shortlist of {found.shortlist} lost {len(found.lost)} of the exact top {k}"
    return text + (f": {', '.join(map(str, rows))}" if len(found.lost) else "")
