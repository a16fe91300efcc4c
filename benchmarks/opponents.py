"""A whole evaluation of this project against the evaluators that the field uses, results checked equal.

    python benchmarks/opponents.py [--bundle DIR] [--runs 3] [--threads T] [--sample 500] [--out opponents.csv]

This project's evaluation: exact, hashed and Hamming search of all queries, every k to 250, every metric (those that
average over ties too), nothing cached; and again with the exact ranking there. Beside it a DeepHash-style evaluator
(full argsort and a Python loop per query; one search, one metric, one k) on all queries, and one in the style of
semantic-embeddings' script (mAHP@250 and AP) on a seeded sample, its time scaled up to all queries. Like is set
against like too: this project does each one's job alone, of the same queries. Each side has the same threads.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.bundle.bundle import Bundle, load_bundle
from core.engine.engine import Engine
from core.engine.whole_gallery import whole_result
from core.metrics.accumulate import judge_rankings
from core.metrics.registry import quotient_of
from core.reports.tables import DEFAULT_SEARCHES, curves_at, write_csv
from core.runtime.parallel import check_threads
from core.runtime.pinning import machine, pinned
from core.settings import Setting, curve_ks
from core.timing.opponents.contender import search_inputs
from core.timing.opponents.deephash import code_signs, deephash_ap
from core.timing.opponents.semantic_embeddings import semantic_embeddings_scores

K = 250
HERE = "this project: three searches, every k to 250, every metric"
AGAIN = "the same once the exact ranking is there, as after a move of a control"
EVERYTHING, HAMMING, EXACT = "everything", "Hamming, AP@k", "exact, AP and mAHP@k"  # jobs; each starts with its own
Row = tuple[str, str, int, float, float]  # what, its job, queries timed, seconds for all queries, largest difference


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--sample", type=int, default=500)
    parser.add_argument("--protocol", default="test-vs-test")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    bundle, threads = load_bundle(options.bundle), check_threads(options.threads)
    setting = Setting("semantic", "itq", 48, "2", options.protocol, bundle.defaults["hierarchy"])
    table = compare(bundle, setting, options.runs, threads, options.sample)
    print(f"{machine()}\n{options.protocol}, ITQ of 48 bits, {threads} threads, median of {options.runs}\n")
    for row in table.itertuples():
        scaled = "" if row.queries_timed == row.queries else f" (from {row.queries_timed} queries)"
        agrees = "" if np.isnan(row.difference) else f", largest difference {row.difference:.1e}"
        same = "" if row.job == EVERYTHING else f", {row.ratio_same_job:.1f}x its time for this job"
        ratios = f"{row.ratio:.1f}x this project's for all, {row.ratio_again:.1f}x with the exact ranking at hand"
        print(f"{row.evaluator}{scaled}: {row.seconds:.3f} s, {ratios}{same}{agrees}")
    if options.out:
        write_csv(table, options.out)


def compare(bundle: Bundle, setting: Setting, runs: int, threads: int, sample: int) -> pd.DataFrame:
    """One row an evaluator and job, this project's first in each: seconds for all queries, difference of results.

    `ratio` is to this project's time for everything, `ratio_again` to that with the exact ranking at hand,
    `ratio_same_job` to its time for the job.
    """
    rows = _here(bundle, setting, runs, threads)
    rows += _deephash(bundle, setting, runs, threads)
    rows += _semantic_embeddings(bundle, setting, runs, threads, sample)
    table = pd.DataFrame(rows, columns=["evaluator", "job", "queries_timed", "seconds", "difference"])
    count, seconds = len(Engine(bundle).at(setting).task.queries), table["seconds"]
    return table.assign(
        ratio=seconds / seconds[0],
        ratio_again=seconds / seconds[1],
        ratio_same_job=seconds / table.groupby("job")["seconds"].transform("first"),
        protocol=setting.protocol,
        queries=count,
        threads=threads,
    )


def _here(bundle: Bundle, setting: Setting, runs: int, threads: int) -> list[Row]:
    def work(engine: Engine) -> int:
        task = engine.at(setting).task
        for search in DEFAULT_SEARCHES:
            curves_at(engine, search, setting, curve_ks(K, task.size))
        return len(task.queries)

    def ranked(engine: Engine) -> None:
        engine.at(setting).rankings.exact(K, slice(None))

    return [
        (name, EVERYTHING, *_fresh(bundle, setting, runs, threads, work, before), np.nan)
        for name, before in ((HERE, lambda engine: None), (AGAIN, ranked))
    ]


def _fresh(
    bundle: Bundle,
    setting: Setting,
    runs: int,
    threads: int,
    work: Callable[[Engine], Any],
    before: Callable[[Engine], None],
) -> tuple[Any, float]:
    """As `_timed`, an engine of its own for each run: embeddings and codes are open, and what `before` does is done."""
    engines = [Engine(bundle, threads) for _ in range(runs + 1)]
    for engine in engines:
        engine.at(setting).open()
        before(engine)
    with pinned(threads):
        return _timed(lambda: work(engines.pop()), runs)


def _deephash(bundle: Bundle, setting: Setting, runs: int, threads: int) -> list[Row]:
    """As it is, and with a stable sort, whose values must be the engine's; ties leave the former undetermined."""
    engine = Engine(bundle, threads)
    k = min(K, engine.at(setting).task.size)
    inputs = search_inputs(engine, setting, k)
    signs = code_signs(inputs)
    expected = engine.result("hamming", setting, [k]).at("ap_hits", k)
    with pinned(threads):
        found, seconds = _timed(lambda: _own_hamming_ap(engine, setting, k), runs)
    alike = float(np.abs(found - expected).max())
    rows = [(f"this project: Hamming, AP@{k} alone", HAMMING, len(found), seconds, alike)]
    for name, stable in (("its own sort", False), ("a stable sort", True)):
        with pinned(threads):
            found, seconds = _timed(lambda stable=stable: deephash_ap(inputs, *signs, k, stable), runs)
        difference = float(np.abs(found - expected).max()) if stable else np.nan
        rows.append((f"DeepHash style, {name}: Hamming, AP@{k} alone", HAMMING, len(found), seconds, difference))
    return rows


def _own_hamming_ap(engine: Engine, setting: Setting, k: int) -> np.ndarray:
    """Found-only AP@k from one Hamming search: no exact ranking, so what this leaves of overlap means nothing."""
    task, judgements = engine.at(setting).task, engine.at(setting).judgements(k)
    ids = engine.at(setting).codes.rank(slice(None), k, task.exclude, engine.threads).ids
    sums = judge_rankings(ids, ids, judgements, np.array([k]), engine.threads)
    return quotient_of("ap_hits")(sums)[:, 0]


def _semantic_embeddings(bundle: Bundle, setting: Setting, runs: int, threads: int, sample: int) -> list[Row]:
    """Timed in its model's float32, the ideal sums at hand; in float64, untimed, its values must be the engine's."""
    engine = Engine(bundle, threads)
    count = len(engine.at(setting).task.queries)
    part = Setting(**{**vars(setting), "queries": min(sample, count)})
    task = engine.at(part).task
    k = min(K, task.size)
    similarity = bundle.hierarchy(setting.hierarchy).similarity()
    asked, ideal = range(len(task.queries)), {}
    with pinned(threads):
        ap, ahp = semantic_embeddings_scores(task, similarity, k, asked, np.float64, ideal)
        seconds = _timed(lambda: semantic_embeddings_scores(task, similarity, k, asked, ideal=ideal), runs)[1]

    def own(engine: Engine) -> list[np.ndarray]:
        whole = whole_result(engine.at(part), "exact").at("ap", task.size)
        return [whole, engine.result("exact", part, [k]).at("ahp_trapezoid", k)]

    found, own_seconds = _fresh(bundle, part, runs, threads, own, lambda engine: None)
    difference = max(float(np.abs(a - b).max()) for a, b in zip((ap, ahp), found, strict=True))
    asked_for = f"exact, AP of the whole ranking and mAHP@{k}"
    return [
        (f"this project: {asked_for}", EXACT, len(ap), own_seconds * count / len(ap), np.nan),
        (f"semantic-embeddings style: {asked_for}", EXACT, len(ap), seconds * count / len(ap), difference),
    ]


def _timed(work: Callable[[], Any], runs: int) -> tuple[Any, float]:
    """The result and the median seconds, after one run to warm up."""
    seconds = []
    for _ in range(runs + 1):
        started = perf_counter()
        result = work()
        seconds.append(perf_counter() - started)
    return result, median(seconds[1:])


if __name__ == "__main__":
    main()
