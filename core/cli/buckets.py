"""`bucket-study`: what cells and hash tables let a search leave out, beside what such a study published."""

from __future__ import annotations

import argparse

from tqdm import tqdm

from core.cli import engine_option, options
from core.cli.parser import Commands, whole_number, whole_numbers
from core.reports.tables import write_csv
from core.studies.buckets.hash_tables import MOST_BITS
from core.studies.buckets.lookups import KEY_BITS, LEARNED, TABLES, lookups, without_head
from core.studies.buckets.published import CELLS
from core.studies.buckets.study import bucket_study, study_setting
from core.studies.buckets.text import as_markdown, as_text

DESCRIPTION = """Candidates from the query's k-means cell (with and without PCA), from L tables of J bits of random
planes, from tables of learned bits (Neural LSH, FourierHashNet), all ranked exactly; beside them exact and Hamming
ranking of every image. Precision and mAP by the definitions of a published study (queries without a candidate left
out, average precision over the hits found in the top 50) and by ours (over all queries, divided by min(R, 50))."""
EXAMPLE = "Example: python -m core bucket-study --queries 1000 --out buckets.csv"


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "bucket-study",
        help="k-means cells and hash tables: candidates against precision",
        description=DESCRIPTION,
        epilog=EXAMPLE,
    )
    options.add_bundle(parser)
    parser.add_argument("--encoder", metavar="NAME", help="encoder of the bundle (default: the bundle's own)")
    parser.add_argument("--protocol", metavar="NAME", help="default: test-vs-train where the bundle has it")
    options.add_queries(parser)
    parser.add_argument("--seed", metavar="S", type=whole_number("seed", 0, 2**32 - 1), default=0, help="default: 0")
    parser.add_argument(
        "--cells",
        metavar="LIST",
        type=whole_numbers("cells", 1, 65_535),
        default=CELLS,
        help=_default("k-means", CELLS),
    )
    parser.add_argument(
        "--key-bits", metavar="LIST", type=whole_numbers("key-bits", 1, MOST_BITS), default=KEY_BITS,
        help=_default("bits of a key of random planes", KEY_BITS),
    )  # fmt: skip
    parser.add_argument(
        "--tables", metavar="LIST", type=whole_numbers("tables", 1, 1000), default=TABLES,
        help=_default("tables of random planes", TABLES),
    )  # fmt: skip
    parser.add_argument(
        "--stored-only",
        action="store_true",
        help="leave out learned methods of which the bundle holds no head, which take minutes to fit",
    )
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    options.add_threads(parser)
    engine_option.add_engine(parser)
    options.add_out(parser, "CSV file of the table to write")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Compute, print and write."""
    options.check_files(args.out)
    engine = options.open_engine(args)
    bundle, notes = engine.bundle, options.Notes()
    setting = study_setting(bundle, args.encoder, args.protocol, seed=args.seed, queries=args.queries)
    lacking = without_head(bundle, setting.encoder, args.seed)
    learned = [name for name in LEARNED if not (args.stored_only and name in lacking)]
    if lacking:
        what = "left out" if args.stored_only else "fitted for this study"
        notes.add(f"the bundle holds no head of {', '.join(lacking)} for encoder '{setting.encoder}': {what}")
    rows = lookups(bundle, setting.encoder, args.cells, args.key_bits, args.tables, learned)
    with tqdm(total=len(rows), unit="row", disable=None) as bar:

        def show(share: float, what: str) -> None:
            bar.set_description_str(what)
            bar.update(round(share * len(rows)) - bar.n)

        table = bucket_study(engine, setting, rows, show)
        bar.update(len(rows) - bar.n)
    print((as_markdown if args.markdown else as_text)(table))
    if args.out:
        write_csv(table, args.out)
        print(f"wrote {args.out}")
    notes.lines += engine_option.remarks(engine.backend)
    notes.print()


def _default(what: str, values: tuple[int, ...]) -> str:
    return f"comma-separated: {what} (default: {','.join(map(str, values))})"
