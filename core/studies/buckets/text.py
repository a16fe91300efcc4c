"""The study of candidates as text: for a terminal, or as Markdown for a README."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from core.studies.buckets.published import DEEP, DIFFERENCES, REPOSITORY
from core.studies.buckets.study import ANSWERED, CANDIDATES, COLUMNS, EXAMINED, FIGURES, FILLED, KEY_COST

DIFFERENCES_TITLE = "What the published study's code does otherwise than its text says, or than is done here:"
MEANING = (
    f"'answered' and 'found-only' are the published definitions: queries without a candidate are left out, and average "
    f"precision is divided by the hits among the first {DEEP}. The last columns are over all queries, one without a "
    f"candidate counting 0, and mAP@{DEEP} divided by min(R, {DEEP}), with half its 95 % interval. '{CANDIDATES}' are "
    f"the images ranked exactly, a mean over queries ('{EXAMINED}': as a share of the gallery; by Hamming ranking the "
    f"codes compared); '{KEY_COST}' what finding a query's buckets or code costs, in inner products of embeddings."
)
EMPTY = "–"
_WHOLE = (CANDIDATES, KEY_COST)
_PERCENT = (ANSWERED, FILLED, EXAMINED)


def as_text(table: pd.DataFrame) -> str:
    """The table in aligned columns, one part for what is published and one for ours, then the differences."""
    parts = [f"{heading}\n{rows.to_string(index=False)}" for heading, rows in sections(table)]
    return "\n\n".join([*parts, MEANING, "\n".join([DIFFERENCES_TITLE, *(f"- {line}" for line in DIFFERENCES)])])


def as_markdown(table: pd.DataFrame) -> str:
    """The same as Markdown, with a link to what is quoted."""
    parts = [f"{heading}\n\n{_markdown(rows)}" for heading, rows in sections(table)]
    quoted = f"Published figures: [the study's repository]({REPOSITORY}), its README and the outputs of its notebooks."
    return "\n\n".join([*parts, MEANING, quoted, DIFFERENCES_TITLE, "\n".join(f"- {line}" for line in DIFFERENCES)])


def sections(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """A heading and the rows as texts, of what is published and of ours; columns that hold nothing are left out."""
    here = table["origin"] == "here"
    if (~here).any():
        yield "Published, by its own definitions", readable(table[~here], ("method", "data", "parameters", "origin"))
    if here.any():
        first = table[here].iloc[0]
        yield (
            f"{first['data']}, encoder {first['encoder']}, {first['protocol']}, {first['queries']:,} queries",
            readable(table[here], ("method", "parameters")),
        )


def readable(rows: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Some columns of names and all figures that there are, as texts."""
    shown = {name: rows[name].fillna("").replace("", EMPTY).astype(str).tolist() for name in names}
    for name in COLUMNS:
        if name in FIGURES and rows[name].notna().any():
            shown[name] = [EMPTY if pd.isna(value) else _cell(name, float(value)) for value in rows[name]]
    return pd.DataFrame(shown)


def _cell(name: str, value: float) -> str:
    if name in _PERCENT:
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if name in _WHOLE else f"{value:.4f}"


def _markdown(rows: pd.DataFrame) -> str:
    figures = [name for name in rows.columns if name in FIGURES]
    rule = ["---:" if name in figures else "---" for name in rows.columns]
    lines = [list(rows.columns), rule, *rows.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
