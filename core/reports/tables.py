"""Results as tables: the long metric table, one row a value, and the wide summary, one row a search."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from core.codes import codes as code_source
from core.codes.distances import distance_of
from core.engine.engine import Engine
from core.engine.evaluation import Progress
from core.engine.results import Curve, SearchResult
from core.engine.whole_gallery import can_judge, whole_result
from core.hashing.registry import get_hash
from core.metrics.intervals import bootstrap
from core.metrics.registry import METRICS, get_metric
from core.runtime.atomic_file import write_whole
from core.search.kinds import SEARCHES, search_kind
from core.settings import ALL, Setting, check_k, format_multiplier

COLUMNS = (
    "bundle", "encoder", "hash", "bits", "multiplier", "protocol", "hierarchy", "search", "k", "metric",
    "value", "ci_low", "ci_high", "queries", "version",
)  # fmt: skip
DEFAULT_SEARCHES = ("exact", "hashed", "hamming")
SUMMARY_KS = (1, 5, 100, 250)
SUMMARY_METRICS = ("ap", "ahp")
ENCODE_TIME, RETRIEVAL_TIME = "encode time (ms)", "retrieval time (ms)"


def metric_rows(
    engine: Engine,
    setting: Setting,
    searches: Sequence[str] = DEFAULT_SEARCHES,
    ks: Sequence[int | str] = SUMMARY_KS,
    metrics: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """The long table: mean and 95 % bootstrap interval of each metric at each k of each search.

    Rows come in the order of the registries whatever the order asked for: search, k ascending, metric. `metrics`
    None stands for all; those that a search does not have are left out of it, as is k `all` of hashed search.
    Raises BadInput for an unknown name, a hash that cannot be used and a k out of range.
    """
    metrics_of("hamming", metrics, setting.hash)  # refuses an unknown name before anything is computed
    size = engine.at(setting).task.size
    frames = [
        result_rows(engine, setting, evaluate_at(engine, search, setting, part, progress, metrics), part, metrics)
        for search in ordered_searches(searches)
        for part in _parts(search, ks, metrics)
        if numbers_of(search, part, size)
    ]
    return pd.concat(frames, ignore_index=True) if frames else _frame([])


def result_rows(
    engine: Engine,
    setting: Setting,
    result: SearchResult,
    ks: Sequence[int | str],
    metrics: Sequence[str] | None = None,
) -> pd.DataFrame:
    """The long table of one search that is at hand; it must have been judged at every k of `ks`."""
    hash_name, bits, multiplier = code_columns(engine, setting, result.search)
    numbers = numbers_of(result.search, ks, engine.at(setting).task.size)
    rows = []
    for k, number in numbers.items():
        for metric in metrics_of(result.search, metrics, setting.hash):
            values = np.ascontiguousarray(result.at(metric, number))
            low, high = bootstrap(values)
            rows.append(
                (
                    engine.bundle.name, setting.encoder, hash_name, bits, multiplier, setting.protocol,
                    setting.hierarchy, result.search, k, metric, values.mean(), low[0], high[0],
                    len(values), engine.bundle.version,
                )
            )  # fmt: skip
    return _frame(rows)


def summary_table(
    engine: Engine,
    setting: Setting,
    searches: Sequence[str] = DEFAULT_SEARCHES,
    ks: Sequence[int | str] = SUMMARY_KS,
    metrics: Sequence[str] = SUMMARY_METRICS,
    encode_ms: float | None = None,
    retrieval_ms: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """The wide table: one row a search with its times, then a column for each metric and k, such as `mAP@5`.

    `metrics` are the definitions shown, one for mAP and one for mAHP. Times that are not given, and what a search
    does not have (k `all` of hashed search), are empty.
    """
    size = engine.at(setting).task.size
    rows = []
    for search in ordered_searches(searches):
        row: dict[str, object] = {
            "search": search,
            ENCODE_TIME: encode_ms,
            RETRIEVAL_TIME: (retrieval_ms or {}).get(search),
        }
        numbers = numbers_of(search, ks, size)
        result = evaluate_at(engine, search, setting, ks) if numbers else None
        has = metrics_of(search, metrics, setting.hash, strict=False)
        for metric in metrics:
            for k in ks:
                value = result.mean(metric, numbers[k]) if result and metric in has and k in numbers else None
                row[f"{get_metric(metric).label}@{k}"] = value
        rows.append(row)
    frame = pd.DataFrame(rows)
    return frame.astype({name: float for name in frame.columns if name != "search"})


def evaluate_at(
    engine: Engine,
    search: str,
    setting: Setting,
    ks: Sequence[int | str],
    progress: Progress | None = None,
    metrics: Sequence[str] | None = None,
) -> SearchResult:
    """The result of a search at every k of a list that may hold `all`; `metrics` are those needed, None all."""
    at = engine.at(setting)
    if list(ks) == [ALL] and can_judge(search, metrics):
        averaged = any(METRICS[name].hamming_only for name in metrics or ())
        return whole_result(at, search, progress, averaged)
    numbers = numbers_of(search, ks, at.task.size)
    return engine.result(search, setting, sorted(set(numbers.values())), progress=progress)


def curves_at(
    engine: Engine, search: str, setting: Setting, ks: Sequence[int], metrics: Sequence[str] | None = None
) -> dict[str, Curve]:
    """The curves of a search over the numbers `ks`, of those of `metrics` (None: all) that it has, by name."""
    has = metrics_of(search, metrics, setting.hash)
    curves = engine.curves(search, setting, ks)
    if not curves.keys() >= set(has):
        curves = {**curves, **engine.at(setting).expected_curves(ks)}
    return {metric: curves[metric] for metric in has}


def _parts(search: str, ks: Sequence[int | str], metrics: Sequence[str] | None) -> list[Sequence[int | str]]:
    """The k of one search, the whole gallery apart where it need not be ranked for these metrics."""
    if ALL not in ks or not can_judge(search, metrics):
        return [ks]
    return [[k for k in ks if k != ALL], [ALL]]


def numbers_of(search: str, ks: Sequence[int | str], size: int) -> dict[int | str, int]:
    """Each k of a list as a number, ascending, `all` last: the gallery's size; not for hashed search."""
    numbers: dict[int | str, int] = {k: check_k(k, size) for k in sorted({k for k in ks if not isinstance(k, str)})}
    if ALL in ks and not search_kind(search).shortlisted:
        numbers[ALL] = size
    return numbers


def metrics_of(search: str, metrics: Sequence[str] | None, hash_name: str, strict: bool = True) -> list[str]:
    """The metrics, of those asked for, that a search with a hash has, in the registry's order.

    `strict` checks the names. Averages over ties are of Hamming search with whole distances alone.
    """
    for name in metrics or () if strict else ():
        get_metric(name)
    asked = METRICS if metrics is None else metrics
    tied = search_kind(search).tied and distance_of(hash_name).whole
    return [name for name, metric in METRICS.items() if name in asked and (tied or not metric.hamming_only)]


def ordered_searches(searches: Sequence[str]) -> list[str]:
    """The searches without repeats, in the registry's order; BadInput for an unknown one."""
    for search in searches:
        search_kind(search)
    return [search for search in SEARCHES if search in searches]


def code_columns(engine: Engine, setting: Setting, search: str) -> tuple[str | None, int | None, str | None]:
    """Hash, its true bits and multiplier, each None where it plays no part in the search."""
    get_hash(setting.hash)
    kind = search_kind(search)
    if not kind.by_code:
        return None, None, None
    bits = code_source.true_bits(engine.bundle, setting.encoder, setting.hash, setting.bits)
    return setting.hash, bits, format_multiplier(setting.multiplier) if kind.shortlisted else None


def to_csv(frame: pd.DataFrame, header: bool = True) -> str:
    """CSV text: shortest digits that give the same float again, `\\n` line ends on every system."""
    return frame.to_csv(index=False, header=header, lineterminator="\n")


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """The same table with every cell as the CSV has it, so that rows read from a file can join it unchanged."""
    return pd.read_csv(io.StringIO(to_csv(frame)), dtype=str, keep_default_na=False)


def write_csv(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table in one step: a stopped write leaves the old file, or none."""
    write_whole(to_csv(frame).encode(), path)


def _frame(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"bits": "Int64", "queries": "int64"})
