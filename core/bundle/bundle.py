"""The data everything works on: embeddings, codes, labels and class trees in one folder.

Opening reads and checks the manifest and looks at file sizes; arrays are memory-mapped when they are first
asked for, their files checked against their checksums, never unpickled. One Bundle may be shared by threads: what
it makes it makes once, read-only.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from core.bundle import hierarchy as trees
from core.bundle import manifest as manifests
from core.bundle.files import check_contents, check_sizes, check_sum, open_part
from core.bundle.hierarchy import Hierarchy
from core.bundle.vectors import COSINE, comparable_rows
from core.errors import BadInput, unknown_name
from core.runtime.shared_types import Json

T = TypeVar("T")
SHIPPED = Path(__file__).resolve().parents[2] / "precomputed"


def load_bundle(path: str | Path | None = None, verify: bool = False) -> Bundle:
    """Open a bundle folder (None: the shipped one); `verify` also reads every file for its checksum.

    Raises BadInput for a folder without a manifest, a manifest that does not fit, a missing or short file.
    """
    folder = Path(SHIPPED if path is None else path)
    source = folder / manifests.NAME
    try:
        data = source.read_bytes()
    except OSError as error:
        raise BadInput(
            f"no bundle in '{folder}': expected a folder with {manifests.NAME} ({error.strerror}); "
            "make one with 'python -m core import' or 'python -m core build'"
        ) from error
    manifest = manifests.parse(data, f"'{source}'")
    check_sizes(folder, manifest)
    bundle = Bundle(folder, hashlib.sha256(data).hexdigest()[:12], manifest)
    if verify:
        bundle.verify()
    return bundle


@dataclass(frozen=True, eq=False)
class Bundle:
    """An open bundle. Arrays that it returns are read-only; its manifest is not to be changed."""

    path: Path
    version: str
    manifest: Json = field(repr=False)
    _cache: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.resolve().name

    @property
    def dataset(self) -> str:
        """What the data is of, for headings."""
        return self.manifest["dataset"]

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class names in label order."""
        return tuple(self.manifest["classes"])

    @property
    def superclass_names(self) -> tuple[str, ...] | None:
        """Superclass names in their order, None without superclasses."""
        names = self.manifest.get("superclasses")
        return None if names is None else tuple(names)

    @property
    def superclass_of(self) -> np.ndarray | None:
        """The superclass of each class, int64 (C,), None without superclasses."""
        groups = self.manifest.get("superclass_of")
        return None if groups is None else self._once("superclass_of", lambda: np.array(groups, dtype=np.int64))

    @property
    def encoders(self) -> tuple[str, ...]:
        """Names of the encoders."""
        return tuple(self.manifest["encoders"])

    @property
    def hierarchies(self) -> tuple[str, ...]:
        """Names of the class trees."""
        return tuple(self.manifest["hierarchies"])

    @property
    def protocols(self) -> tuple[str, ...]:
        """Names of the protocols that the splits allow."""
        return tuple(self.manifest["protocols"])

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits."""
        return tuple(self.manifest["splits"])

    @property
    def defaults(self) -> Json:
        """A copy of the default `encoder`, `hash`, `bits`, `protocol` and `hierarchy`."""
        return dict(self.manifest["defaults"])

    def encoder_info(self, name: str) -> Json:
        """The manifest's entry of an encoder."""
        return _entry("encoder", name, self.manifest["encoders"])

    def similarity(self, encoder: str) -> str:
        """How an encoder's embeddings are compared: `cosine`, or `inner-product`, where a vector's length counts."""
        return self.encoder_info(encoder).get("similarity") or COSINE

    def count(self, split: str) -> int:
        """Number of images in a split."""
        return _entry("split", split, self.manifest["splits"])["count"]

    def labels(self, split: str) -> np.ndarray:
        """Classes, int64 (N,); BadInput for a label without a class name."""
        spec = _entry("split", split, self.manifest["splits"])["labels"]
        return self._once(("labels", split), lambda: self._classes(spec, f"labels of '{split}'"))

    def original_rows(self, split: str) -> np.ndarray | None:
        """The row each image had in the arrays that were imported, int64 (N,); None if the order was kept."""
        spec = _entry("split", split, self.manifest["splits"]).get("rows")
        return None if spec is None else self._once(("rows", split), lambda: self.array(spec).astype(np.int64))

    def embeddings(self, encoder: str, split: str) -> np.ndarray:
        """Vectors float32 (N, d), C-contiguous, whose inner products are the encoder's similarity.

        For cosine normalised in float32, for inner-product as they are. BadInput names a row that cannot be compared.
        """
        specs = self.encoder_info(encoder).get("embeddings", {})
        self.count(split)
        if split not in specs:
            raise BadInput(f"'{self.path}' has no embeddings of '{split}' by '{encoder}'; it has {_listed(specs)}")
        what = f"embeddings of '{split}' by '{encoder}'"
        return self._once(("embeddings", encoder, split), lambda: self._rows(specs[split], encoder, what))

    def predicted(self, encoder: str, split: str) -> np.ndarray | None:
        """Classes that the encoder's classifier predicts, int64 (N,); None where it has none."""
        self.count(split)
        spec = self.encoder_info(encoder).get("predicted", {}).get(split)
        if spec is None:
            return None
        what = f"predicted classes of '{split}' by '{encoder}'"
        return self._once(("predicted", encoder, split), lambda: self._classes(spec, what))

    def near_duplicates(self, queries: str, gallery: str) -> np.ndarray | None:
        """Pairs of rows int32 (P, 2) of two splits whose pictures are equal or nearly so; None where none are kept."""
        spec = (self.manifest.get("near_duplicates") or {}).get(f"{queries}-{gallery}")
        return None if spec is None else self.array(spec)

    def hierarchy(self, name: str) -> Hierarchy:
        """A class tree, its file checked against its checksum."""
        entry = _entry("hierarchy", name, self.manifest["hierarchies"])
        return self._once(("hierarchy", name), lambda: self._tree(name, entry))

    def stored_hashes(self, encoder: str, seed: int = 0) -> list[tuple[str, int]]:
        """(hash, bits) of the codes and heads that the bundle holds for an encoder, of one seed."""
        self.encoder_info(encoder)
        mine = (e for e in self.manifest["hashes"] if (e["encoder"], e.get("seed") or 0) == (encoder, seed))
        return [(entry["hash"], entry["bits"]) for entry in mine]

    def stored_hash(self, encoder: str, hash_name: str, bits: int, seed: int = 0) -> Json | None:
        """The manifest's entry of stored codes or a stored head; None if there is none."""
        key = (encoder, hash_name, bits, seed)
        return next((e for e in self.manifest["hashes"] if manifests.hash_key(e) == key), None)

    def stored_scores(self, encoder: str, protocol: str, hash_name: str) -> list[Json]:
        """The manifest's entries of a method's scores, of every length and seed."""
        return self._once("scores", lambda: manifests.scores_by_method(self.manifest)).get(
            (encoder, protocol, hash_name), []
        )

    def reduction(self, encoder: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Mean (D,) and principal axes (D, d), float32, that reduced an encoder's features; None if none did."""
        kept = self.encoder_info(encoder).get("reduction")
        return None if kept is None else (np.asarray(self.array(kept["mean"])), np.asarray(self.array(kept["axes"])))

    def weights_path(self, encoder: str) -> Path | None:
        """The encoder's .safetensors file, None if the bundle has none."""
        entry = self.encoder_info(encoder).get("weights")
        return None if entry is None else self.path / entry["file"]

    def array(self, spec: Json) -> np.ndarray:
        """The array of a manifest's entry, read-only: memory-mapped, or joined from its parts (a copy each time)."""
        parts = [self._part(spec, part) for part in spec["parts"]]
        return parts[0] if len(parts) == 1 else _read_only(np.concatenate(parts))

    def verify(self) -> None:
        """Read everything: BadInput at the first file whose checksum differs or whose array does not fit."""
        check_contents(self.path, self.manifest)

    def _part(self, spec: Json, part: Json) -> np.ndarray:
        """One part, its checksum compared once while the bundle is open."""
        array = open_part(self.path, spec, part)
        self._once(("checked", part["file"]), lambda: check_sum(self.path, part))
        return array

    def _rows(self, spec: Json, encoder: str, what: str) -> np.ndarray:
        parts = (self._part(spec, part) for part in spec["parts"])
        return comparable_rows(parts, tuple(spec["shape"]), f"{what} in '{self.path}'", self.similarity(encoder))

    def _classes(self, spec: Json, what: str) -> np.ndarray:
        labels = self.array(spec).astype(np.int64)
        bad = np.flatnonzero((labels < 0) | (labels >= len(self.class_names)))
        if len(bad):
            raise BadInput(
                f"{what} in '{self.path}': row {bad[0]} (from 0) has the class {labels[bad[0]]}, "
                f"expected 0 to {len(self.class_names) - 1}"
            )
        return labels

    def _tree(self, name: str, entry: Json) -> Hierarchy:
        path = self.path / entry["file"]
        check_sum(self.path, entry)
        return trees.read(path, self.class_names, name)

    def _once(self, key: Hashable, make: Callable[[], T]) -> T:
        with self._lock:  # so that threads which ask at the same time share one result
            if key not in self._cache:
                self._cache[key] = _read_only(make())
            return self._cache[key]


def _entry(kind: str, name: str, known: Json) -> Json:
    if name not in known:
        raise unknown_name(kind, name, known)
    return known[name]


def _read_only(value: T) -> T:
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    return value


def _listed(names: Json) -> str:
    return ", ".join(names) or "none"
