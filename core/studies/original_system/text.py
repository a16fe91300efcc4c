"""The source system's table as text: for a terminal, or as Markdown for a README."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from core.reports.tables import ENCODE_TIME, RETRIEVAL_TIME
from core.studies.original_system.published import DIFFERENCES, HIERARCHY, REPORT, REPOSITORY
from core.studies.original_system.table import FIGURES, HONEST_PROTOCOL

DIFFERENCES_TITLE = "What the source system's code did otherwise than its text says, or than is done here:"
EMPTY = "–"


def as_text(table: pd.DataFrame) -> str:
    """The table in aligned columns, one part a protocol, then the differences."""
    parts = [f"{heading}\n{rows.to_string(index=False)}" for heading, rows in sections(table)]
    return "\n\n".join([*parts, "\n".join([DIFFERENCES_TITLE, *(f"- {line}" for line in DIFFERENCES)])])


def as_markdown(table: pd.DataFrame) -> str:
    """The same as Markdown, with links to what is quoted."""
    parts = [f"{heading}\n\n{_markdown_table(rows)}" for heading, rows in sections(table)]
    quoted = f"Published figures: README and report ({REPORT}) of [the source system]({REPOSITORY})."
    return "\n\n".join([*parts, quoted, DIFFERENCES_TITLE, "\n".join(f"- {line}" for line in DIFFERENCES)])


def sections(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """A heading and the rows of each protocol as texts; columns that hold nothing are left out."""
    for protocol, rows in table.groupby("protocol", sort=False):
        yield _heading(str(protocol), rows), _readable(rows)


def _heading(protocol: str, rows: pd.DataFrame) -> str:
    if protocol == HONEST_PROTOCOL:
        how = f"The same embeddings and codes without the query in the gallery (`{protocol}`)"
        divisor = "min(R, k)"
    else:
        how = f"The source system's protocol (`{protocol}`) and definitions"
        divisor = "k"
    ap, ahp = rows["mAP is"].iloc[0], rows["mAHP is"].iloc[0]
    return f"{how}: mAP@k divided by {divisor} (`{ap}`), mAHP@k the plain mean (`{ahp}`), hierarchy `{HIERARCHY}`"


def _readable(rows: pd.DataFrame) -> pd.DataFrame:
    shown = pd.DataFrame(
        {
            "system": [row.origin if row.origin != "here" else row.encoder for row in rows.itertuples()],
            "search": [_search(row) for _, row in rows.iterrows()],
        }
    )
    columns = [name for name in (ENCODE_TIME, RETRIEVAL_TIME, *FIGURES) if rows[name].notna().any()]
    for name in columns:
        form = "{:.4f}" if name in FIGURES else "{:.3g}"
        shown[name] = [EMPTY if pd.isna(value) else form.format(value) for value in rows[name]]
    return shown


def _search(row: pd.Series) -> str:
    if row["search"] == "exact":
        return "exact"
    return f"{row['hash']}, {row['bits']} bits, shortlist {row['shortlist']}"


def _markdown_table(rows: pd.DataFrame) -> str:
    rule = ["---", "---", *["---:"] * (rows.shape[1] - 2)]
    lines = [list(rows.columns), rule, *rows.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
