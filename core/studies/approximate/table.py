"""Approximate searches as a table: one row per index and search, this project's own searches first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.engine.experiment import Experiment
from core.engine.results import SearchResult
from core.metrics.intervals import compare
from core.search.kinds import search_kind
from core.studies.approximate.clients import ClientTimes
from core.studies.approximate.index_text import parameters_text
from core.studies.approximate.study import RERANKED, Measured, Study

Row = dict[str, object]
COUNTS = ("bits", "shortlist", "incomplete", "timed_requests", "errors")  # whole numbers, missing in some rows
RECALL = "overlap"  # the metric that recall of the exact top k is


def approximate_table(studies: Sequence[Study], at: Experiment, metrics: Sequence[str]) -> pd.DataFrame:
    """One row per search of studies of the setting `at`, all at one k; `metrics` are names, such as ap and ahp.

    Exact, hashed and Hamming search of this project come first, without times. `recall` is the share of the exact top k
    that is found; of recall and each metric there are `_low` and `_high`, the 95 % bootstrap interval, `_difference`,
    `_difference_low`, `_difference_high` and `_p`, paired with exact search on the same queries. Times are those of the
    fewest clients, `queries_per_s_N`, `median_ms_N`, `p95_ms_N` and `p99_ms_N` those of N.
    """
    k, exact = studies[0].k, studies[0].exact
    rows = [
        {
            **_name("local", "", None, own.search),
            **_setting(at, k, own.search, own.search == "hashed"),
            **_quality(own, exact, metrics, k),
        }
        for own in at.evaluate([k]).values()
    ]
    for each in studies:
        rows += [_row(each, found, at, metrics) for found in each.found]
    table = pd.DataFrame(rows)
    return table.astype({name: "Int64" for name in COUNTS if name in table})


def _row(each: Study, found: Measured, at: Experiment, metrics: Sequence[str]) -> Row:
    of = {"build_s": found.build_s, "incomplete": found.incomplete}
    return {
        **_name(each.engine, each.version, each, found.search, found),
        **_setting(at, each.k, "exact" if each.of == "vectors" else "hashed", found.search == RERANKED),
        **of,
        **_quality(found.result, each.exact, metrics, each.k),
        "round_trip_ms": each.round_trip_ms,
        **_times(found.clients),
    }


def _name(engine: str, version: str, of: Study | None, search: str, found: Measured | None = None) -> Row:
    return {
        "engine": engine,
        "version": version,
        "collection": of.of if of else "",
        "search": search,
        "index": found.index.kind if found else "",
        "build": parameters_text(found.index.build) if found else "",
        "parameters": parameters_text(found.index.search) if found else "",
    }


def _setting(at: Experiment, k: int, like: str, shortlisted: bool) -> Row:
    """What a search depends on of the setting, as one of this project's searches does."""
    setting, by_code = at.setting, search_kind(like).by_code
    return {
        "encoder": setting.encoder,
        "hash": setting.hash if by_code else "",
        "bits": at.bits if by_code else None,
        "multiplier": setting.multiplier if shortlisted else "",
        "protocol": setting.protocol,
        "hierarchy": setting.hierarchy,
        "queries": len(at.task.queries),
        "k": k,
        "shortlist": at.shortlist(k) if shortlisted else None,
    }


def _quality(result: SearchResult, exact: SearchResult, metrics: Sequence[str], k: int) -> Row:
    row: Row = {}
    for metric in (RECALL, *metrics):
        name = "recall" if metric == RECALL else metric
        values, (low, high) = result.at(metric, k), result.interval(metric, k)
        row |= {name: float(values.mean()), f"{name}_low": low, f"{name}_high": high}
        paired = compare(exact.at(metric, k), values)
        row |= {f"{name}_difference": paired.difference, f"{name}_difference_low": paired.low}
        row |= {f"{name}_difference_high": paired.high, f"{name}_p": paired.p_value}
    return row


def _times(clients: Sequence[ClientTimes]) -> Row:
    """The times of the fewest clients, then those of every number of them."""
    if not clients:
        return {}
    fewest = min(clients, key=lambda each: each.clients)
    row: Row = {f"{name}_ms": getattr(fewest, f"{name}_ms") for name in ("median", "p95", "p99")}
    row |= {f"queries_per_s_{each.clients}": each.queries_per_s for each in clients}
    for each in clients:
        if each is not fewest:
            row |= {f"{name}_ms_{each.clients}": getattr(each, f"{name}_ms") for name in ("median", "p95", "p99")}
    row["timed_requests"] = sum(each.queries for each in clients)
    row["errors"] = int(np.sum([each.errors for each in clients]))
    return row
