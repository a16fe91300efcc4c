"""`evaluate`: one setting, as a table, a CSV, a picture of the curves and the hits of every query."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from core.cli import engine_option, options
from core.cli.parser import Commands
from core.cli.plot import check_picture, draw_curves, picture_bytes
from core.cli.progress import percent_bar
from core.cli.retrieve import readable
from core.cli.shards import add_shards
from core.codes.distances import distance_of
from core.engine.engine import Engine
from core.errors import BadInput
from core.metrics.registry import METRICS
from core.reports.predictions import write_predictions
from core.reports.tables import SUMMARY_METRICS, evaluate_at, metric_rows, ordered_searches, summary_table, write_csv
from core.runtime.atomic_file import write_whole
from core.settings import Setting
from core.timing.search_times import search_times

DESCRIPTION = """One setting: prints every metric with its 95 % interval over queries, and a summary with times. The CSV
of --out is long, one row a value, and the same bytes for the same setting and seed; beside it FILE.summary.csv is
wide, one row a search."""
EXAMPLE = """Example: python -m core evaluate --hash itq --bits 32 --multiplier 2 --k 1,5,100,250 \\
    --out metrics.csv --plot curves.html"""


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "evaluate", help="one setting: table, CSV, curves, hits of every query", description=DESCRIPTION, epilog=EXAMPLE
    )
    options.add_bundle(parser)
    options.add_setting(parser)
    options.add_queries(parser)
    engine_option.add_engine(parser)
    add_shards(parser)
    options.add_lists(parser)
    options.add_out(parser, "CSV file of the metrics; FILE.summary.csv comes beside it")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="picture of the curves, .html (or .png with kaleido)")
    parser.add_argument(
        "--predictions", metavar="FILE", type=Path, help="CSV of the hits of every query, for the largest k"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Compute everything, then print and write."""
    options.check_files(args.out)
    summary_path = args.out.with_name(args.out.name + ".summary.csv") if args.out else None
    options.check_files(args.out, summary_path, args.plot, args.predictions)
    check_picture(args.plot)
    options.check_metrics(args.metrics, args.searches)
    notes = options.Notes()
    engine = options.open_engine(args)
    setting = options.setting_of(args, engine.bundle)
    _check_ties(args.metrics, setting)
    searches, size = ordered_searches(args.searches), engine.at(setting).task.size
    ks = options.ks_of(args.k, size, searches, notes)
    numbers = [k for k in ks if not isinstance(k, str)]
    if args.predictions and not numbers:
        raise BadInput("predictions need a number in --k: the hits of k 'all' would be the whole gallery a query")
    rows = metric_rows(engine, setting, searches, ks, args.metrics)
    deepest = max(numbers, default=min(size, 250))
    summary = summary_table(
        engine, setting, searches, ks, SUMMARY_METRICS,
        engine.bundle.encoder_info(setting.encoder).get("encode_ms"),
        search_times(engine, setting, deepest, searches),
    )  # fmt: skip
    if args.plot:
        figure = draw_curves(engine, setting, searches, args.metrics or SUMMARY_METRICS, deepest)
        picture = picture_bytes(figure, args.plot)
    if args.predictions:
        with percent_bar("predictions") as show:
            write_predictions(engine, setting, searches, deepest, args.predictions, show)
    _print(engine, setting, rows, summary, evaluate_at(engine, searches[0], setting, ks).without_relevant)
    if summary_path:
        write_csv(rows, args.out)
        write_csv(summary, summary_path)
    if args.plot:
        write_whole(picture, args.plot)
    for path in (args.out, summary_path, args.plot, args.predictions):
        if path:
            print(f"wrote {path}")
    notes.lines += engine_option.remarks(engine.backend, times=True)
    notes.print()


def _check_ties(metrics: Sequence[str] | None, setting: Setting) -> None:
    """Refuse an average over ties where codes have none to speak of."""
    for name in metrics or ():
        if METRICS[name].hamming_only and not distance_of(setting.hash).whole:
            raise BadInput(
                f"metric '{name}' averages over equal code distances, which hash '{setting.hash}' has not: use "
                f"'{METRICS[name].base}'"
            )


def _print(engine: Engine, setting: Setting, rows: pd.DataFrame, summary: pd.DataFrame, lonely: int) -> None:
    task = engine.at(setting).task
    print(
        f"bundle {engine.bundle.name} ({engine.bundle.version}), encoder {setting.encoder}, hash {setting.hash} of "
        f"{setting.bits} bits, multiplier {setting.multiplier}\n"
        f"{setting.protocol}{options.gallery_note(engine, setting)}: {len(task.queries):,} queries, "
        f"each searches {task.size:,} images; hierarchy {setting.hierarchy}, seed {setting.seed}"
    )
    if lonely:
        print(f"{lonely} queries have no relevant image in the gallery; they count 0")
    shown = rows.assign(
        cell=[f"{row.value:.4f} [{row.ci_low:.4f}, {row.ci_high:.4f}]" for row in rows.itertuples()],
        k=[f"k = {k}" for k in rows["k"]],
    )
    order = list(dict.fromkeys(shown["k"]))
    for search, part in shown.groupby("search", sort=False):
        table = part.pivot_table(index="metric", columns="k", values="cell", aggfunc="first", sort=False)
        columns = [k for k in order if k in table.columns]
        print(f"\n{search}\n{table[columns].rename_axis(index=None, columns=None).to_string()}")
    print(f"\nsummary (times: one query on one thread)\n{readable(summary)}")
