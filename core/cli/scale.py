"""`scale`: galleries of up to hundreds of millions of rows, and what a search over them costs."""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from core.cli import options
from core.cli.parser import Commands, whole_number, whole_numbers
from core.cli.retrieve import readable
from core.errors import BadInput
from core.reports.tables import write_csv
from core.runtime.shared_types import Json
from core.scale.curves import Plan, measure
from core.scale.folder import MOST, ScaleFolder
from core.scale.model import fit_models
from core.scale.points import Point, to_table
from core.scale.subject import Subject
from core.scale.trial import Coded
from core.settings import ALL, KEEP, check_k

DESCRIPTION = """Galleries made from the bundle's embeddings with seeded noise, memory-mapped in a folder, and the cost
of exact and hashed search over them as N, bits, multiplier and k grow: one query on one thread, a batch on all
threads, checked against the plain search, with the peak memory. A million rows of 100 dimensions take 0.4 GB. A folder
that was stopped goes on where it was, and grows to larger sizes; --out is written after each size. The models through
the points are printed."""
EXAMPLE = "Example: python -m core scale --sizes 100000,1000000 --dir galleries --out scale.csv"


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "scale", help="cost of search over large galleries made from the embeddings", description=DESCRIPTION,
        epilog=EXAMPLE,
    )  # fmt: skip
    options.add_bundle(parser)
    parser.add_argument("--sizes", metavar="LIST", type=whole_numbers("sizes", 100, MOST), default=[100_000, 1_000_000],
                        help="comma-separated numbers of rows (default: 100000,1000000)")  # fmt: skip
    parser.add_argument("--dir", metavar="DIR", type=Path, required=True, dest="folder",
                        help="folder of the galleries; made if it is not there")  # fmt: skip
    parser.add_argument("--encoder", metavar="NAME", help="encoder of the bundle (default: the bundle's own)")
    parser.add_argument("--hash", metavar="NAME", help="a hash compared by Hamming distance (default: the bundle's)")
    parser.add_argument("--bits", metavar="B", type=whole_number("bits", 1, 128), help="code length (default: 48)")
    parser.add_argument("--multiplier", metavar="M", default="2", help="of the shortlist: 1 to 20 (default: 2)")
    parser.add_argument("--batch", metavar="N", type=whole_number("batch", 1, 100_000), default=1000,
                        help="queries a batch (default: 1000)")  # fmt: skip
    options.add_single_k(parser, 100)
    parser.add_argument("--seed", metavar="S", type=whole_number("seed", 0, 2**32 - 1), default=0, help="default: 0")
    options.add_threads(parser)
    options.add_out(parser)
    parser.set_defaults(run=run, protocol=None, near_duplicates=KEEP, hierarchy=None)


def run(args: argparse.Namespace) -> None:
    """Make what is missing, measure, print and write."""
    options.check_files(args.out)
    if args.k == ALL:
        raise BadInput("k 'all' cannot be timed at scale: give a number")
    engine = options.open_engine(args)
    bundle, setting = engine.bundle, options.setting_of(args, engine.bundle)
    subject = Subject(engine, setting, args.batch)
    plan = subject.plan(args.sizes, args.k, args.threads)
    check_k(args.k, plan.counts[0])
    folder = ScaleFolder(args.folder, subject.source)
    _make(folder, subject, plan)
    trial = subject.trial(folder.embeddings(plan.sizes[-1]))

    def coded(bits: int, count: int) -> Coded:
        return subject.coded(bits, folder.words(subject.method(bits), count))

    same = subject.described()

    def keep(points: list[Point]) -> None:
        if args.out:
            write_csv(to_table(points, same), args.out)

    with tqdm(total=1, unit="step", disable=None) as bar:

        def told(done: int, total: int, what: str) -> None:
            bar.total, bar.n = total, done
            bar.set_description_str(what)

        points = measure(plan, trial, coded, bundle.hierarchy(setting.hierarchy), told, keep)
    _report(points, same, args.out)


def _make(folder: ScaleFolder, subject: Subject, plan: Plan) -> None:
    """The embeddings and codes that the plan needs, as far as the folder lacks them."""
    largest = plan.sizes[-1]
    with _bar(f"embeddings to {largest:,}", folder.missing(largest)) as bar:
        folder.make_rows(largest, bar.update)
    for bits in sorted({plan.bits, *plan.lengths}):
        count, method = largest if bits == plan.bits else plan.others_at, subject.method(bits)
        with _bar(f"{bits}-bit codes to {count:,}", folder.missing(count, method)) as bar:
            folder.make_codes(method, count, bar.update)


def _bar(what: str, total: int) -> tqdm:
    return tqdm(total=total, desc=what, unit="row", unit_scale=True, disable=None)


def _report(points: list[Point], same: Json, out: Path | None) -> None:
    table = to_table(points, same)
    print(f"{same['machine']}; {same['encoder']}, {same['hash']}; noise {same['noise']} of a row's length, after which "
          f"{100 * same['kept_class']:.1f} % of the copies are nearest to their own class's mean\n")  # fmt: skip
    shown = table[~table["work"].str.startswith("query:")].drop(columns=[*same, "dimensions", "batch", "threads"])
    print(readable(shown.astype(object).where(shown.notna(), "")))
    print("\nmodels, one query of each (relative residual: root mean square, largest):")
    for (work, side), model in fit_models(table).items():
        print(f"{work:<6} {side:<14} {model.formula()}  ({100 * model.residual:.0f} %, {100 * model.worst:.0f} %)")
    if out:
        write_csv(table, out)
        print(f"wrote {out}")
    if not table["equal"].all():
        raise BadInput("a side did not give the plain search's result: rows with equal = False say which")
