"""Tables of the Curves page: the lines drawn, paired differences from pins, classes, the literature's figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from core.bundle.bundle import load_bundle
from core.codes.distances import distance_of
from core.codes.hamming import HammingPair
from core.engine.engine import Engine
from core.engine.nearest_setting import nearest_setting
from core.errors import BadInput, unknown_name
from core.exports.export import Export
from core.exports.request import SUPERCLASS, Request
from core.hashing.registry import get_hash
from core.metrics.intervals import compare
from core.metrics.registry import get_metric
from core.reports import literature
from core.reports.class_means import by_group
from core.reports.curve_lines import (
    MORE_METRICS,
    Line,
    bundle_lines,
    control_lines,
    line_table,
    pin_lines,
    setting_lines,
)
from core.reports.difference_table import paired_table
from core.reports.figures.style import CONTROL_LOOKS
from core.reports.pins import Pin, parse_one

DEFINITIONS = ("map_metric", "mahp_metric")


def _drawn(request: Request) -> pd.DataFrame:
    hash_name = request.setting.hash
    if request.ties and not distance_of(hash_name).whole:
        raise BadInput(f"hash '{hash_name}' has hardly any equal code distances: leave averaged ties out")
    if request.asymmetric and not get_hash(hash_name).asymmetric:
        raise BadInput(f"hash '{hash_name}' has no real values to search by: leave asymmetric search out")
    for name in request.controls:
        if name not in CONTROL_LOOKS:
            raise unknown_name("control", name, CONTROL_LOOKS)
    at = (request.engine, request.setting, request.k)
    lines = setting_lines(*at, request.asymmetric, request.ties)
    lines += [*control_lines(*at, request.controls), *pin_lines(*at, _pins(request)), *_others(request)]
    return line_table(lines, [request.map_metric, request.mahp_metric, request.metric or MORE_METRICS[0]])


def _others(request: Request) -> list[Line]:
    """Lines of other bundles, each at the setting nearest to the request's and at a k within its gallery."""
    lines = []
    for text in request.beside:
        name, _, path = text.partition("=")
        engine = Engine(load_bundle(path), request.engine.threads, backend=request.engine.backend)
        setting = nearest_setting(engine.bundle, request.setting)
        lines += bundle_lines(name, engine, setting, min(request.k, engine.at(setting).task.size))
    return lines


def _pins(request: Request) -> list[Pin]:
    return [parse_one(text, request.engine.bundle) for text in request.pins]


def _differences(request: Request) -> pd.DataFrame:
    if not request.pins:
        raise BadInput("nothing to compare with: pin a setting, such as itq-48-2")
    k, engine = request.k, request.engine

    def values(pin: Pin | None, metric: str) -> np.ndarray:
        setting = pin.setting(request.setting) if pin else request.setting
        return engine.result("hashed", setting, [k]).at(metric, k)

    return paired_table(
        (
            pin.label(engine.bundle),
            f"{get_metric(metric).label}@{k}",
            compare(values(pin, metric), values(None, metric)),
        )
        for pin in _pins(request)
        for metric in (request.map_metric, request.mahp_metric)
    )


def _classes(request: Request) -> pd.DataFrame:
    engine, k, metric = request.engine, request.k, request.metric or request.map_metric
    groups, names = class_groups(request)
    exact, hashed = (engine.result(search, request.setting, [k]).at(metric, k) for search in ("exact", "hashed"))
    return by_group(exact, hashed, groups, names).assign(metric=f"{metric}@{k}")


def class_groups(request: Request) -> tuple[np.ndarray, Sequence[str]]:
    """The class or superclass of each query, int (Q,), and the names of all; BadInput without superclasses."""
    bundle, labels = request.engine.bundle, request.engine.at(request.setting).task.query_labels
    if request.level != SUPERCLASS:
        return labels, bundle.class_names
    if bundle.superclass_of is None or bundle.superclass_names is None:
        raise BadInput(f"bundle '{bundle.name}' has no superclasses: take the level class")
    return bundle.superclass_of[labels], bundle.superclass_names


def _radius(request: Request) -> pd.DataFrame:
    return literature.radius_table(literature.radius_lookup(request.engine, request.setting))


def _precision_recall(request: Request) -> pd.DataFrame:
    engine, setting = request.engine, replace(request.setting, multiplier="1")  # neither search depends on it
    parts = []
    if isinstance(engine.at(setting).codes, HammingPair):
        parts.append(literature.precision_recall_table("radius", {"hamming": literature.by_radius(engine, setting)}))
    whole = {search: literature.by_count(engine, search, setting) for search in ("exact", "hamming")}
    return pd.concat([*parts, literature.precision_recall_table("returned", whole)], ignore_index=True)


EXPORTS = (
    Export(
        "curves-drawn",
        "Curves",
        "every line of the Curves page at each of its k: mAP, mAHP and one other metric, with 95 % normal bands",
        _drawn,
        ("ks", *DEFINITIONS, "metric", "controls", "ties", "asymmetric", "pins", "beside"),
    ),
    Export(
        "differences",
        "Curves",
        "hashed search of the setting less that of each pinned one, paired by query",
        _differences,
        ("ks", *DEFINITIONS, "pins"),
    ),
    Export(
        "classes",
        "Curves",
        "mean of a metric over the queries of each class or superclass, exact and hashed search",
        _classes,
        ("ks", "map_metric", "metric", "level"),
    ),
    Export("radius", "Curves", "the literature's precision and mAP within Hamming radius 2", _radius),
    Export(
        "precision-recall",
        "Curves",
        "the literature's precision and recall by radius, and over the number returned to the whole gallery",
        _precision_recall,
    ),
)
