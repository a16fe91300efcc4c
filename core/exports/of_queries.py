"""Tables of the Queries page: all queries, right and wrong, and what is returned instead."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.exports.export import Export
from core.exports.request import JUDGES, MAJORITY, SUPERCLASS, Request
from core.reports.confusion_table import agreement_table, confusion_table
from core.reports.query_analysis import CELLS, TopLabels, by_superclass, cells, query_table, top_labels, top_pairs

DEFINITIONS = ("map_metric", "mahp_metric")


def _by_query(request: Request) -> pd.DataFrame:
    engine, setting, k = request.engine, request.setting, request.k
    results = engine.evaluate(setting, [k], ("exact", "hashed"))
    metrics = (request.map_metric, request.mahp_metric)
    table = query_table(engine.bundle, engine.at(setting).task, results, k, metrics)
    return table.assign(cell=np.array(CELLS, dtype=object)[_cells(request, _both(request), request.judge)])


def _agreement(request: Request) -> pd.DataFrame:
    found = _both(request)
    return agreement_table({judge: _cells(request, found, judge) for judge in JUDGES})


def _both(request: Request) -> dict[str, TopLabels]:
    return {name: _top(request, name) for name in ("exact", "hashed")}


def _top(request: Request, search: str) -> TopLabels:
    return top_labels(request.engine, request.setting, search, request.k)


def _cells(request: Request, found: dict[str, TopLabels], judge: str) -> np.ndarray:
    field = "majority" if judge == MAJORITY else "first"
    labels = request.engine.at(request.setting).task.query_labels
    return cells(labels, *(getattr(found[name], field) for name in ("exact", "hashed")))


def _confusion(request: Request) -> pd.DataFrame:
    bundle = request.engine.bundle
    confusion = _top(request, request.search or "hashed").confusion
    if request.level != SUPERCLASS:
        return confusion_table(confusion, bundle.class_names)
    if bundle.superclass_of is None or bundle.superclass_names is None:
        raise BadInput(f"bundle '{bundle.name}' has no superclasses: take the level class")
    names = bundle.superclass_names
    return confusion_table(by_superclass(confusion, bundle.superclass_of, len(names)), names)


def _confused(request: Request) -> pd.DataFrame:
    bundle, search = request.engine.bundle, request.search or "hashed"
    other = "hashed" if search == "exact" else "exact"
    groups = bundle.superclass_of if bundle.superclass_names is not None else None
    found, base = (_top(request, name).confusion for name in (search, other))
    pairs = top_pairs(found, base, bundle.class_names, groups)
    return pairs if groups is not None else pairs.drop(columns="related")


EXPORTS = (
    Export(
        "by-query",
        "Queries",
        "one row a query: how exact and hashed search answer it, the loss, and the cell of right and wrong",
        _by_query,
        ("ks", *DEFINITIONS, "judge"),
    ),
    Export(
        "agreement",
        "Queries",
        "how many queries exact and hashed search answer right, by the image at rank 1 and by the majority",
        _agreement,
        ("ks",),
    ),
    Export(
        "confusion",
        "Queries",
        "which classes or superclasses come back for each, counted and as a share",
        _confusion,
        ("ks", "search", "level"),
    ),
    Export(
        "confused-classes",
        "Queries",
        "the classes most often returned instead, beside the other search's share",
        _confused,
        ("ks", "search"),
    ),
)
