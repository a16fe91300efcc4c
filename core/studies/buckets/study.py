"""The study of candidates: figures of every way to find them, by the published study's definitions beside ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.bundle.bundle import Bundle
from core.codes.codes import fit_split
from core.engine.engine import Engine
from core.engine.task import RetrievalTask
from core.errors import BadInput
from core.hashing.packing import pack, to_words
from core.metrics.intervals import Z95
from core.runtime.shared_types import Json
from core.search.buckets import rank_buckets
from core.search.door import PackedCodes
from core.settings import Setting
from core.studies.buckets.hash_tables import TableAnswers, judge_tables
from core.studies.buckets.lookups import (
    BUCKETS,
    EXACT,
    KMEANS,
    RANDOM,
    Bits,
    Keys,
    Lookup,
    cell_keys,
    code_bits,
    plane_keys,
    subset_keys,
)
from core.studies.buckets.published import DEEP, PROTOCOL, PUBLISHED, SHALLOW

MAP_FOUND = f"mAP@{DEEP} found-only"
ANSWERED, FILLED = "answered", f"{DEEP} found"
CANDIDATES, EXAMINED, KEY_COST = "candidates", "examined", "key products"
MAP, MARGIN = f"mAP@{DEEP}", f"mAP@{DEEP} ±"
THEIRS = (f"P@{SHALLOW} answered", f"P@{DEEP} answered", MAP_FOUND)
OURS = (f"P@{SHALLOW}", f"P@{DEEP}", MAP)
FIGURES = (*THEIRS, ANSWERED, FILLED, CANDIDATES, EXAMINED, KEY_COST, *OURS, MARGIN)
COLUMNS = (
    "origin", "data", "encoder", "method", "search", "parameters", "cells", "pca", "bits", "key bits", "tables",
    "protocol", "queries", *FIGURES,
)  # fmt: skip
WHOLE = ("cells", "pca", "bits", "key bits", "tables", "queries")
Progress = Callable[[float, str], object]


def study_setting(bundle: Bundle, encoder: str | None = None, protocol: str | None = None, **options: Any) -> Setting:
    """What is studied: `test-vs-train` where the bundle has it and no other protocol is named."""
    defaults = bundle.defaults
    usual = PROTOCOL if PROTOCOL in bundle.protocols else defaults["protocol"]
    chosen = encoder or defaults["encoder"]
    bundle.encoder_info(chosen)
    return Setting(chosen, RANDOM, defaults["bits"], "2", protocol or usual, defaults["hierarchy"], **options)


def bucket_study(
    engine: Engine, setting: Setting, rows: Sequence[Lookup], progress: Progress | None = None
) -> pd.DataFrame:
    """What was published, then each of `rows` on the encoder, protocol, queries and seed of the setting.

    `progress` hears the share that is done and what comes next. Raises BadInput for a gallery of fewer than 50.
    """
    finder = Finder(engine, setting)
    ours = []
    for place, lookup in enumerate(rows):
        if progress:
            progress(place / len(rows), f"{lookup.label}, {lookup.parameters}")
        answers, products = finder.answer(lookup)
        ours.append({**_told(lookup, engine, setting), **figures(answers, finder.task), KEY_COST: products})
    return pd.concat([published_rows(), _frame(ours)], ignore_index=True)


class Finder:
    """Answers lookups on one setting, and keeps the codes that several of them share."""

    def __init__(self, engine: Engine, setting: Setting) -> None:
        self.engine, self.setting, self.at = engine, setting, engine.at(setting)
        self.task, self.backend = self.at.task, self.at.shared.backend
        if self.task.size < DEEP:
            raise BadInput(f"the gallery has {self.task.size} images: the study judges the first {DEEP}, so give more")
        self._bits: dict[tuple[str, int], Bits] = {}

    def answer(self, lookup: Lookup) -> tuple[TableAnswers, float]:
        """The first 50 of each query's candidates, and what its keys or its code cost in inner products."""
        task, threads = self.task, self.engine.threads
        if lookup.search == EXACT:
            ids = self.at.rankings.exact(DEEP, slice(None))[:, :DEEP]
            return self._every(ids), 0.0
        if lookup.search == BUCKETS:
            keys = self.keys(lookup)
            found = rank_buckets(task.queries, task.gallery, keys.queries, keys.gallery, DEEP, task.exclude, threads)
            return TableAnswers(found[0], found[2], task.size), keys.products
        assert lookup.bits is not None  # of every search by code
        bits = self.bits(lookup.method, lookup.bits)
        self.backend.note("codes that the study makes for itself are searched in this process")
        codes = self.backend.open_codes(PackedCodes(lookup.bits, to_words(pack(bits.gallery))))
        ranked = codes.rank(to_words(pack(bits.queries)), task.exclude, DEEP, threads=threads, scores=False)
        return self._every(ranked.ids), bits.products

    def keys(self, lookup: Lookup) -> Keys:
        """The buckets of a lookup."""
        seed = self.setting.seed
        sides = self.task.queries, self.task.gallery
        if lookup.method == KMEANS:
            assert lookup.cells is not None  # of every k-means
            return cell_keys(self._features(), *sides, lookup.cells, lookup.pca, seed)
        assert lookup.key_bits is not None and lookup.tables is not None  # of every hash table
        if lookup.bits is None:
            return plane_keys(self._features(), *sides, lookup.key_bits, lookup.tables, seed)
        return subset_keys(self.bits(lookup.method, lookup.bits), lookup.key_bits, lookup.tables, seed)

    def bits(self, name: str, bits: int) -> Bits:
        """The codes of a hash, made once."""
        if (name, bits) not in self._bits:
            setting, sides = self.setting, (self.task.queries, self.task.gallery)
            self._bits[name, bits] = code_bits(self.engine.bundle, setting.encoder, name, bits, setting.seed, *sides)
        return self._bits[name, bits]

    def _features(self) -> np.ndarray:
        bundle = self.engine.bundle
        return bundle.embeddings(self.setting.encoder, fit_split(bundle))

    def _every(self, ids: np.ndarray) -> TableAnswers:
        return TableAnswers(ids, np.full(len(ids), self.task.size, np.int64), self.task.size)


def figures(answers: TableAnswers, task: RetrievalTask, ks: tuple[int, int] = (SHALLOW, DEEP)) -> dict[str, float]:
    """The figures of one way to find candidates at two k, the deeper one that of both kinds of mAP.

    The first three are the published study's: means over the queries that have a candidate, average precision
    divided by the hits found. The last ones are over all queries, one without a candidate counting 0.
    """
    shallow, deep = (judge_tables(answers, task, k) for k in ks)
    has = deep.answered
    margin = Z95 * deep.ap.std(ddof=1) / len(deep.ap) ** 0.5 if len(deep.ap) > 1 else np.nan
    values = (
        *(float(judged.precision[has].mean()) if has.any() else 0.0 for judged in (shallow, deep)),
        deep.answered_map,
        float(has.mean()),
        float((answers.candidates >= ks[1]).mean()),
        float(answers.candidates.mean()),
        answers.examined,
        np.nan,
        float(shallow.precision.mean()),
        float(deep.precision.mean()),
        float(deep.ap.mean()),
        float(margin),
    )
    return dict(zip(FIGURES, values, strict=True))


def published_rows() -> pd.DataFrame:
    """The published figures as rows of the table: those of the published definitions alone."""
    rows = []
    for row in PUBLISHED:
        shape = {"bits": row.bits, "key bits": row.key_bits, "tables": row.tables}
        values = dict(zip(THEIRS, (row.precision_10, row.precision_50, row.map_found), strict=True))
        told = {"origin": f"published, {row.source}", "data": row.data, "method": row.method, "search": BUCKETS}
        parameters = "" if row.tables is None else f"{row.tables} × {row.key_bits} bits"
        rows.append({**told, "parameters": parameters, "protocol": PROTOCOL, **shape, **values})
    return _frame(rows)


def _told(lookup: Lookup, engine: Engine, setting: Setting) -> Json:
    shape = {"cells": lookup.cells, "pca": lookup.pca, "bits": lookup.bits}
    return {
        "origin": "here", "data": engine.bundle.dataset, "encoder": setting.encoder, "method": lookup.label,
        "search": lookup.search, "parameters": lookup.parameters, "protocol": setting.protocol,
        "queries": len(engine.at(setting).task.queries), **shape, "key bits": lookup.key_bits, "tables": lookup.tables,
    }  # fmt: skip


def _frame(rows: list[Json]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(COLUMNS, object))
    return frame.astype({**dict.fromkeys(FIGURES, float), **dict.fromkeys(WHOLE, "Int64")})
