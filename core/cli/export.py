"""`export`: any table of the pages, the bytes that a page's download gives."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from core.cli import engine_option, options
from core.cli.parser import Commands, checked, whole_number, words
from core.cli.retrieve import readable
from core.cli.shards import add_shards
from core.engine.engine import Engine
from core.errors import BadInput, unknown_name
from core.exports.command_line import NONE, OPTIONS
from core.exports.export import Export, Table, encode
from core.exports.registry import EXPORTS, get_export
from core.exports.request import JUDGES, LEVELS, Request, fitting_ks
from core.metrics.registry import family, get_metric
from core.reports.pins import check_shape
from core.runtime.atomic_file import write_whole
from core.search.kinds import SEARCHES, search_kind
from core.settings import ALL, Setting, check_k, parse_ks
from core.timing.search_times import search_times

DESCRIPTION = """A table that a page of the dashboard shows or offers as a download, by its name: printed to read, or
written by --out, the same bytes as the download's for the same setting and options. `--list` names them all."""
EXAMPLE = """Example: python -m core export leaderboard --hash itq --bits 48 --out leaderboard.csv
         python -m core export trade-off --k 100 --metric ap --out -"""
STANDARD = Path("-")
TIMED_SEARCHES, RUNS = ("exact", "hashed", "hamming"), 60  # as the pages time one query


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "export", help="any table of the pages, as its download has it", description=DESCRIPTION, epilog=EXAMPLE
    )
    parser.add_argument("table", metavar="TABLE", nargs="?", type=_table, help="name of the table")
    parser.add_argument("--list", action="store_true", help="print the names of all tables, and what they hold")
    options.add_bundle(parser)
    options.add_setting(parser)
    options.add_queries(parser)
    add_shards(parser)
    parser.add_argument("--k", metavar="LIST", type=checked(parse_ks), help="one k, or several where a table has them")
    engine_option.add_engine(parser)
    add_choices(parser)
    parser.add_argument("--no-times", action="store_true", help="leave times of one query empty: nothing is timed")
    options.add_out(parser, "file to write; - is standard output (default: the table is printed to read)")
    parser.set_defaults(run=run)


def add_choices(parser: argparse.ArgumentParser) -> None:
    """What pages have controls for; each is refused for a table that does not read it."""
    add = parser.add_argument
    add("--map", metavar="NAME", type=_of("map"), help="definition of mAP (default: ap)")
    add("--mahp", metavar="NAME", type=_of("mahp"), help="definition of mAHP (default: ahp)")
    add("--metrics", metavar="LIST", type=_metrics, help="definitions of a summary, or none (default: ap,ahp)")
    add("--metric", metavar="NAME", type=checked(_metric), help="the one metric of a table")
    add("--search", metavar="NAME", type=checked(_search), help=f"of {', '.join(SEARCHES)}")
    add("--level", choices=LEVELS, help="of confusion and classes (default: class)")
    add("--judge", choices=JUDGES, help="what a right answer is (default: rank-1)")
    add(
        "--pin",
        metavar="SETTING",
        action="append",
        type=checked(check_shape),
        help="a setting beside, such as itq-48-2; may be repeated",
    )
    add("--beside", metavar="NAME=DIR", action="append", type=checked(_named), help="another bundle; may be repeated")
    add("--controls", metavar="LIST", type=words("control"), help="controls drawn beside, such as random-codes")
    add("--ties", action="store_true", default=None, help="Hamming search with ties averaged beside")
    add("--asymmetric", action="store_true", default=None, help="asymmetric search beside")
    add("--reference", metavar="NAME", help="the method that others are compared with (default: --hash)")
    add("--loss", metavar="PERCENT", type=checked(_percent), help="of exact search's quality (default: 1)")
    add("--memory", metavar="GB", type=whole_number("memory", 1, 100_000), help="of a machine (default: 64)")
    add("--encoders", metavar="LIST", type=_encoders, help="of original-system, or none")
    add("--stored", action="store_true", default=None, help="scores that the bundle holds alone: none is computed")
    add("--times", action="store_true", default=None, help="time every setting of a trade-off")


def run(args: argparse.Namespace) -> None:
    """Make the table, then print or write it."""
    if args.list:
        _print_list()
        return
    if args.table is None:
        raise BadInput("no table was named: give one of those that 'python -m core export --list' prints")
    export = get_export(args.table)
    given = _given(args, export)
    if args.out not in (None, STANDARD):
        options.check_files(args.out)
    engine = options.open_engine(args)
    if args.protocol is None and export.protocol in engine.bundle.protocols:
        args.protocol = export.protocol
    setting = options.setting_of(args, engine.bundle)
    ks = _ks(args.k, export, engine.at(setting).task.size)
    timer = None if args.no_times else _timer(engine)
    notes = options.Notes()
    _give(export.make(Request(engine, setting, ks, timer=timer, say=notes.add, **given)), args.out)
    for line in engine_option.remarks(engine.backend):
        notes.add(line)
    notes.print()


def _given(args: argparse.Namespace, export: Export) -> dict[str, Any]:
    """The choices that were made, by field of the request; BadInput for one that the table does not read."""
    found: dict[str, Any] = {}
    for field, option in OPTIONS.items():
        value = getattr(args, option.removeprefix("--"))
        if value is None:
            continue
        if field not in export.reads:
            reads = ", ".join(OPTIONS[name] for name in export.reads)
            also = f"; beside a setting's options it reads {reads}" if reads else ""
            raise BadInput(f"table '{export.name}' does not read {option}: leave it out{also}")
        found[field] = tuple(value) if isinstance(value, list) else value
    found.pop("ks", None)
    return found


def _ks(asked: list[int | str] | None, export: Export, size: int) -> tuple[int | str, ...]:
    """The k asked for, which must fit the gallery, or the table's usual ones that do, the largest possible if none."""
    if asked is None:
        return tuple(fitting_ks(export.ks, size)[0]) or (size,)
    for k in asked:
        if k != ALL:
            check_k(int(k), size)
    return tuple(asked)


def _timer(engine: Engine) -> Any:
    """Times of one query as the pages take them."""

    def time(setting: Setting, k: int) -> dict[str, float]:
        return search_times(engine, setting, k, TIMED_SEARCHES, RUNS)

    return time


def _give(table: Table, out: Path | None) -> None:
    if out is None:
        print(readable(table) if isinstance(table, pd.DataFrame) else table)
    elif out == STANDARD:
        sys.stdout.flush()
        sys.stdout.buffer.write(encode(table))
        sys.stdout.buffer.flush()
    else:
        write_whole(encode(table), out)
        print(f"wrote {out}")


def _print_list() -> None:
    width = max(map(len, EXPORTS))
    for export in EXPORTS.values():
        takes = " ".join(OPTIONS[field] for field in export.reads)
        print(f"{export.name:<{width}}  {export.description} ({export.page}{f'; {takes}' if takes else ''})")


@checked
def _table(name: str) -> str:
    return get_export(name).name


def _metric(name: str) -> str:
    return get_metric(name).name


def _search(name: str) -> str:
    search_kind(name)
    return name


def _of(group: str) -> Any:
    """A converter to a definition of mAP or of mAHP."""
    names = [metric.name for metric in family(group) if not metric.hamming_only]

    def convert(name: str) -> str:
        if name not in names:
            raise unknown_name(f"definition of {group}", name, names)
        return name

    return checked(convert)


def _metrics(text: str) -> list[str]:
    return [] if text == NONE else words("metric", get_metric)(text)


def _named(text: str) -> str:
    name, _, path = text.partition("=")
    if not name or not path:
        raise BadInput(f"'{text}' names no bundle: give a name and a folder, such as mine=my-bundle")
    return text


def _encoders(text: str) -> list[str]:
    return [] if text == NONE else words("encoder")(text)


def _percent(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise BadInput(f"'{text}' is no number: give a share in %, such as 1 or 2.5") from error
    if not 0 <= value <= 100:
        raise BadInput(f"{text} % is outside 0 to 100: give the share of exact's quality that may be lost")
    return value
