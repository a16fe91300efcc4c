"""What a notebook calls: a bundle in, tables of pandas out. The commands compute with the same functions."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.bundle.bundle import Bundle, load_bundle
from core.bundle.vectors import COSINE, check_similarity, comparable_rows
from core.datasets.array_checks import check_dimensions, check_embeddings
from core.datasets.arrays import import_arrays
from core.engine import retrieval
from core.engine.default_setting import choose_setting
from core.engine.engine import Engine
from core.errors import BadInput
from core.reports.tables import DEFAULT_SEARCHES, SUMMARY_KS, metric_rows, ordered_searches
from core.runtime.parallel import check_threads
from core.search.door import Vectors, no_exclusion
from core.search.local import LOCAL
from core.settings import check_k, parse_ks

Source = Engine | Bundle | str | Path | None


def evaluate(
    source: Source = None,
    k: int | str | Sequence[int | str] | None = None,
    searches: Sequence[str] = DEFAULT_SEARCHES,
    metrics: Sequence[str] | None = None,
    threads: int | None = None,
    **setting: Any,
) -> pd.DataFrame:
    """The metrics of one setting in long form, the rows and columns of `python -m core evaluate --out`.

    `source` is a bundle, its folder, None for the shipped one, or an Engine, which keeps what it has computed for
    the next call. `k` may hold 'all'; None stands for those of 1, 5, 100 and 250 that fit. `setting` are arguments of
    `choose_setting`: encoder, hash, bits, multiplier, protocol, hierarchy, seed, queries, near_duplicates. Raises
    BadInput.
    """
    engine = open_engine(source, threads)
    chosen = choose_setting(engine.bundle, **setting)
    if k is None:
        ks: list[int | str] = [each for each in SUMMARY_KS if each <= engine.at(chosen).task.size]
    else:
        ks = parse_ks(",".join(map(str, [k] if isinstance(k, int | Integral | str) else k)))
    return metric_rows(engine, chosen, searches, ks, metrics)


def retrieve(
    source: Source = None,
    query: int = 0,
    k: int = 10,
    searches: Sequence[str] = DEFAULT_SEARCHES,
    threads: int | None = None,
    **setting: Any,
) -> pd.DataFrame:
    """The top k of one query by each search, one row an item: that of `python -m core retrieve --out`.

    `query` is its place among the setting's queries; the rest is as in `evaluate`.
    """
    engine = open_engine(source, threads)
    chosen = choose_setting(engine.bundle, **setting)
    at = engine.at(chosen)
    check_k(k, at.task.size)
    found = retrieval.retrieve(at, query, k, ordered_searches(searches))
    return retrieval.to_table(found, at)


def rank(
    queries: np.ndarray, gallery: np.ndarray, k: int, similarity: str = COSINE, threads: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The k most similar rows of `gallery` float (N, d) for each of `queries` float (Q, d), exactly.

    Returns ids int32 (Q, k) and similarities float64 (Q, k), ordered by (similarity descending, index ascending).
    `similarity` is `cosine` or `inner-product`. Raises BadInput.
    """
    check_similarity(similarity)
    prepared = []
    for array, what in ((queries, "queries"), (gallery, "gallery")):
        array = np.asarray(array)
        check_embeddings(array.shape, array.dtype, what)
        prepared.append(comparable_rows([array], array.shape, what, similarity))
    check_dimensions(prepared[1].shape, prepared[0].shape)
    if not 1 <= k <= len(prepared[1]):
        raise BadInput(f"k {k} is outside 1 to {len(prepared[1])}, the rows of the gallery")
    asked, searched = prepared
    found = LOCAL.open_vectors(Vectors(searched)).rank(
        asked, no_exclusion(len(asked)), k, threads=check_threads(threads)
    )
    return found.ids, found.scores


def bundle_from_arrays(
    gallery_embeddings: np.ndarray,
    gallery_labels: np.ndarray,
    query_embeddings: np.ndarray | None = None,
    query_labels: np.ndarray | None = None,
    **options: Any,
) -> Bundle:
    """A bundle of arrays at hand, in a temporary folder that goes with it; `import_arrays` makes one that stays.

    Arguments, checks and errors are those of `import_arrays`.
    """
    folder = Path(tempfile.mkdtemp(prefix="bundle-"))
    try:
        import_arrays(folder / "arrays", gallery_embeddings, gallery_labels, query_embeddings, query_labels, **options)
        bundle = load_bundle(folder / "arrays")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(bundle, shutil.rmtree, folder, True)
    return bundle


def open_engine(source: Source = None, threads: int | None = None) -> Engine:
    """The engine of a bundle or of its folder; an engine is itself, with the threads that it was made with."""
    if isinstance(source, Engine):
        return source
    bundle = source if isinstance(source, Bundle) else load_bundle(source)
    return Engine(bundle, check_threads(threads))
