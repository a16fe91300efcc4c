"""Times at scale: one query on one thread, a batch on all threads, side by side, checked, with the peak memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

import numpy as np

from core.bundle.hierarchy import Hierarchy
from core.engine.results import SearchResult
from core.metrics.accumulate import judge_rankings
from core.metrics.ideal import ideal_rows
from core.metrics.tables import Judgements
from core.runtime.pinning import pinned
from core.scale.memory import peak_mb, reset_peak
from core.scale.points import BATCH, EVALUATION, EXACT_SIDES, QUERY, Point
from core.scale.trial import (
    Coded,
    Trial,
    batch_sides,
    exact_sides,
    hashed_side,
    plain_exact,
    plain_hashed,
)
from core.settings import parse_multiplier, shortlist_size
from core.timing.opponents.checks import same_similarities
from core.timing.opponents.contender import SearchOne

CHECKED = 8  # queries whose ids are compared with the plain search's


@dataclass(frozen=True)
class Effort:
    """How long to measure: fewest and most runs of a query, seconds for a point's queries and for a side's batches."""

    runs: tuple[int, int] = (5, 200)
    query_seconds: float = 8.0
    batch_runs: int = 3
    batch_seconds: float = 12.0


def time_queries(
    trial: Trial, coded: Coded, curve: str, k: int, multiplier: str, sides: tuple[str, ...], effort: Effort
) -> list[Point]:
    """One query on one thread, from its embedding on: the sides in turn, in an order that turns.

    Before each timed call the same side answers another query, untimed, so that it finds the caches as if it ran
    alone. `sides` are of `EXACT_SIDES` and `hashed`; the stages of hashed search are points of their own.
    """
    shortlist = shortlist_size(parse_multiplier(multiplier), k, len(trial.gallery))
    every = exact_sides(trial, k) | {"hashed": hashed_side(trial, coded, shortlist, k)}
    order = np.random.default_rng(0).integers(0, len(trial.queries), effort.runs[1] + 1)
    taken: dict[str, list[dict[str, int]]] = {name: [] for name in sides}
    with pinned(1):
        equal = _checked(trial, coded, shortlist, k, {name: every[name] for name in sides})
        started = perf_counter_ns()
        for run in range(effort.runs[1]):
            for name in sides[run % len(sides) :] + sides[: run % len(sides)]:
                every[name](int(order[run]))
                taken[name].append(every[name](int(order[run + 1]))[1])
            if run + 1 >= effort.runs[0] and perf_counter_ns() - started > 1e9 * effort.query_seconds:
                break
    points = []
    for name, stages in taken.items():
        given = (curve, name, *_shape(trial, coded, name, multiplier, shortlist, k), 1, 1)
        points.append(_point(QUERY, given, [sum(each.values()) for each in stages], equal[name]))
        if name == "hashed":
            for stage in stages[0]:
                points.append(_point(f"{QUERY}:{stage}", given, [each[stage] for each in stages], equal[name]))
    return points


def time_batch(
    trial: Trial, coded: Coded, k: int, multiplier: str, threads: int, hierarchy: Hierarchy, effort: Effort
) -> list[Point]:
    """All queries on all threads: each side's time, quality and peak memory; then the whole evaluation, once.

    A first call warms up; where it alone takes longer than the effort allows, it is the measured one. The metrics are
    computed once untimed before the evaluation. faiss is left out above `FAISS_BATCH` rows (`batch_sides`).
    """
    shortlist = shortlist_size(parse_multiplier(multiplier), k, len(trial.gallery))
    sides = batch_sides(trial, coded, shortlist, k, threads)
    found: dict[str, np.ndarray] = {}
    taken: dict[str, list[int]] = {}
    peaks: dict[str, float | None] = {}
    with pinned(threads):
        for name, side in sides.items():
            reset_peak()
            times: list[int] = []
            while len(times) <= effort.batch_runs and sum(times) <= 1e9 * effort.batch_seconds:
                started = perf_counter_ns()
                found[name] = side()
                times.append(perf_counter_ns() - started)
            taken[name], peaks[name] = times[1:] or times, peak_mb()
        _judge(trial, found["hashed"], found["exact-chunked"], k, hierarchy, threads)
        reset_peak()
        started = perf_counter_ns()
        exact, hashed = sides["exact-chunked"](), sides["hashed"]()
        quality = {
            name: _judge(trial, ids, exact, k, hierarchy, threads)
            for name, ids in (("exact", exact), ("hashed", hashed))
        }
        whole, whole_peak = perf_counter_ns() - started, peak_mb()
    reference = {"exact-chunked": exact, "exact-faiss": exact, "hashed": hashed}
    rows = slice(0, CHECKED)
    plain = {"exact": plain_exact(trial, rows, k), "hashed": plain_hashed(trial, coded, rows, shortlist, k)}
    right = {kind: np.array_equal(ids[rows], plain[kind]) for kind, ids in (("exact", exact), ("hashed", hashed))}
    points = []
    for name, times in taken.items():
        given = ("n", name, *_shape(trial, coded, name, multiplier, shortlist, k), len(trial.queries), threads)
        same = all(same_similarities(trial, q, found[name][q], reference[name][q]) for q in range(len(trial.queries)))
        kind = "hashed" if name == "hashed" else "exact"
        points.append(_point(BATCH, given, times, same and right[kind], (*quality[kind], peaks[name])))
    given = ("n", "exact-chunked and hashed", *_shape(trial, coded, "hashed", multiplier, shortlist, k))
    given = (*given, len(trial.queries), threads)
    points.append(_point(EVALUATION, given, [whole], all(right.values()), (None, None, None, whole_peak)))
    return points


def _checked(trial: Trial, coded: Coded, shortlist: int, k: int, sides: Mapping[str, SearchOne]) -> dict[str, bool]:
    """Whether each side's first answers are the plain search's; this project's own bit for bit."""
    rows = slice(0, min(CHECKED, len(trial.queries)))
    exact = plain_exact(trial, rows, k) if set(sides) & set(EXACT_SIDES) else None
    equal = {}
    for name, side in sides.items():
        expected = plain_hashed(trial, coded, rows, shortlist, k) if name == "hashed" else exact
        assert expected is not None  # there is an exact side
        answers = [side(q)[0] for q in range(rows.stop)]
        if name in ("hashed", "exact-chunked"):
            equal[name] = all(np.array_equal(a, b) for a, b in zip(answers, expected, strict=True))
        else:
            equal[name] = all(
                same_similarities(trial, q, a, b) for q, (a, b) in enumerate(zip(answers, expected, strict=True))
            )
    return equal


def _judge(
    trial: Trial, ids: np.ndarray, exact: np.ndarray, k: int, hierarchy: Hierarchy, threads: int
) -> tuple[float, float, float]:
    """Mean overlap with the exact top k, ap and ahp at k."""
    similarity = hierarchy.similarity()
    counts = np.bincount(trial.labels, minlength=len(similarity))
    classes = np.arange(len(similarity))
    # More than k items of a class are as good as k to these three, and rows of 10 million are left unmade.
    ideal = ideal_rows(similarity, np.minimum(counts, k), k, classes, np.full(len(classes), -1))
    judgements = Judgements(trial.query_labels, trial.labels, similarity, ideal)
    ids, exact = (np.ascontiguousarray(array, np.int32) for array in (ids, exact))
    result = SearchResult("exact", judge_rankings(ids, exact, judgements, np.array([k]), threads))
    return result.mean("overlap", k), result.mean("ap", k), result.mean("ahp", k)


def _shape(trial: Trial, coded: Coded, side: str, multiplier: str, shortlist: int, k: int) -> tuple[Any, ...]:
    """n, dimensions, bits, multiplier, k and shortlist of a point."""
    hashed = side not in EXACT_SIDES
    codes = (coded.bits, multiplier) if hashed else (None, "")
    return (*trial.gallery.shape, *codes, k, shortlist if hashed else None)


def _point(
    work: str, given: tuple[Any, ...], nanoseconds: list[int], equal: bool, quality: tuple[Any, ...] = ()
) -> Point:
    curve, *rest = given
    median, p95 = np.percentile(np.array(nanoseconds) / 1e6, [50, 95])
    values: list[Any] = [curve, work, *rest, float(median), float(p95), len(nanoseconds), equal, *quality]
    return Point(*values)
