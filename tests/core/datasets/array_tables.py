"""Small .parquet files as data hubs have them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

KINDS = {
    "list": lambda value, width: pa.list_(value),
    "large": lambda value, width: pa.large_list(value),
    "fixed": lambda value, width: pa.list_(value, width),
}


def write_hub(path: Path, columns: dict, names: list[str] | None = None, rows: int = 7, kind: str = "fixed") -> Path:
    """A feature set: two-dimensional arrays become columns of lists; `names` those of ClassLabel column `label`."""
    made = {}
    for name, values in columns.items():
        if isinstance(values, np.ndarray) and values.ndim == 2:
            value = pa.from_numpy_dtype(values.dtype)
            made[name] = pa.array(list(values), KINDS[kind](value, values.shape[1]))
        else:
            made[name] = values if isinstance(values, pa.Array) else pa.array(values)
    table = pa.table(made)
    if names is not None:
        features = {"label": {"names": names, "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, path, row_group_size=rows)
    return path
