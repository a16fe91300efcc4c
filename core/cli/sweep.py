"""`sweep`: a grid of settings into one CSV; a run that was stopped goes on where it was."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from tqdm import tqdm

from core.cli import engine_option, options
from core.cli.grid_file import GridFile
from core.cli.parser import Commands
from core.cli.refusals import worded
from core.cli.shards import add_shards
from core.codes.codes import bits_for, usable_hashes
from core.engine.engine import Engine
from core.errors import BadInput
from core.hashing.registry import get_hash
from core.reports.tables import as_text, code_columns, metric_rows, metrics_of, numbers_of, ordered_searches
from core.search.engines.engine import EngineError
from core.search.kinds import search_kind
from core.settings import ALL, Setting

DESCRIPTION = """A grid of settings into one CSV, one row a value. Exact search is evaluated once a protocol, Hamming
and asymmetric search once a code, hashed search at every multiplier. The file is whole at any time; run the same
command again after a stop, or with a larger grid, and what the file holds is not computed again. FILE.sweep.json,
beside it, keeps the seed and the choice of near-duplicates. Lengths that a method cannot make are left out.
Over the whole gallery (--k all) average precision alone, such as --metrics ap_trec, takes seconds a code by Hamming
or asymmetric search; every other metric takes minutes."""
EXAMPLE = "Example: python -m core sweep --hash itq,pca-sign --bits 16,32,64 --multiplier 1,2,5 --out grid.csv"


@dataclass(frozen=True)
class Cell:
    """One search of one setting, with the (k, metric) of the rows that it makes."""

    search: str
    setting: Setting
    expected: tuple[tuple[str, str], ...]


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "sweep", help="a grid of settings into one CSV, resumable", description=DESCRIPTION, epilog=EXAMPLE
    )
    options.add_bundle(parser)
    options.add_setting(parser, grid=True)
    options.add_queries(parser)
    engine_option.add_engine(parser)
    add_shards(parser)
    options.add_lists(parser)
    options.add_out(parser, required=True)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Evaluate what the file lacks."""
    options.check_files(args.out)
    options.check_metrics(args.metrics, args.searches)
    notes = options.Notes()
    engine = options.open_engine(args)
    names = args.hash or [engine.bundle.defaults["hash"]]
    if names == [ALL]:
        names = usable_hashes(engine.bundle, args.encoder or engine.bundle.defaults["encoder"])
    settings = [setting for name in names for setting in _settings_of(args, engine, name, notes)]
    if not settings:
        raise BadInput(f"bits {_list(args.bits)}: no length that {_list(names)} can make with this encoder")
    protocols = args.protocol or [settings[0].protocol]
    grids = {name: [replace(setting, protocol=name) for setting in settings] for name in protocols}
    sizes = {name: engine.at(grid[0]).task.size for name, grid in grids.items()}
    ks = options.ks_of(args.k, min(sizes.values()), args.searches, notes)
    cells = [cell for name in protocols for cell in _cells(grids[name], args, ks, sizes[name], notes)]
    if not cells:
        raise BadInput(f"asymmetric search needs a hash with real values, which {_list(names)} has not")
    file = GridFile(args.out, args.seed, args.near_duplicates)
    kept = {cell: rows for cell in cells if (rows := _find(file, engine, cell)) is not None}
    left = len(file.found) - sum(map(len, kept.values()))
    if left:
        notes.add(f"{left} earlier rows of '{args.out}' are not of this grid, seed and gallery: left out")
    made = _evaluate(
        cells, kept, file, lambda cell: metric_rows(engine, cell.setting, [cell.search], ks, args.metrics), notes
    )
    if not made:
        raise BadInput(f"no setting of the grid could be evaluated: {notes.lines[-1]}")
    print(f"wrote {args.out}: {sum(map(len, made))} rows; {len(kept)} of {len(cells)} evaluations were there already")
    notes.lines += engine_option.remarks(engine.backend)
    notes.print()


def _settings_of(args: argparse.Namespace, engine: Engine, name: str, notes: options.Notes) -> Iterator[Setting]:
    """A setting for each length of a hash, by its true length."""
    base = options.setting_of(args, engine.bundle, name)
    offered = bits_for(engine.bundle, base.encoder, name)
    if args.bits is None or len(offered) == 1:
        yield base
        return
    for bits in args.bits:
        if bits in offered:
            yield replace(base, bits=bits)
        else:
            notes.add(f"hash '{name}' cannot have {bits} bits here: left out; it has {_list(offered)}")


def _cells(
    settings: Sequence[Setting], args: argparse.Namespace, ks: Sequence[int | str], size: int, notes: options.Notes
) -> Iterator[Cell]:
    """What is to be evaluated, in the order of the file: a search once for all that it does not depend on."""
    for search in ordered_searches(args.searches):
        kind = search_kind(search)
        for setting in settings if kind.by_code else settings[:1]:
            metrics = metrics_of(search, args.metrics, setting.hash)
            expected = tuple((str(k), metric) for k in numbers_of(search, ks, size) for metric in metrics)
            if kind.of_values and not get_hash(setting.hash).asymmetric:
                notes.add(f"hash '{setting.hash}' has no real values: asymmetric search left out")
            elif expected:
                for multiplier in args.multiplier if kind.shortlisted else args.multiplier[:1]:
                    yield Cell(search, replace(setting, multiplier=multiplier), expected)


def _evaluate(
    cells: list[Cell],
    kept: dict[Cell, pd.DataFrame],
    file: GridFile,
    make: Callable[[Cell], pd.DataFrame],
    notes: options.Notes,
) -> list[pd.DataFrame]:
    """Rows of all cells in order; the file is replaced after each new one. A code that cannot be made is left out."""
    rows = dict(kept)
    with tqdm(cells, desc="sweep", unit="evaluation") as bar:
        for cell in bar:
            if cell in kept:
                continue
            bar.set_postfix_str(f"{cell.search} {cell.setting.hash} {cell.setting.bits}", refresh=False)
            try:
                rows[cell] = as_text(make(cell))
            except EngineError:  # the next one would fail as well; what is done stays in the file
                raise
            except BadInput as error:
                notes.add(f"{cell.search} search with {cell.setting.bits} bits left out: {worded(error)}")
                continue
            file.write([rows[done] for done in cells if done in rows])
    ordered = [rows[cell] for cell in cells if cell in rows]
    if len(rows) == len(kept):
        file.write(ordered)  # nothing new: only what is not of this grid goes
    return ordered


def _find(file: GridFile, engine: Engine, cell: Cell) -> pd.DataFrame | None:
    """The rows that an earlier run has for a cell, of this version of the bundle."""
    setting = cell.setting
    codes = ("" if value is None else str(value) for value in code_columns(engine, setting, cell.search))
    same = dict(zip(("hash", "bits", "multiplier"), codes, strict=True))
    same |= {"bundle": engine.bundle.name, "version": engine.bundle.version, "search": cell.search}
    same |= {"encoder": setting.encoder, "protocol": setting.protocol, "hierarchy": setting.hierarchy}
    same["queries"] = str(len(engine.at(setting).task.queries))
    return file.pick(same, cell.expected)


def _list(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))
