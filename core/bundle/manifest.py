"""manifest.json: what a bundle holds. Parsed and checked before any array is opened.

An array is `{"shape", "dtype", "parts": [{"file", "rows", "sha256"}]}`, any other file `{"file", "sha256"}`.
Unknown keys are left alone, so that a later writer of the same format version may add some.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence

import numpy as np

from core.bundle.manifest_checks import FLOATS, INTEGERS, check_array, check_file, check_names, get, optional, typed
from core.bundle.manifest_scores import check_scores
from core.bundle.vectors import SIMILARITIES
from core.errors import BadInput
from core.runtime.shared_types import Json

FORMAT_VERSION = 1
NAME = "manifest.json"

# Sizes of the arrays of a head: d dimensions of the embeddings, b bits, any other letter a size of the head's own.
_HEAD = {"mean": "d", "projection": "db", "hidden": "dh", "output": "hb", "output_bias": "b", "frequencies": "dm"}


def parse(data: bytes, source: str = NAME) -> Json:
    """The checked manifest in `data`; BadInput where it is not JSON, of another version or incomplete."""
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{source} is not JSON ({error}): it is altered or incomplete, make the bundle again") from error
    return validate(manifest, source)


def dump(manifest: Json) -> bytes:
    """UTF-8 JSON of a checked manifest: the same bytes for the same content."""
    validate(manifest)
    try:
        return (json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    except (TypeError, ValueError) as error:
        raise BadInput(f"{NAME} cannot be written as JSON: {error}") from error


def validate(manifest: object, source: str = NAME) -> Json:
    """`manifest` itself if every key, type and shape fits; else BadInput naming the place."""
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise BadInput(f"{source} is no bundle's manifest: it has no 'format'")
    found = manifest["format"]
    if type(found) is not int or found != FORMAT_VERSION:
        raise BadInput(f"{source} has format {found!r}, this program reads {FORMAT_VERSION}: make the bundle again")
    get(manifest, "dataset", str, source)
    get(manifest, "made", dict, source)
    _check_classes(manifest, source)
    counts = _check_splits(get(manifest, "splits", dict, source), source)
    for name, entry in get(manifest, "hierarchies", dict, source).items():
        check_file(entry, f"{source}, hierarchies.{name}")
    for name, entry in get(manifest, "encoders", dict, source).items():
        _check_encoder(entry, counts, f"{source}, encoders.{name}")
    _check_hashes(manifest, counts, source)
    _check_near_duplicates(manifest, counts, source)
    check_names(get(manifest, "protocols", list, source), f"{source}, protocols")
    check_scores(manifest, source)
    _check_defaults(manifest, source)
    return manifest


def array_specs(manifest: Json) -> Iterator[Json]:
    """Every array that a manifest names, in its order."""
    yield from (node for node in _walk(manifest) if "parts" in node)


def plain_files(manifest: Json) -> Iterator[Json]:
    """Every other file that a manifest names: trees, weights."""
    yield from (node for node in _walk(manifest) if "parts" not in node)


def files(manifest: Json) -> Iterator[Json]:
    """Every `{"file", "sha256"}` of a manifest, parts of arrays and other files."""
    for node in _walk(manifest):
        yield from node.get("parts", [node])


def part_bytes(spec: Json, part: Json) -> int:
    """Bytes of the numbers in one part of a checked array (its file is longer by the header)."""
    row = math.prod(spec["shape"][1:]) * np.dtype(spec["dtype"]).itemsize
    return row * part["rows"]


def _walk(manifest: Json) -> Iterator[Json]:
    pending: list[object] = [value for key, value in manifest.items() if key != "made"]
    while pending:
        node = pending.pop(0)
        if isinstance(node, dict) and ("parts" in node or {"file", "sha256"} <= node.keys()):
            yield node
        elif isinstance(node, dict):
            pending.extend(node.values())
        elif isinstance(node, list) and node and isinstance(node[0], dict):
            pending.extend(node)


def _check_classes(manifest: Json, source: str) -> None:
    classes = check_names(get(manifest, "classes", list, source), f"{source}, classes")
    names = optional(manifest, "superclasses", list, source)
    groups = optional(manifest, "superclass_of", list, source)
    if (names is None) != (groups is None):
        raise BadInput(f"{source}: 'superclasses' and 'superclass_of' go together, one of them is missing")
    if names is None or groups is None:
        return
    check_names(names, f"{source}, superclasses")
    if len(groups) != len(classes) or any(type(g) is not int or not 0 <= g < len(names) for g in groups):
        raise BadInput(f"{source}, superclass_of: expected {len(classes)} numbers from 0 to {len(names) - 1}")


def _check_splits(splits: Json, source: str) -> dict[str, int]:
    check_names(list(splits), f"{source}, splits")
    counts = {}
    for name, entry in splits.items():
        where = f"{source}, splits.{name}"
        counts[name] = get(typed(entry, dict, where), "count", int, where)
        check_array(get(entry, "labels", dict, where), f"{where}.labels", (counts[name],), INTEGERS)
        if entry.get("rows") is not None:
            check_array(entry["rows"], f"{where}.rows", (counts[name],), INTEGERS)
        if entry.get("sizes") is not None:
            check_array(entry["sizes"], f"{where}.sizes", (counts[name],), ("int64",))
        if entry.get("paths") is not None:
            check_file(entry["paths"], f"{where}.paths")
        optional(entry, "folder", str, where)
    return counts


def _per_split(
    entry: Json, key: str, counts: dict[str, int], where: str, columns: tuple[int, ...], dtypes: Sequence[str]
) -> Json:
    arrays = typed(entry.get(key, {}), dict, f"{where}.{key}")
    for split, spec in arrays.items():
        if split not in counts:
            raise BadInput(f"{where}.{key} names the split '{split}': expected one of {', '.join(counts)}")
        check_array(spec, f"{where}.{key}.{split}", (counts[split], *columns), dtypes)
    return arrays


def _check_encoder(entry: object, counts: dict[str, int], where: str) -> None:
    entry = typed(entry, dict, where)
    dimensions = get(entry, "dimensions", int, where)
    get(entry, "made", str, where)
    accuracy = optional(entry, "accuracy", float, where)
    if accuracy is not None and not 0 <= accuracy <= 1:
        raise BadInput(f"{where} has the accuracy {accuracy}: expected a number from 0 to 1")
    similarity = optional(entry, "similarity", str, where)
    if similarity not in (None, *SIMILARITIES):
        raise BadInput(f"{where} has the similarity '{similarity}': expected {' or '.join(SIMILARITIES)}")
    _per_split(entry, "embeddings", counts, where, (dimensions,), FLOATS)
    _per_split(entry, "predicted", counts, where, (), INTEGERS)
    if entry.get("weights") is not None:
        check_file(entry["weights"], f"{where}.weights")
    reduction = optional(entry, "reduction", dict, where)
    if reduction is not None:
        axes = get(reduction, "axes", dict, f"{where}.reduction")
        check_array(axes, f"{where}.reduction.axes", (None, dimensions), FLOATS)
        mean = get(reduction, "mean", dict, f"{where}.reduction")
        check_array(mean, f"{where}.reduction.mean", (axes["shape"][0],), FLOATS)
    source = optional(entry, "picture_encoder", dict, where)
    if source is not None:
        for key in ("weights", "key"):
            get(source, key, str, f"{where}.picture_encoder")


def _check_hashes(manifest: Json, counts: dict[str, int], source: str) -> None:
    seen = set()
    for number, entry in enumerate(get(manifest, "hashes", list, source)):
        where = f"{source}, hashes[{number}]"
        encoder = get(typed(entry, dict, where), "encoder", str, where)
        bits = get(entry, "bits", int, where)
        get(entry, "hash", str, where)
        if (optional(entry, "seed", int, where) or 0) < 0:
            raise BadInput(f"{where} has the seed {entry['seed']}: expected 0 or more")
        key = hash_key(entry)
        if encoder not in manifest["encoders"]:
            raise BadInput(f"{where} belongs to the encoder '{encoder}', which the bundle does not have")
        if key in seen:
            raise BadInput(f"{where} repeats '{key[1]}' at {bits} bits for the encoder '{encoder}'")
        seen.add(key)
        if bits < 1:
            raise BadInput(f"{where} has {bits} bits: expected 1 or more")
        codes = _per_split(entry, "codes", counts, where, (-(-bits // 8),), ("uint8",))
        _per_split(entry, "projections", counts, where, (bits,), FLOATS)
        head = typed(entry.get("head", {}), dict, f"{where}.head")
        dimensions = manifest["encoders"][encoder]["dimensions"]
        shapes = {name: _head_shape(sizes, dimensions, bits) for name, sizes in _HEAD.items()}
        for name, spec in head.items():
            check_array(spec, f"{where}.head.{name}", shapes.get(name), FLOATS)
        seconds = optional(entry, "fit_seconds", float, where)
        if seconds is not None and not seconds >= 0:
            raise BadInput(f"{where} took {seconds} seconds to fit: expected 0 or more")
        if not codes and not head:
            raise BadInput(f"{where} has neither codes nor a head")


def scores_by_method(manifest: Json) -> dict[tuple[str, str, str], list[Json]]:
    """The entries of scores by encoder, protocol and hash."""
    found: dict[tuple[str, str, str], list[Json]] = {}
    for entry in manifest.get("scores") or ():
        found.setdefault((entry["encoder"], entry["protocol"], entry["hash"]), []).append(entry)
    return found


def hash_key(entry: Json) -> tuple[str, str, int, int]:
    """What tells a checked entry of `hashes` from the others: encoder, hash, bits, seed."""
    return entry["encoder"], entry["hash"], entry["bits"], entry.get("seed") or 0


def _head_shape(letters: str, dimensions: int, bits: int) -> tuple[int | None, ...]:
    return tuple({"d": dimensions, "b": bits}.get(letter) for letter in letters)


def _check_near_duplicates(manifest: Json, counts: dict[str, int], source: str) -> None:
    """Pairs of rows by `SPLIT-SPLIT`, the scores of each, and how they were found; all of it may be missing."""
    entry = optional(manifest, "near_duplicates", dict, source)
    where = f"{source}, near_duplicates"
    if entry is None:
        return
    get(entry, "made", str, where)
    scores = typed(entry.get("scores", {}), dict, f"{where}.scores")
    known = [f"{first}-{second}" for first in counts for second in counts]
    for key, spec in entry.items():
        if key in ("made", "scores"):
            continue
        if key not in known:
            raise BadInput(f"{where} has pairs of '{key}': expected one of {', '.join(known)}")
        check_array(spec, f"{where}.{key}", (None, 2), ("int32",))
        if key in scores:
            check_array(scores[key], f"{where}.scores.{key}", (spec["shape"][0],), ("float32",))


def _check_defaults(manifest: Json, source: str) -> None:
    defaults = get(manifest, "defaults", dict, source)
    where = f"{source}, defaults"
    for key, known in (("encoder", "encoders"), ("protocol", "protocols"), ("hierarchy", "hierarchies")):
        if get(defaults, key, str, where) not in manifest[known]:
            raise BadInput(f"{where}: the {key} '{defaults[key]}' is not among the bundle's {known}")
    get(defaults, "hash", str, where)
    get(defaults, "bits", int, where)
