"""Run and qrels files in the formats of trec_eval, so that its figures can be set beside ours.

A run's score is depth minus rank: trec_eval sorts by score and breaks ties by document name, and no two are equal.
Format: https://github.com/usnistgov/trec_eval (README, `trec_eval -h`).
"""

from __future__ import annotations

from pathlib import Path

from core.engine.engine import Engine
from core.engine.evaluation import Progress
from core.engine.task import relevant_items
from core.runtime.atomic_file import whole_file
from core.runtime.parallel import blocks
from core.search.kinds import search_kind
from core.settings import Setting

_BLOCK_LINES = 500_000


def write_run(
    engine: Engine, setting: Setting, search: str, depth: int, path: str | Path, progress: Progress | None = None
) -> int:
    """Write the top `depth` of every query by one search; returns the number of lines.

    A line is `query Q0 document rank score tag`: ids are rows of the splits, ranks start at 1, the score is depth
    minus rank. The file appears once it is whole.
    """
    at = engine.at(setting)
    task = at.task
    tag = f"{search}-{setting.hash}-{setting.bits}" if search_kind(search).by_code else search
    with whole_file(path) as file:
        for rows in blocks(len(task.queries), max(1, _BLOCK_LINES // depth)):
            found = task.gallery_index[at.top_ids(search, depth, rows)]
            for query, documents in zip(task.query_index[rows], found, strict=True):
                lines = (
                    f"{query} Q0 {document} {rank} {depth - rank} {tag}\n" for rank, document in enumerate(documents, 1)
                )
                file.write("".join(lines).encode())
            if progress:
                progress(rows.stop / len(task.queries))
    return len(task.queries) * depth


def write_qrels(engine: Engine, setting: Setting, path: str | Path) -> int:
    """Write every relevant document of every query, `query 0 document 1` a line; returns the number of lines.

    Relevant are the gallery's items of the query's class but the one that it leaves out. Queries without any have no
    line: trec_eval leaves them out of its means (`-c` counts them as 0, as we do).
    """
    task, count = engine.at(setting).task, 0
    items_of = relevant_items(task)
    with whole_file(path) as file:
        for place, query in enumerate(task.query_index):
            relevant = task.gallery_index[items_of(place)]
            file.write("".join(f"{query} 0 {document} 1\n" for document in relevant).encode())
            count += len(relevant)
    return count
