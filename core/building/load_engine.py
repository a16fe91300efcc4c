"""Galleries copied into an engine outside this process: a load that was stopped goes on, and no row is there twice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.building.gallery_parts import Part
from core.search.engines.collections import check_held, check_kind
from core.search.engines.engine import Collection, EngineError, SearchEngine

_COMPARED = 1000  # rows that are read back and compared with the bundle's
Progress = Callable[[int], object]  # is told how many more rows are there


def load_part(engine: SearchEngine, part: Part, progress: Progress) -> int:
    """Insert the rows of a collection that the engine lacks; returns how many those were.

    The whole is then checked: the number of rows, and a sample that is read back. EngineError where the engine fails,
    after which the same call goes on, and where it holds other data under that name.
    """
    wanted = part.collection
    held = engine.held(wanted.name)
    if held is not None:
        _check_may_go_on(engine, held, wanted)
    try:
        if held is None:
            engine.create(wanted)
        inserted = _insert_missing(engine, part, held is not None, progress)
        engine.finish(wanted)
    except EngineError as error:
        kept = f"the rows of '{wanted.name}' that are there stay, and the same command goes on from them"
        raise EngineError(f"{error}; {kept}") from error
    check_held(engine, wanted, part.rows, _COMPARED)
    return inserted


def drop_part(engine: SearchEngine, part: Part) -> bool:
    """Remove a collection, its indexes and rows; returns whether there was one."""
    there = engine.held(part.collection.name) is not None
    if there:
        engine.drop(part.collection.name)
    return there


def _check_may_go_on(engine: SearchEngine, held: Collection, wanted: Collection) -> None:
    """EngineError where what is there is no part of what is wanted."""
    check_kind(engine, held, wanted)
    if held.count > wanted.count:
        raise EngineError(
            f"collection '{wanted.name}' of {engine.name} holds {held.count:,} rows, more than the {wanted.count:,} of "
            "this bundle: drop it ('python -m core load --drop') and load it again"
        )


def _insert_missing(engine: SearchEngine, part: Part, ask: bool, progress: Progress) -> int:
    """Batch by batch; with `ask` the engine is asked which rows of each it has."""
    wanted, inserted = part.collection, 0
    for first in range(0, wanted.count, engine.rows):
        stop = min(first + engine.rows, wanted.count)
        ids = np.arange(first, stop)
        if ask:
            ids = np.setdiff1d(ids, engine.present(wanted, first, stop))
        if len(ids):
            engine.insert(wanted, ids, part.rows[ids])
        inserted += len(ids)
        progress(stop - first)
    return inserted
