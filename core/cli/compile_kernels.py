"""Compile what the pages need before they need it; later starts find it in the folder of `core.runtime.kernel_folder`.

The real engine searches the shipped bundle with a few queries: whatever kernels there are, those of the pages are
compiled, for the types that the pages give them. What the first page needs comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

from core.api import bundle_from_arrays
from core.bundle.bundle import load_bundle
from core.engine.default_setting import choose_setting
from core.engine.engine import Engine
from core.engine.retrieval import retrieve
from core.errors import BadInput
from core.reports.distance_histograms import distance_histograms
from core.reports.overview import METRICS, Overview
from core.reports.query_analysis import score
from core.reports.tables import DEFAULT_SEARCHES, metric_rows
from core.runtime import kernel_folder
from core.settings import CURVE_DEPTH, K_DEFAULT, Setting, curve_ks
from core.timing.search_times import search_times
from core.tradeoff.grid import quality_grid

QUERIES, FEWER = 48, 16
ITEMS = 1200  # of the small gallery on which those hashes are fitted that do not ship: deeper than a curve, yet fast
Step = tuple[str, Callable[[], object]]
Report = Callable[[int, int, str], None]


def prepare(report: Report) -> None:
    """Run every step; `report` gets the steps done, all there are, and the name of the next.

    Raises BadInput without the shipped bundle.
    """
    engine = Engine(load_bundle())
    setting = choose_setting(engine.bundle, queries=QUERIES)
    first, rest = list(overview_steps(engine, setting)), list(other_steps(engine, setting))
    for done, (name, work) in enumerate([*first, *rest]):
        if done == len(first):
            kernel_folder.mark_complete(kernel_folder.OVERVIEW)
        report(done, len(first) + len(rest), name)
        with suppress(BadInput):  # a bundle that was made anew may lack a hash
            work()
    kernel_folder.mark_complete()
    report(len(first) + len(rest), len(first) + len(rest), "done")


def overview_steps(engine: Engine, setting: Setting) -> Iterator[Step]:
    """What the Overview needs of any setting but its times, which are measured once nothing more is compiled."""
    for search in DEFAULT_SEARCHES:
        yield f"{search} search", partial(_judge, engine, setting, search)
    yield "comparisons", partial(_compare, engine, setting)


def other_steps(engine: Engine, setting: Setting) -> Iterator[Step]:
    """What the other pages need, and the hashes whose codes are not compared by Hamming distance."""
    yield "times of one query", partial(search_times, engine, setting, K_DEFAULT, DEFAULT_SEARCHES, 1)
    ks = curve_ks(K_DEFAULT, CURVE_DEPTH)
    for search in DEFAULT_SEARCHES:
        yield f"curves of {search} search", partial(engine.curves, search, setting, ks, K_DEFAULT)
    yield "curves over ties", partial(engine.at(setting).expected_curves, ks)
    yield "distances", partial(distance_histograms, engine, setting)
    yield "trade-off", partial(quality_grid, engine, replace(setting, queries=FEWER), K_DEFAULT, [setting.bits], ["2"])
    yield "whole gallery", partial(metric_rows, engine, setting, DEFAULT_SEARCHES, [K_DEFAULT, "all"], None)
    yield "asymmetric search", partial(_judge, engine, replace(setting, hash="itq"), "asymmetric")
    yield "one list", partial(_retrieve, engine, setting)
    for name in ("kmeans", "pq", "rabitq"):
        yield f"hash {name}", partial(_fitted, engine, setting, name)


def _judge(engine: Engine, setting: Setting, search: str) -> None:
    engine.result(search, setting, [K_DEFAULT])


def _compare(engine: Engine, setting: Setting) -> None:
    Overview.of(engine.evaluate(setting, [K_DEFAULT]), METRICS, K_DEFAULT)


def _retrieve(engine: Engine, setting: Setting) -> None:
    score(engine, setting, retrieve(engine.at(setting), 0, K_DEFAULT, DEFAULT_SEARCHES))


def _fitted(engine: Engine, setting: Setting, name: str) -> None:
    """All of a hash that does not ship, on the first items of the gallery: they are enough to fit it."""
    task = engine.at(setting).task
    small = Engine(bundle_from_arrays(task.gallery[:ITEMS], task.gallery_labels[:ITEMS]))
    own = choose_setting(small.bundle, hash=name, queries=QUERIES)
    for search in DEFAULT_SEARCHES:
        _judge(small, own, search)
    search_times(small, own, K_DEFAULT, DEFAULT_SEARCHES, 1)
    distance_histograms(small, own)
