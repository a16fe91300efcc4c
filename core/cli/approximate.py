"""`approximate`: indexes of a search engine that may miss items, judged by labels and timed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import pandas as pd

from core.cli import options
from core.cli.parser import Commands, checked, whole_number, whole_numbers
from core.cli.progress import percent_bar
from core.cli.retrieve import readable
from core.engine.experiment import Experiment
from core.errors import BadInput
from core.metrics.registry import family
from core.reports.tables import write_csv
from core.runtime import pinning
from core.search.engines.engine import ApproximateIndex, Kind, SearchEngine
from core.search.registry import ENGINES, connect
from core.settings import ALL, check_k
from core.studies.approximate.clients import CLIENTS, EACH, QUERIES
from core.studies.approximate.index_text import FORM, KINDS, check_kind, index_text, kind_of, parse_index
from core.studies.approximate.study import Study, study
from core.studies.approximate.table import approximate_table

DESCRIPTION = """Builds approximate indexes in a search engine that holds the bundle ('python -m core load') and asks
them for every query: the share of the exact top k that they find, mAP and mAHP with 95 % intervals and the paired
difference from exact search. An index of codes is also the first stage of hashed search: its shortlist is ranked again
by exact similarity. Then single queries are timed, asked by 1, 8 and 32 clients at once, beside the median round trip
of the least request. Indexes that differ in their search parameters alone share one build."""
EXAMPLE = """Example: python -m core approximate --engine milvus=localhost:19530 \\
         --index HNSW:M=16,efConstruction=200:ef=64 --index HNSW:M=16,efConstruction=200:ef=256 --out approximate.csv"""


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "approximate", help="approximate indexes of a search engine: quality and times", description=DESCRIPTION,
        epilog=EXAMPLE,
    )  # fmt: skip
    options.add_bundle(parser)
    options.add_setting(parser)
    options.add_queries(parser)
    options.add_single_k(parser, 100)
    parser.add_argument(
        "--engine", metavar="NAME=ADDRESS", required=True, dest="address",
        help=f"of {', '.join(ENGINES)}, and where it is",
    )  # fmt: skip
    parser.add_argument(
        "--index", metavar="INDEX", action="append", required=True, type=checked(parse_index),
        help=f"{FORM}; may be repeated",
    )  # fmt: skip
    parser.add_argument("--of", choices=KINDS, help="what is indexed (default: what the engine has the kind for)")
    parser.add_argument(
        "--clients", metavar="LIST", type=whole_numbers("clients", 1, 256), default=list(CLIENTS),
        help=f"how many ask at once, comma-separated (default: {','.join(map(str, CLIENTS))})",
    )  # fmt: skip
    parser.add_argument(
        "--requests", metavar="N", type=whole_number("requests", 1, 1_000_000), default=QUERIES,
        help=f"timed requests, at least {EACH} per client (default: {QUERIES})",
    )  # fmt: skip
    for name in ("map", "mahp"):
        known = [metric.name for metric in family(name)]
        parser.add_argument(f"--{name}", choices=known, default=known[0], help=f"definition (default: {known[0]})")
    options.add_out(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Build, ask, time, print and write."""
    options.check_files(args.out)
    if args.k == ALL:
        raise BadInput("k 'all' is not defined for an approximate index: give one number")
    server = connect(args.address)
    try:
        _run(args, server)
    finally:
        server.close()


def _run(args: argparse.Namespace, server: SearchEngine) -> None:
    groups = _by_collection(server, args.index, args.of)
    engine = options.open_engine(args)
    at = engine.at(options.setting_of(args, engine.bundle))
    check_k(args.k, at.task.size)
    studies: list[Study] = []
    with percent_bar("approximate") as hear, pinning.alone():

        def show(share: float, text: str) -> None:
            hear((len(studies) + share) / len(groups))

        for of, indexes in groups:
            studies.append(study(server, at, args.k, of, indexes, args.clients, args.requests, show))
    metrics = (args.map, args.mahp)
    table = approximate_table(studies, at, metrics)
    _print(at, studies, table, metrics)
    if args.out:
        write_csv(table, args.out)
        print(f"wrote {args.out}")
    _notes(studies).print()


def _by_collection(
    server: SearchEngine, indexes: Sequence[ApproximateIndex], of: Kind | None
) -> list[tuple[Kind, list[ApproximateIndex]]]:
    """The indexes of vectors, then those of codes; BadInput for a kind that the engine does not have."""
    kinds = [of or kind_of(server, index) for index in indexes]
    for kind, index in zip(kinds, indexes, strict=True):
        check_kind(server, kind, index)
    groups = [(kind, [index for own, index in zip(kinds, indexes, strict=True) if own == kind]) for kind in KINDS]
    return [(kind, group) for kind, group in groups if group]


def _print(at: Experiment, studies: Sequence[Study], table: pd.DataFrame, metrics: Sequence[str]) -> None:
    k, first = studies[0].k, studies[0]
    print(pinning.machine())
    print(
        f"{first.engine} {first.version}; encoder {at.setting.encoder}, {at.setting.protocol}, "
        f"{len(at.task.queries)} queries in {len(at.task.gallery)} images, k {k}; codes of {at.setting.hash}, "
        f"{at.bits} bits, shortlist {at.shortlist(k)}"
    )
    name = ["search", "index", "build", "parameters"]
    for metric in ("recall", *metrics):
        shown = [metric, *(f"{metric}_{part}" for part in ("low", "high", "difference", "p"))]
        print(f"\n{'recall of the exact top k' if metric == 'recall' else metric}@{k}, differences from exact search")
        print(readable(table[[*name, *shown, *(["incomplete"] if metric == "recall" else [])]]))
    times = [name for name in table.columns if name.endswith("_ms") or name.startswith("queries_per_s")]
    print("\nsingle queries: ms of the fewest clients, queries a second by the number of clients")
    print(readable(table.loc[table["engine"] != "local", [*name, "build_s", *times, "errors"]]))


def _notes(studies: Sequence[Study]) -> options.Notes:
    """What a reader of the numbers has to know: incomplete answers, and requests that failed."""
    notes = options.Notes()
    for found in (found for each in studies for found in each.found):
        name = f"{found.search} by {index_text(found.index)}"
        if found.incomplete:
            notes.add(
                f"{name}: fewer than {found.needed} items for {found.incomplete} queries; the rest counts as misses"
            )
        for times in found.clients:
            if times.errors:
                notes.add(f"{name}, {times.clients} clients: {times.errors} requests failed: {times.error}")
    return notes
