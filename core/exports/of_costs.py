"""Tables of the Trade-off, Timing and Scale pages: quality against bytes and time."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from core.codes.codes import bits_for
from core.exports.export import Export
from core.exports.request import Request
from core.scale.findings import batch_quality, middle
from core.scale.model import fit_models
from core.scale.points import read_points
from core.scale.projection import PROJECTED, project
from core.timing.benchmark import SHORT_BATCHES, SHORT_LARGE, SHORT_PATIENCE, SHORT_RUNS, run_benchmark
from core.timing.equal_quality import RUNS, SHARES, at_equal_quality
from core.timing.timed_grid import GridTimes, time_grid
from core.tradeoff.grid import Grid, quality_grid, with_current
from core.tradeoff.table import cheapest_table, grid_table


def _grid(request: Request) -> Grid:
    return quality_grid(
        request.engine, request.setting, request.k, multipliers=with_current(request.setting.multiplier)
    )


def _grid_times(request: Request) -> GridTimes | None:
    """Times of the grid where they are asked for; of all queries, of which a seeded few are timed."""
    if not request.times:
        return None
    setting = replace(request.setting, queries=None)
    lengths = bits_for(request.engine.bundle, setting.encoder, setting.hash)
    return time_grid(request.engine, setting, request.k, lengths, with_current(setting.multiplier))


def _metric(request: Request) -> str:
    return request.metric or request.map_metric


def _trade_off(request: Request) -> pd.DataFrame:
    times = _grid_times(request)
    known = times.by_setting if times else None
    return grid_table(_grid(request), _metric(request), request.engine.bundle.version, known)


def _cheapest(request: Request) -> pd.DataFrame:
    grid, times = _grid(request), _grid_times(request)
    spent = {"bytes": float(grid.exact_bytes)}
    if times:
        spent["ms"] = times.exact[times.fastest_exact]
    known = times.by_setting if times else None
    table = grid_table(grid, _metric(request), request.engine.bundle.version, known)
    return cheapest_table(table, request.loss, spent)


def _timing(request: Request) -> pd.DataFrame:
    engine, setting = request.engine, request.setting
    patience, large = SHORT_PATIENCE, SHORT_LARGE
    return run_benchmark(engine, setting, request.k, SHORT_RUNS, SHORT_BATCHES, patience=patience, large=large).table


def _equal_quality(request: Request) -> pd.DataFrame:
    return at_equal_quality(request.engine, request.setting, request.k, request.metric or "ap", SHARES, runs=RUNS)


def _scale(request: Request) -> pd.DataFrame:
    return read_points()


def _scale_models(request: Request) -> pd.DataFrame:
    models = fit_models(read_points()).values()
    return pd.DataFrame([{**vars(model), "formula": model.formula()} for model in models])


def _scale_quality(request: Request) -> pd.DataFrame:
    return batch_quality(read_points())


def _scale_projection(request: Request) -> pd.DataFrame:
    points = read_points()
    return project(fit_models(points), middle(points), list(PROJECTED), request.memory * 10**9)


EXPORTS = (
    Export(
        "trade-off",
        "Trade-off",
        "quality and bytes read at every length and multiplier of the hash",
        _trade_off,
        ("ks", "metric", "times"),
        file=lambda request: f"tradeoff-{request.setting.hash}-{_metric(request)}-{request.k}.csv",
    ),
    Export(
        "cheapest",
        "Trade-off",
        "the cheapest length and multiplier within --loss % of exact search",
        _cheapest,
        ("ks", "metric", "loss", "times"),
    ),
    Export(
        "timing",
        "Timing",
        "times of every side, one query and batches, on one thread and on all",
        _timing,
        ("ks",),
        timed=True,
        file=lambda request: "benchmark.csv",
    ),
    Export(
        "equal-quality",
        "Timing",
        "the fastest setting that reaches 95 and 99 % of exact search's quality, beside its opponents",
        _equal_quality,
        ("ks", "metric"),
        timed=True,
        file=lambda request: "equal-quality.csv",
    ),
    Export(
        "scale",
        "Scale",
        "the measured points that ship: what galleries of up to 10 million images cost",
        _scale,
        file=lambda request: "scale.csv",
    ),
    Export("scale-models", "Scale", "the models through these points, with what they are off by", _scale_models),
    Export("scale-quality", "Scale", "what each search of a batch reaches at each size", _scale_quality),
    Export(
        "scale-projection",
        "Scale",
        "what the models say of 100 million and a billion images on machines of --memory GB",
        _scale_projection,
        ("memory",),
    ),
)
