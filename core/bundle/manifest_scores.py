"""The manifest's optional section `scores`: values of every query, by method, length and protocol."""

from __future__ import annotations

import re

from core.bundle.manifest_checks import check_array, check_names, get, optional, typed
from core.errors import BadInput
from core.runtime.shared_types import Json

_DIGEST = re.compile(r"[0-9a-f]{64}")


def check_scores(manifest: Json, source: str) -> None:
    """BadInput, naming the place, for an entry that is incomplete, repeated or of something the bundle has not."""
    seen = set()
    for number, entry in enumerate(optional(manifest, "scores", list, source) or ()):
        where = f"{source}, scores[{number}]"
        typed(entry, dict, where)
        names = [get(entry, name, str, where) for name in ("encoder", "protocol", "hierarchy", "hash")]
        for name, known in zip(names, ("encoders", "protocols", "hierarchies"), strict=False):
            if name not in manifest[known]:
                raise BadInput(f"{where} is of '{name}', which is not among the bundle's {known}")
        key = (*names, optional(entry, "bits", int, where), get(entry, "seed", int, where))
        if key in seen:
            raise BadInput(f"{where} repeats the scores of '{key[3]}', {key[4]} bits, protocol '{key[1]}'")
        seen.add(key)
        for digest in ("inputs", "codes"):
            if not _DIGEST.fullmatch(get(entry, digest, str, where)):
                raise BadInput(f"{where}, {digest}: expected a digest of 64 hexadecimal digits")
        seconds = optional(entry, "fit_seconds", float, where)
        if seconds is not None and not seconds >= 0:
            raise BadInput(f"{where} took {seconds} seconds to fit: expected 0 or more")
        measures = check_names(get(entry, "measures", list, where), f"{where}, measures")
        check_array(get(entry, "values", dict, where), f"{where}.values", (None, len(measures)), ("uint16",))
