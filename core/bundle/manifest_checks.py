"""The checks that a manifest is made of: kinds, names, arrays, files. All raise BadInput that names the place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar

from core.errors import BadInput
from core.runtime.allowed_paths import stays_inside
from core.runtime.shared_types import Json

FLOATS = ("float16", "float32")
INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "int64")
_DTYPES = (*FLOATS, *INTEGERS, "float64", "uint64", "bool")
_SHA256 = re.compile(r"[0-9a-f]{64}")
T = TypeVar("T")
_KIND_NAMES: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a whole number",
    float: "a number",
}


def check_array(
    spec: object, where: str, shape: Sequence[int | None] | None = None, dtypes: Sequence[str] = _DTYPES
) -> None:
    """BadInput unless `spec` describes an array of this shape (None: any length) and one of these dtypes."""
    spec = typed(spec, dict, where)
    sizes = get(spec, "shape", list, where)
    if not 1 <= len(sizes) <= 2 or any(type(size) is not int or size < 1 for size in sizes):
        raise BadInput(f"{where} has the shape {sizes}: expected one or two whole numbers above 0")
    if shape is not None and not fits(sizes, shape):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise BadInput(f"{where} has the shape {sizes}: expected [{wanted}]")
    dtype = get(spec, "dtype", str, where)
    if dtype not in dtypes:
        raise BadInput(f"{where} has the dtype '{dtype}': expected one of {', '.join(dtypes)}")
    parts = get(spec, "parts", list, where)
    for part in parts:
        check_file(part, where)
        if get(part, "rows", int, where) < 1:
            raise BadInput(f"{where} has a part of {part['rows']} rows: expected 1 or more")
    total = sum(part["rows"] for part in parts)
    if total != sizes[0]:
        raise BadInput(f"{where} has {total} rows in its parts: expected {sizes[0]}")


def check_file(entry: object, where: str) -> None:
    """BadInput unless `entry` names a file inside the bundle and its SHA-256."""
    entry = typed(entry, dict, where)
    file = get(entry, "file", str, where)
    if not stays_inside(file):
        raise BadInput(f"{where} names the file {file!r}: expected a path inside the bundle")
    if not _SHA256.fullmatch(get(entry, "sha256", str, where)):
        raise BadInput(f"{where} has no SHA-256 of 64 hexadecimal digits for '{file}'")


def typed(value: Any, kind: type[T], where: str) -> T:
    """`value` itself if it is of this kind, else BadInput."""
    # bool is an int in Python, but `true` in a manifest is no number
    fine = isinstance(value, (int, float) if kind is float else kind) and not isinstance(value, bool)
    if not fine:
        raise BadInput(f"{where} is {str(value)[:40]!r}: expected {_KIND_NAMES[kind]}")
    return value


def get(mapping: Json, key: str, kind: type[T], where: str) -> T:
    """The value of a key that must be there, of this kind."""
    if key not in mapping:
        raise BadInput(f"{where} has no '{key}': it is incomplete, make the bundle again")
    return typed(mapping[key], kind, f"{where}, {key}")


def optional(mapping: Json, key: str, kind: type[T], where: str) -> T | None:
    """The value of a key, None where it is missing or null."""
    return None if mapping.get(key) is None else typed(mapping[key], kind, f"{where}, {key}")


def fits(sizes: Sequence[int], shape: Sequence[int | None]) -> bool:
    """Whether sizes are those wanted (None: any)."""
    return len(sizes) == len(shape) and all(want in (None, size) for size, want in zip(sizes, shape, strict=True))


def check_names(values: list[Any], where: str) -> list[str]:
    """`values` itself if all are different, non-empty texts, at least one."""
    if not values or any(not isinstance(value, str) or not value for value in values):
        raise BadInput(f"{where}: expected a list of names, at least one and none empty")
    if len(set(values)) < len(values):
        double = next(value for value in values if values.count(value) > 1)
        raise BadInput(f"{where}: '{double}' is there twice")
    return values
