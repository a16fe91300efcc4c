"""The options that mean the same in every command, and what the commands make of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.bundle.bundle import Bundle, load_bundle
from core.cli.parser import Parser, checked, whole_number, whole_numbers, words
from core.cli.shards import open_backend
from core.engine.default_setting import choose_setting
from core.engine.engine import Engine
from core.errors import BadInput
from core.hashing.kmeans import CELL_BITS
from core.hashing.registry import HASHES, get_hash
from core.metrics.registry import METRICS, get_metric
from core.protocols import get_protocol
from core.reports.tables import DEFAULT_SEARCHES, SUMMARY_KS
from core.runtime.atomic_file import check_replaceable
from core.runtime.parallel import check_threads
from core.search.kinds import SEARCHES, search_kind
from core.settings import (
    ALL,
    BITS_RANGE,
    KEEP,
    LEAVE_OUT,
    NEAR_DUPLICATES,
    Setting,
    check_k,
    format_multiplier,
    parse_ks,
    parse_multiplier,
)


@dataclass
class Notes:
    """Remarks that are printed once a command has succeeded, so that an error stays one line."""

    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Keep a remark."""
        self.lines.append(line)

    def print(self) -> None:
        """Print the remarks on stderr."""
        for line in self.lines:
            print(f"note: {line}", file=sys.stderr)


def add_bundle(parser: Parser, required: bool = False) -> None:
    """--bundle."""
    default = "" if required else " (default: the shipped one)"
    parser.add_argument("--bundle", metavar="DIR", required=required, help=f"folder of the bundle{default}")


def add_setting(parser: Parser, grid: bool = False) -> None:
    """The options of a setting; with `grid` --hash, --bits and --multiplier are lists."""
    several = "comma-separated: " if grid else ""
    names, most = ", ".join(HASHES), BITS_RANGE[1]
    # Below the range kmeans has lengths, and a method of fixed length ignores it, such as predicted-class at 7; the
    # engine refuses the others.
    parser.add_argument("--encoder", metavar="NAME", help="encoder of the bundle (default: the bundle's own)")
    parser.add_argument(
        "--hash",
        metavar="LIST" if grid else "NAME",
        type=hash_list if grid else str,
        help=f"{several}{names}{', or all there are: all' if grid else ''} (default: the bundle's own)",
    )
    parser.add_argument(
        "--bits",
        metavar="LIST" if grid else "B",
        type=(whole_numbers("bits", CELL_BITS[0], most) if grid else whole_number("bits", 1, most)),
        help=f"{several}code length, {BITS_RANGE[0]} to {BITS_RANGE[1]}, for kmeans {CELL_BITS[0]} to {CELL_BITS[-1]}; "
        "methods of fixed length ignore it",
    )
    parser.add_argument(
        "--multiplier",
        metavar="LIST" if grid else "M",
        default=["2"] if grid else "2",
        type=checked(_multipliers if grid else _multiplier),
        help=f"{several}the shortlist holds ceil(M x k) images: 1 to 20, or 'all' (default: 2)",
    )
    parser.add_argument(
        "--protocol",
        metavar="LIST" if grid else "NAME",
        type=words("protocol", get_protocol) if grid else str,
        help=f"{several}which images query which (default: the bundle's own)",
    )
    parser.add_argument(
        "--near-duplicates",
        metavar="CHOICE",
        choices=NEAR_DUPLICATES,
        default=KEEP,
        help="keep, or leave-out: of pictures that are nearly equal to a query's, in the gallery (default: keep)",
    )
    parser.add_argument("--hierarchy", metavar="NAME", help="class tree of mAHP (default: the bundle's own)")
    parser.add_argument("--seed", metavar="S", type=whole_number("seed", 0, 2**32 - 1), default=0, help="default: 0")
    add_threads(parser)


def add_threads(parser: Parser) -> None:
    """--threads."""
    parser.add_argument(
        "--threads", metavar="T", type=whole_number("threads", 1, 1024), help="default: every core; changes no result"
    )


def add_queries(parser: Parser) -> None:
    """--queries."""
    parser.add_argument(
        "--queries",
        metavar="N|all",
        type=_queries,
        default=None,
        help="all queries, or a seeded sample of N in index order (default: all)",
    )


def add_lists(parser: Parser, metrics: str = "all") -> None:
    """--k, --searches and --metrics, as lists."""
    ks = ",".join(map(str, SUMMARY_KS))
    parser.add_argument("--k", metavar="LIST", type=checked(parse_ks), help=f"such as 1,5,100,250,all (default: {ks})")
    parser.add_argument(
        "--searches",
        metavar="LIST",
        type=search_list,
        default=list(DEFAULT_SEARCHES),
        help=f"of {', '.join(SEARCHES)} (default: {','.join(DEFAULT_SEARCHES)})",
    )
    parser.add_argument(
        "--metrics",
        metavar="LIST",
        type=words("metric", get_metric),
        help=f"of {', '.join(METRICS)} (default: {metrics})",
    )


def add_single_k(parser: Parser, default: int) -> None:
    """--k, as one number."""
    parser.add_argument(
        "--k", metavar="K", type=checked(_one_k), default=default, help=f"images returned (default: {default})"
    )


def add_out(parser: Parser, what: str = "CSV file to write", required: bool = False, metavar: str = "FILE") -> None:
    """--out."""
    parser.add_argument("--out", metavar=metavar, type=Path, required=required, help=what)


def check_files(*paths: Path | None) -> None:
    """Refuse files that could not be written, before any work is done."""
    named = [path for path in paths if path is not None]
    for path in named:
        check_replaceable(path)
        if not path.parent.is_dir():
            raise BadInput(f"cannot write '{path}': there is no folder '{path.parent}', make it first")
    resolved = [path.resolve() for path in named]
    for path in named:
        if resolved.count(path.resolve()) > 1:
            raise BadInput(f"'{path}' is named for two outputs: give each a file of its own")


def open_engine(args: argparse.Namespace) -> Engine:
    """The engine of the bundle that was named, searched by the engine that was named, which is connected to now."""
    bundle, threads = load_bundle(args.bundle), check_threads(args.threads)
    return Engine(bundle, threads, backend=open_backend(args))


def setting_of(args: argparse.Namespace, bundle: Bundle, hash_name: str | None = None) -> Setting:
    """The setting that was asked for, the bundle's defaults in the gaps, as `choose_setting` has it."""
    return choose_setting(
        bundle,
        encoder=args.encoder,
        hash=hash_name or args.hash,
        bits=args.bits if isinstance(args.bits, int) else None,
        multiplier=args.multiplier if isinstance(args.multiplier, str) else args.multiplier[0],
        protocol=args.protocol if isinstance(args.protocol, str | None) else args.protocol[0],
        hierarchy=args.hierarchy,
        seed=args.seed,
        queries=getattr(args, "queries", None),
        near_duplicates=args.near_duplicates,
    )


def gallery_note(engine: Engine, setting: Setting) -> str:
    """What is said of the gallery after the protocol's name: how many near-duplicates are left out, if they are."""
    if setting.near_duplicates != LEAVE_OUT:
        return ""
    task = engine.at(setting).task
    count = engine.bundle.count(task.protocol.gallery_split) - len(task.gallery)
    return f" without {count:,} near-duplicates"


def ks_of(asked: Sequence[int | str] | None, size: int, searches: Sequence[str], notes: Notes) -> list[int | str]:
    """The k of a command: those asked for, which must fit the gallery, or those of the default that do."""
    if asked is None:
        ks: list[int | str] = [k for k in SUMMARY_KS if k <= size]
        if len(ks) < len(SUMMARY_KS):
            notes.add(f"the gallery has {size} images, so the default k are {', '.join(map(str, ks))}")
        return ks
    for k in asked:
        if not isinstance(k, str):
            check_k(k, size)
    if ALL in asked and "hashed" in searches:
        if len(asked) == 1 and list(searches) == ["hashed"]:
            raise BadInput("k 'all' is not defined for hashed search: give numbers, or another search")
        notes.add("k 'all' is the whole gallery and has no meaning for hashed search: left out there")
    return list(asked)


def check_metrics(metrics: Sequence[str] | None, searches: Sequence[str]) -> None:
    """Refuse a metric that none of the searches has."""
    for name in metrics or ():
        if METRICS[name].hamming_only and "hamming" not in searches:
            raise BadInput(f"metric '{name}' is defined for Hamming search alone: add hamming to --searches")


def hash_list(text: str) -> list[str]:
    """The names of a comma-separated list, or 'all' alone."""
    return [ALL] if text == ALL else words("hash", get_hash)(text)


def _multiplier(text: str) -> str:
    parse_multiplier(text)
    return format_multiplier(text)


def _multipliers(text: str) -> list[str]:
    values = {_multiplier(part.strip()) for part in text.split(",")}
    return sorted(values, key=lambda value: float("inf") if value == ALL else float(value))


def _queries(text: str) -> int | None:
    return None if text == ALL else whole_number("queries", 1, other=", or 'all'")(text)


search_list = words("search", search_kind)


def _one_k(text: str) -> int | str:
    ks = parse_ks(text)
    if len(ks) != 1:
        raise BadInput(f"k '{text}' is a list: this command takes one number")
    return ks[0]
