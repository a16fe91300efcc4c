"""manifest.json: what a bundle holds. Parsed and checked before any array is opened.

An array is `{"shape", "dtype", "parts": [{"file", "rows", "sha256"}]}`, any other file `{"file", "sha256"}`.
Unknown keys are left alone, so that a later writer of the same format version may add some.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import numpy as np

from core.errors import BadInput

FORMAT_VERSION = 1
NAME = "manifest.json"
FLOATS = ("float16", "float32")
INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "int64")
_DTYPES = (*FLOATS, *INTEGERS, "float64", "uint64", "bool")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KIND_NAMES = {dict: "an object", list: "a list", str: "a text", int: "a whole number", float: "a number"}


def parse(data: bytes, source: str = NAME) -> dict:
    """The checked manifest in `data`; BadInput where it is not JSON, of another version or incomplete."""
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{source} is not JSON ({error}): it is altered or incomplete, make the bundle again") from error
    return validate(manifest, source)


def dump(manifest: dict) -> bytes:
    """UTF-8 JSON of a checked manifest: the same bytes for the same content."""
    validate(manifest)
    try:
        return (json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    except (TypeError, ValueError) as error:
        raise BadInput(f"{NAME} cannot be written as JSON: {error}") from error


def validate(manifest: object, source: str = NAME) -> dict:
    """`manifest` itself if every key, type and shape fits; else BadInput naming the place."""
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise BadInput(f"{source} is no bundle's manifest: it has no 'format'")
    found = manifest["format"]
    if type(found) is not int or found != FORMAT_VERSION:
        raise BadInput(f"{source} has format {found!r}, this program reads {FORMAT_VERSION}: make the bundle again")
    _get(manifest, "dataset", str, source)
    _get(manifest, "made", dict, source)
    _check_classes(manifest, source)
    counts = _check_splits(_get(manifest, "splits", dict, source), source)
    for name, entry in _get(manifest, "hierarchies", dict, source).items():
        check_file(entry, f"{source}, hierarchies.{name}")
    for name, entry in _get(manifest, "encoders", dict, source).items():
        _check_encoder(entry, counts, f"{source}, encoders.{name}")
    _check_hashes(manifest, counts, source)
    _names(_get(manifest, "protocols", list, source), f"{source}, protocols")
    _check_defaults(manifest, source)
    return manifest


def array_specs(manifest: dict) -> Iterator[dict]:
    """Every array that a manifest names, in its order."""
    yield from (node for node in _walk(manifest) if "parts" in node)


def plain_files(manifest: dict) -> Iterator[dict]:
    """Every other file that a manifest names: trees, weights."""
    yield from (node for node in _walk(manifest) if "parts" not in node)


def files(manifest: dict) -> Iterator[dict]:
    """Every `{"file", "sha256"}` of a manifest, parts of arrays and other files."""
    for node in _walk(manifest):
        yield from node.get("parts", [node])


def check_array(
    spec: object, where: str, shape: Sequence[int | None] | None = None, dtypes: Sequence[str] = _DTYPES
) -> None:
    """BadInput unless `spec` describes an array of this shape (None: any length) and one of these dtypes."""
    spec = _typed(spec, dict, where)
    sizes = _get(spec, "shape", list, where)
    if not 1 <= len(sizes) <= 2 or any(type(size) is not int or size < 1 for size in sizes):
        raise BadInput(f"{where} has the shape {sizes}: expected one or two whole numbers above 0")
    if shape is not None and not _fits(sizes, shape):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise BadInput(f"{where} has the shape {sizes}: expected [{wanted}]")
    dtype = _get(spec, "dtype", str, where)
    if dtype not in dtypes:
        raise BadInput(f"{where} has the dtype '{dtype}': expected one of {', '.join(dtypes)}")
    parts = _get(spec, "parts", list, where)
    for part in parts:
        check_file(part, where)
        if _get(part, "rows", int, where) < 1:
            raise BadInput(f"{where} has a part of {part['rows']} rows: expected 1 or more")
    total = sum(part["rows"] for part in parts)
    if total != sizes[0]:
        raise BadInput(f"{where} has {total} rows in its parts: expected {sizes[0]}")


def check_file(entry: object, where: str) -> None:
    """BadInput unless `entry` names a file inside the bundle and its SHA-256."""
    file = _get(_typed(entry, dict, where), "file", str, where)
    path = PurePosixPath(file)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\\" in file or "\0" in file:
        raise BadInput(f"{where} names the file {file!r}: expected a path inside the bundle")
    if not _SHA256.fullmatch(_get(entry, "sha256", str, where)):
        raise BadInput(f"{where} has no SHA-256 of 64 hexadecimal digits for '{file}'")


def part_bytes(spec: dict, part: dict) -> int:
    """Bytes of the numbers in one part of a checked array (its file is longer by the header)."""
    row = int(np.prod(spec["shape"][1:], dtype=np.int64)) * np.dtype(spec["dtype"]).itemsize
    return row * part["rows"]


def _walk(manifest: dict) -> Iterator[dict]:
    pending: list[object] = [value for key, value in manifest.items() if key != "made"]
    while pending:
        node = pending.pop(0)
        if isinstance(node, dict) and ("parts" in node or {"file", "sha256"} <= node.keys()):
            yield node
        elif isinstance(node, dict):
            pending.extend(node.values())
        elif isinstance(node, list) and node and isinstance(node[0], dict):
            pending.extend(node)


def _typed(value: object, kind: type, where: str) -> object:
    # bool is an int in Python, but `true` in a manifest is no number
    fits = isinstance(value, (int, float) if kind is float else kind) and not isinstance(value, bool)
    if not fits:
        raise BadInput(f"{where} is {str(value)[:40]!r}: expected {_KIND_NAMES[kind]}")
    return value


def _get(mapping: dict, key: str, kind: type, where: str) -> object:
    if key not in mapping:
        raise BadInput(f"{where} has no '{key}': it is incomplete, make the bundle again")
    return _typed(mapping[key], kind, f"{where}, {key}")


def _optional(mapping: dict, key: str, kind: type, where: str) -> object | None:
    return None if mapping.get(key) is None else _typed(mapping[key], kind, f"{where}, {key}")


def _fits(sizes: Sequence[int], shape: Sequence[int | None]) -> bool:
    return len(sizes) == len(shape) and all(want in (None, size) for size, want in zip(sizes, shape, strict=True))


def _names(values: list, where: str) -> list[str]:
    if not values or any(not isinstance(value, str) or not value for value in values):
        raise BadInput(f"{where}: expected a list of names, at least one and none empty")
    if len(set(values)) < len(values):
        double = next(value for value in values if values.count(value) > 1)
        raise BadInput(f"{where}: '{double}' is there twice")
    return values


def _check_classes(manifest: dict, source: str) -> None:
    classes = _names(_get(manifest, "classes", list, source), f"{source}, classes")
    names = _optional(manifest, "superclasses", list, source)
    groups = _optional(manifest, "superclass_of", list, source)
    if (names is None) != (groups is None):
        raise BadInput(f"{source}: 'superclasses' and 'superclass_of' go together, one of them is missing")
    if names is None:
        return
    _names(names, f"{source}, superclasses")
    if len(groups) != len(classes) or any(type(g) is not int or not 0 <= g < len(names) for g in groups):
        raise BadInput(f"{source}, superclass_of: expected {len(classes)} numbers from 0 to {len(names) - 1}")


def _check_splits(splits: dict, source: str) -> dict[str, int]:
    _names(list(splits), f"{source}, splits")
    counts = {}
    for name, entry in splits.items():
        where = f"{source}, splits.{name}"
        counts[name] = _get(_typed(entry, dict, where), "count", int, where)
        check_array(_get(entry, "labels", dict, where), f"{where}.labels", (counts[name],), INTEGERS)
        if entry.get("rows") is not None:
            check_array(entry["rows"], f"{where}.rows", (counts[name],), INTEGERS)
    return counts


def _per_split(
    entry: dict, key: str, counts: dict[str, int], where: str, columns: tuple[int, ...], dtypes: Sequence[str]
) -> dict:
    arrays = _typed(entry.get(key, {}), dict, f"{where}.{key}")
    for split, spec in arrays.items():
        if split not in counts:
            raise BadInput(f"{where}.{key} names the split '{split}': expected one of {', '.join(counts)}")
        check_array(spec, f"{where}.{key}.{split}", (counts[split], *columns), dtypes)
    return arrays


def _check_encoder(entry: object, counts: dict[str, int], where: str) -> None:
    dimensions = _get(_typed(entry, dict, where), "dimensions", int, where)
    _get(entry, "made", str, where)
    accuracy = _optional(entry, "accuracy", float, where)
    if accuracy is not None and not 0 <= accuracy <= 1:
        raise BadInput(f"{where} has the accuracy {accuracy}: expected a number from 0 to 1")
    _per_split(entry, "embeddings", counts, where, (dimensions,), FLOATS)
    _per_split(entry, "predicted", counts, where, (), INTEGERS)
    if entry.get("weights") is not None:
        check_file(entry["weights"], f"{where}.weights")


def _check_hashes(manifest: dict, counts: dict[str, int], source: str) -> None:
    seen = set()
    for number, entry in enumerate(_get(manifest, "hashes", list, source)):
        where = f"{source}, hashes[{number}]"
        encoder = _get(_typed(entry, dict, where), "encoder", str, where)
        bits = _get(entry, "bits", int, where)
        key = (encoder, _get(entry, "hash", str, where), bits)
        if encoder not in manifest["encoders"]:
            raise BadInput(f"{where} belongs to the encoder '{encoder}', which the bundle does not have")
        if key in seen:
            raise BadInput(f"{where} repeats '{key[1]}' at {bits} bits for the encoder '{encoder}'")
        seen.add(key)
        if bits < 1:
            raise BadInput(f"{where} has {bits} bits: expected 1 or more")
        codes = _per_split(entry, "codes", counts, where, (-(-bits // 8),), ("uint8",))
        _per_split(entry, "projections", counts, where, (bits,), FLOATS)
        head = _typed(entry.get("head", {}), dict, f"{where}.head")
        dimensions = manifest["encoders"][encoder]["dimensions"]
        shapes = {"mean": (dimensions,), "projection": (dimensions, bits)}
        for name, spec in head.items():
            check_array(spec, f"{where}.head.{name}", shapes.get(name))
        if not codes and not head:
            raise BadInput(f"{where} has neither codes nor a head")


def _check_defaults(manifest: dict, source: str) -> None:
    defaults = _get(manifest, "defaults", dict, source)
    where = f"{source}, defaults"
    for key, known in (("encoder", "encoders"), ("protocol", "protocols"), ("hierarchy", "hierarchies")):
        if _get(defaults, key, str, where) not in manifest[known]:
            raise BadInput(f"{where}: the {key} '{defaults[key]}' is not among the bundle's {known}")
    _get(defaults, "hash", str, where)
    _get(defaults, "bits", int, where)
