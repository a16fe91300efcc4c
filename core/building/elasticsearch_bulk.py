"""A gallery as files that Elasticsearch's own interface takes: the mapping of an index, and its documents in bulk.

A document is a row: its id, `vector`, and a field of packed bits for each code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.building.gallery_parts import Part
from core.bundle.vectors import COSINE
from core.errors import BadInput
from core.runtime.atomic_file import whole_file, write_whole

_ROWS = 1000  # that are turned to text at once
_MOST_DIMENSIONS = 4096  # of a `dense_vector`


def mapping_path(path: Path) -> Path:
    """Where the mapping of a bulk file stands: beside it."""
    return path.with_suffix(".mapping.json")


def write_bulk(
    path: Path,
    vectors: Part,
    codes: Sequence[tuple[str, Part]],
    similarity: str,
    made: str,
    progress: Callable[[int], object],
) -> None:
    """Write the documents to `path` and the mapping beside it, each whole or not at all.

    `codes` are fields' names with their parts; `similarity` is the bundle's; `made` says what the rows are of. The
    index takes the name of the collection of `vectors`. BadInput where a file cannot be written, and for more
    dimensions than Elasticsearch has.
    """
    body = _mapping(vectors, codes, similarity, made)
    with whole_file(path) as file:
        for first in range(0, vectors.collection.count, _ROWS):
            rows = slice(first, min(first + _ROWS, vectors.collection.count))
            file.write(_documents(rows, vectors, codes))
            progress(rows.stop - rows.start)
    write_whole((json.dumps(body, indent=2) + "\n").encode(), mapping_path(path))


def code_field(name: str, bits: int) -> str:
    """The field of a code.

    >>> code_field("random-hyperplane", 48)
    'code_random_hyperplane_48'
    """
    return f"code_{name.replace('-', '_')}_{bits}"


def _mapping(vectors: Part, codes: Sequence[tuple[str, Part]], similarity: str, made: str) -> dict[str, Any]:
    """The body of the request that makes the index. `flat` is compared with every row, so nothing is approximate."""
    dimensions = vectors.collection.width
    if dimensions > _MOST_DIMENSIONS:
        raise BadInput(
            f"vectors of {dimensions:,} dimensions are too long for Elasticsearch, whose dense_vector has at most "
            f"{_MOST_DIMENSIONS:,}: choose an encoder with fewer"
        )
    fields: dict[str, Any] = {
        "row": {"type": "integer"},  # what equal scores are ordered by: `_id` cannot be sorted by
        "vector": {
            **_dense("float", dimensions),
            "similarity": "dot_product" if similarity == COSINE else "max_inner_product",
        },
    }
    for field, part in codes:
        fields[field] = {**_dense("bit", part.collection.width), "similarity": "l2_norm"}  # the one that bits have
    return {"mappings": {"_meta": {"made": made}, "dynamic": "strict", "properties": fields}}


def _dense(element: str, width: int) -> dict[str, Any]:
    return {
        "type": "dense_vector",
        "element_type": element,
        "dims": width,
        "index": True,
        "index_options": {"type": "flat"},
    }


def _documents(rows: slice, vectors: Part, codes: Sequence[tuple[str, Part]]) -> bytes:
    """Two lines a row: what to do, and the document. Numbers are written so that each float32 is read as it was."""
    lines = []
    values = vectors.rows[rows].tolist()
    packed = [(field, np.ascontiguousarray(part.rows[rows])) for field, part in codes]
    for place, row in enumerate(range(rows.start, rows.stop)):
        document: dict[str, Any] = {"row": row, "vector": values[place]}
        for field, code in packed:
            document[field] = code[place].tobytes().hex()  # two digits a byte; Elasticsearch's bytes are signed
        lines.append(json.dumps({"index": {"_id": str(row)}}))
        lines.append(json.dumps(document, separators=(",", ":")))
    return ("\n".join(lines) + "\n").encode()
