"""Tables of one setting: its metrics, summary, queries, curves, the overview's comparison, and the setting itself."""

from __future__ import annotations

import shlex

import pandas as pd

from core.exports.export import Export
from core.exports.request import Request
from core.reports.curve_table import curve_table
from core.reports.difference_table import difference_table
from core.reports.overview import Overview
from core.reports.query_values import query_values
from core.reports.setting_text import command_words, settings_json
from core.reports.tables import SUMMARY_METRICS, metric_rows, summary_table
from core.settings import ALL, curve_ks

LIST_KS = (1, 5, 20, 100, 250)
DEFINITIONS = ("map_metric", "mahp_metric")


def _metrics(request: Request) -> pd.DataFrame:
    return metric_rows(request.engine, request.setting, ks=request.ks)


def _summary(request: Request) -> pd.DataFrame:
    engine, setting = request.engine, request.setting
    deepest = max((int(k) for k in request.ks if k != ALL), default=request.size)
    chosen = SUMMARY_METRICS if request.metrics is None else request.metrics
    return summary_table(
        engine,
        setting,
        ks=request.ks,
        metrics=chosen,
        encode_ms=engine.bundle.encoder_info(setting.encoder).get("encode_ms"),
        retrieval_ms=request.timer(setting, deepest) if request.timer else None,
    )


def _queries(request: Request) -> pd.DataFrame:
    return query_values(request.engine, request.setting, request.k, request.map_metric, request.mahp_metric)


def _curves(request: Request) -> pd.DataFrame:
    return curve_table(request.engine, request.setting, curve_ks(request.k, request.size))


def _overview(request: Request) -> pd.DataFrame:
    k = request.k
    metrics = (request.map_metric, request.mahp_metric, "overlap")
    return difference_table(Overview.of(request.engine.evaluate(request.setting, [k]), metrics, k).rows)


def evaluate_command(request: Request, output: str = "--out metrics.csv") -> str:
    """The command `evaluate` at a request's setting and k."""
    words = command_words(request.engine.bundle, request.setting)
    return f"{shlex.join(words)} --k {','.join(map(str, request.ks))} {output}"


def _settings(request: Request) -> str:
    definitions = (request.map_metric, request.mahp_metric)
    return settings_json(request.engine, request.setting, request.k, *definitions, evaluate_command(request))


EXPORTS = (
    Export(
        "metrics",
        "Export",
        "every metric at each k with its 95 % bootstrap interval, one row a value",
        _metrics,
        ("ks",),
        LIST_KS,
    ),
    Export(
        "summary",
        "Export",
        "one row a search: time of one query, then mAP and mAHP at each k",
        _summary,
        ("ks", "metrics"),
        LIST_KS,
        timed=True,
    ),
    Export(
        "queries",
        "Export",
        "one row a query: class, mAP, mAHP and hits at k by each search",
        _queries,
        ("ks", *DEFINITIONS),
    ),
    Export(
        "curves",
        "Export",
        "every metric at every k that the curves show, with 95 % normal bands",
        _curves,
        ("ks",),
    ),
    Export(
        "overview",
        "Overview",
        "hashed and Hamming search against exact search: means, paired differences, effect sizes",
        _overview,
        ("ks", *DEFINITIONS),
    ),
    Export(
        "settings",
        "Export",
        "what the figures are computed from, as JSON",
        _settings,
        ("ks", *DEFINITIONS),
        suffix="json",
    ),
)
