"""The codes of a setting: those of its queries and of its gallery, cut to the items that the gallery holds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.codes import codes as code_source
from core.codes.codes import Codes
from core.codes.distances import DISTANCES
from core.codes.pair import CodePair
from core.engine.shared import Shared
from core.engine.task import RetrievalTask
from core.hashing.base import HashMethod
from core.hashing.registry import get_hash
from core.runtime.blas import blas_threads
from core.settings import Setting


def code_pair(shared: Shared, setting: Setting, bits: int, task: RetrievalTask) -> CodePair:
    """Codes of the true length `bits`, ranked by the engine's backend where it knows their distance."""
    rule, info = task.protocol, get_hash(setting.hash)
    queries = _split_codes(shared, setting, bits, rule.query_split, projected=True)
    if rule.query_split == rule.gallery_split and not (info.fit and info.fit.two_maps):
        gallery = Codes(bits, queries.packed, None)
    else:
        gallery = _split_codes(shared, setting, bits, rule.gallery_split, projected=False)
    if len(task.gallery_index) < len(gallery.packed):
        gallery = Codes(bits, gallery.packed[task.gallery_index], None)
    asked = Codes(bits, queries.packed[task.query_index], _rows_of(queries, task.query_index))
    method = None if info.distance == "hamming" else fitted_method(shared, setting, bits)
    pair = DISTANCES[info.distance].make(info, asked, gallery, task.queries, method)
    return pair.searched_by(shared.backend, code_label(task, setting, bits))


def code_label(task: RetrievalTask, setting: Setting, bits: int) -> str:
    """What the codes of a gallery are of, as in `core.search.door.PackedCodes`."""
    return f"{task.label} {setting.hash} {bits}" + (f" seed {setting.seed}" if setting.seed else "")


def fitted_method(shared: Shared, setting: Setting, bits: int) -> HashMethod:
    """The fitted hash of a setting, at the true length `bits`."""
    return shared.cache.get(
        ("method", setting.encoder, setting.hash, bits, setting.seed),
        lambda: code_source.hash_method(shared.bundle, setting.encoder, setting.hash, bits, setting.seed),
        lambda method: sum(array.nbytes for array in method.state().values()),
    )


def _rows_of(queries: Codes, rows: np.ndarray) -> Callable[[], np.ndarray] | None:
    return None if queries.project is None else (lambda: queries.values[rows])


def _split_codes(shared: Shared, setting: Setting, bits: int, split: str, projected: bool) -> Codes:
    bundle, info = shared.bundle, get_hash(setting.hash)

    def make() -> Codes:
        stored = code_source.find_stored(bundle, setting.encoder, info, bits, setting.seed)
        if stored is not None and stored["bits"] > bits:  # the longest code is made once for all lengths
            return _split_codes(shared, setting, stored["bits"], split, projected).first(bits)
        method = fitted_method(shared, setting, bits) if info.fit is not None and stored is None else None
        with blas_threads(1):  # the searches that follow have all cores to themselves
            return code_source.split_codes(
                bundle, setting.encoder, setting.hash, bits, split, setting.seed, method, projected, shared.threads
            )

    key = ("codes", setting.encoder, setting.hash, bits, split, setting.seed, projected)
    return shared.cache.get(key, make, lambda made: made.nbytes)
