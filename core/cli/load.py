"""`load`: a bundle's vectors and codes, copied into a search engine outside this process."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from core.building.elasticsearch_bulk import code_field, mapping_path, write_bulk
from core.building.gallery_parts import Asked, Part, all_parts, choose_parts, gallery_parts
from core.building.load_engine import drop_part, load_part
from core.bundle.bundle import load_bundle
from core.cli import options
from core.cli.parser import Commands, checked, whole_number, whole_numbers, words
from core.engine.engine import Engine
from core.errors import BadInput
from core.hashing.kmeans import CELL_BITS
from core.hashing.registry import HASHES
from core.protocols import get_protocol
from core.runtime.parallel import check_threads
from core.search.engines.engine import SearchEngine
from core.search.registry import ENGINES, connect, parse_engine
from core.settings import BITS_RANGE, KEEP, NEAR_DUPLICATES, Setting

BULK = "elasticsearch-bulk"
DESCRIPTION = f"""Copy the gallery of each protocol into a search engine: its vectors, and its codes by each hash and
length that is compared by Hamming distance. A load that was stopped goes on where it was when the same command is given
again; no row is there twice. What is there is then checked: the number of rows, and a sample that is read back. Engines
are {", ".join(ENGINES)}; {BULK} writes files for Elasticsearch instead."""
EXAMPLE = "Example: python -m core load --engine milvus=localhost:19530 --hash itq --bits 48,64"


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "load", help="copy a bundle into a search engine", description=DESCRIPTION, epilog=EXAMPLE
    )
    parser.add_argument(
        "--engine", metavar="NAME=ADDRESS", type=checked(_engine), required=True,
        help=f"which engine, and where it answers: {', '.join(ENGINES)}; or {BULK}",
    )  # fmt: skip
    options.add_bundle(parser)
    parser.add_argument("--encoder", metavar="NAME", help="encoder of the bundle (default: the bundle's own)")
    parser.add_argument(
        "--hash", metavar="LIST", type=options.hash_list,
        help=f"comma-separated: {', '.join(HASHES)}, or all there are: all (default: the bundle's own)",
    )  # fmt: skip
    parser.add_argument(
        "--bits", metavar="LIST", type=whole_numbers("bits", CELL_BITS[0], BITS_RANGE[1]),
        help="comma-separated code lengths (default: the bundle's own)",
    )  # fmt: skip
    parser.add_argument(
        "--protocol", metavar="LIST", type=words("protocol", get_protocol),
        help="comma-separated: whose galleries are loaded (default: all of the bundle's)",
    )  # fmt: skip
    parser.add_argument(
        "--near-duplicates", metavar="CHOICE", choices=NEAR_DUPLICATES, default=KEEP,
        help="keep, or leave-out: the galleries with them or without (default: keep)",
    )  # fmt: skip
    parser.add_argument("--seed", metavar="S", type=whole_number("seed", 0, 2**32 - 1), default=0, help="default: 0")
    options.add_threads(parser)
    does = parser.add_mutually_exclusive_group()
    does.add_argument("--drop", action="store_true", help="remove these collections from the engine instead")
    does.add_argument("--list", action="store_true", help="say how many rows of each the engine holds")
    options.add_out(parser, f"file to write, of {BULK}; the mapping stands beside it")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Load, list or drop."""
    if (args.engine == BULK) != (args.out is not None):
        raise BadInput(f"--out FILE belongs to --engine {BULK}: give both, or neither")
    if args.engine == BULK and (args.drop or args.list):
        raise BadInput(f"--engine {BULK} writes files and holds nothing: leave --drop and --list out")
    options.check_files(*([args.out, mapping_path(args.out)] if args.out else []))
    notes = options.Notes()
    here = Engine(load_bundle(args.bundle), check_threads(args.threads))
    asked = choose_parts(
        here.bundle, notes.add, args.encoder, args.hash, args.bits, args.protocol, args.seed, args.near_duplicates
    )
    if args.engine == BULK:
        _write(args.out, here, asked)
    else:
        there = connect(args.engine)
        try:
            for part in all_parts(here, asked):
                print((_drop if args.drop else _list if args.list else _load)(there, part), flush=True)
        except KeyboardInterrupt:
            print("stopped: give the same command again, and it goes on", file=sys.stderr)
            raise
        finally:
            there.close()
    notes.print()


def _load(engine: SearchEngine, part: Part) -> str:
    with tqdm(total=part.collection.count, desc=part.label, unit="row", disable=None) as bar:
        made = load_part(engine, part, bar.update)
    return (
        f"{part.collection.name}: {_size(part)}; {made:,} loaded, {part.collection.count - made:,} were there already"
    )


def _drop(engine: SearchEngine, part: Part) -> str:
    return f"{part.collection.name}: {'dropped' if drop_part(engine, part) else 'is not there'}"


def _list(engine: SearchEngine, part: Part) -> str:
    held = engine.held(part.collection.name)
    return f"{part.collection.name}: {_size(part)}; {f'{held.count:,} are' if held else 'not'} there"


def _size(part: Part) -> str:
    what = "vectors of {} dimensions" if part.collection.kind == "vectors" else "codes of {} bits"
    return f"{part.label}, {part.collection.count:,} {what.format(part.collection.width)}"


def _write(path: Path, engine: Engine, asked: Asked) -> None:
    """A pair of files for each gallery; where there are several, each has its protocol's name before the ending."""
    galleries: dict[str, tuple[Setting, list[Part]]] = {}
    for setting in asked.galleries:
        parts = list(gallery_parts(engine, setting, asked.codes))
        galleries.setdefault(parts[0].collection.name, (setting, parts))
    for name, (setting, (vectors, *codes)) in galleries.items():
        out = path if len(galleries) == 1 else path.with_suffix(f".{setting.protocol}{path.suffix}")
        fields = [(code_field(*code), part) for code, part in zip(asked.codes, codes, strict=True)]
        made = f"python -m core load, bundle {engine.bundle.name} {engine.bundle.version}, {vectors.label}"
        with tqdm(total=vectors.collection.count, desc=vectors.label, unit="row", disable=None) as bar:
            write_bulk(out, vectors, fields, engine.bundle.similarity(setting.encoder), made, bar.update)
        print(f"wrote {out} and {mapping_path(out)}: {vectors.collection.count:,} documents for an index '{name}'")


def _engine(text: str) -> str:
    if text != BULK:
        parse_engine(text)
    return text
