"""What uploaded files hold, which of their columns are meant, and what keeps them from being imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from core.datasets.array_columns import Columns, find_column
from core.datasets.array_files import array_names
from core.datasets.array_intake import LOOKED
from core.datasets.array_preview import Preview, Seen, preview_arrays
from core.datasets.array_sources import fitting_names, split_counts
from core.errors import BadInput
from core.settings import BITS_RANGE
from dashboard.shared.refusals import worded
from dashboard.shared.uploads import ROLES, Upload

_NO_SPLIT = "(none)"


def usable(uploads: Mapping[str, Upload]) -> dict[str, Upload]:
    """The uploads of a kind that their role takes."""
    return {key: upload for key, upload in uploads.items() if upload.problem is None}


def choose_columns(uploads: Mapping[str, Upload]) -> Columns:
    """Controls for files that leave a choice; what they name."""
    good = usable(uploads)
    labels = good.get("gallery_labels", good.get("gallery_embeddings"))
    offered = {
        "embeddings": _candidates(good.get("gallery_embeddings"), "embeddings"),
        "labels": _candidates(labels, "labels"),
        "split": [] if "query_embeddings" in good else _split_candidates(good),
    }
    if len(offered["embeddings"]) < 2 and len(offered["labels"]) < 2 and not offered["split"]:
        return Columns()
    st.markdown("**Columns**")
    fields = st.columns(3)
    with fields[0]:
        embeddings = _choose("embeddings", good.get("gallery_embeddings"), offered["embeddings"])
    with fields[1]:
        named = _choose("labels", labels, offered["labels"])
    with fields[2]:
        return _choose_split(Columns(embeddings, named), good, offered["split"])


def look(uploads: Mapping[str, Upload], columns: Columns, similarity: str) -> Preview:
    """The preview of these files, made once; its messages name files as their owner does."""
    good = usable(uploads)
    key = (tuple((name, upload.path, upload.path.stat().st_mtime_ns) for name, upload in good.items()), columns)
    kept = st.session_state.get("your_data_looked")
    if kept is None or kept[0] != (key, similarity):
        preview = preview_files(good, columns, similarity)
        st.session_state["your_data_looked"] = kept = ((key, similarity), preview)
    broken = tuple(upload.problem for upload in uploads.values() if upload.problem)
    return replace(kept[1], problems=(*broken, *kept[1].problems))


def preview_files(uploads: Mapping[str, Upload], columns: Columns, similarity: str = "cosine") -> Preview:
    """What the files hold, each by its owner's name."""
    sources = {key: upload.file for key, upload in uploads.items() if upload.role.array is not None}
    texts: dict[str, Any] = {key: upload.file for key, upload in uploads.items() if upload.role.array is None}
    return preview_arrays(sources, columns, **texts, similarity=similarity)


def preview_table(files: Sequence[Seen]) -> pd.DataFrame:
    """One row a file and role."""
    return pd.DataFrame(
        {
            "for": ROLES[seen.key].label,
            "file": seen.source,
            "column": seen.column or "–",
            "shape": "–" if seen.shape is None else " × ".join(f"{size:,}" for size in seen.shape),
            "type": seen.dtype or "–",
            "classes": "–" if seen.classes is None else f"{seen.classes:,}",
            "length of rows": "–" if seen.norms is None else f"{seen.norms[0]:.3g} to {seen.norms[2]:.3g}",
            "state": "cannot be used" if seen.problem else "✓",
        }
        for seen in files
    )


def draw_preview(preview: Preview) -> None:
    """The files, their first rows, what is worth knowing and what is to be mended."""
    if preview.files:
        st.dataframe(preview_table(preview.files), hide_index=True, key="your_data_preview", alt="What the files hold")
        shown = [seen for seen in preview.files if seen.rows]
        if shown:
            with st.expander("First rows"):
                for seen in shown:
                    st.caption(f"{ROLES[seen.key].label}, {seen.source}")
                    st.code("\n".join(seen.rows), None)
            st.caption(f"Lengths are those of the first {LOOKED:,} rows; all rows are checked at the import.")
    for problem in preview.problems:
        st.warning(worded(problem), icon=":material/build:")
    for note in map(worded, preview.notes):
        st.caption(f":material/info: {note[0].upper()}{note[1:]}.")


def code_bits(files: Sequence[Seen]) -> tuple[int, int] | None:
    """The fewest and the most bits that uploaded codes can have; None without usable codes."""
    shape = next((seen.shape for seen in files if seen.key.endswith("_codes")), None)
    if shape is None or len(shape) != 2:
        return None
    least, most = max(BITS_RANGE[0], 8 * (shape[1] - 1) + 1), min(BITS_RANGE[1], 8 * shape[1])
    return (least, most) if least <= most else None


def _candidates(upload: Upload | None, kind: str) -> list[str]:
    return [] if upload is None else list(fitting_names(upload.path, kind))


def _split_candidates(uploads: Mapping[str, Upload]) -> list[str]:
    """Columns that may tell gallery from queries: few values, two at least."""
    found = []
    for key in ("gallery_embeddings", "gallery_labels"):
        for column in _candidates(uploads.get(key), "split"):
            if any(word in column.lower() for word in ("split", "subset", "fold", "partition", "set")):
                found.append(column)
    return list(dict.fromkeys(found))


def _choose(kind: str, upload: Upload | None, offered: list[str]) -> str | None:
    """One of several columns, at first the one that is taken where none is named."""
    if upload is None or len(offered) < 2:
        return None
    found = find_column(kind, None, array_names(upload.path) or offered, offered)
    index = offered.index(found) if found in offered else None
    key = f"your_data_column_{kind}_{'_'.join(offered)}"  # another file has a choice of its own
    return st.selectbox(f"Column of the {kind}", offered, index, key=key, placeholder="Choose a column")


def _choose_split(columns: Columns, uploads: Mapping[str, Upload], offered: list[str]) -> Columns:
    """The column that tells gallery from queries, and which of its values is which."""
    if not offered:
        return columns
    key = f"your_data_column_split_{'_'.join(offered)}"
    split = st.selectbox("Column that tells gallery from queries", [_NO_SPLIT, *offered], key=key)
    if split == _NO_SPLIT:
        return columns
    try:
        upload = next(upload for upload in uploads.values() if split in _candidates(upload, "split"))
        counts = split_counts(upload.file, split)
    except BadInput as error:
        st.warning(worded(error), icon=":material/build:")
        return columns
    values = list(counts)[:100]
    chosen = {}
    for side, usual, place in (("gallery", "train", 0), ("queries", "test", 1)):
        index = values.index(usual) if usual in values else min(place, len(values) - 1)
        chosen[side] = st.selectbox(
            f"Its value for the {side}", values, index, lambda value: f"{value} ({counts[value]:,} rows)",
            key=f"your_data_split_{side}_{split}",
        )  # fmt: skip
    return replace(columns, split=split, **chosen)
