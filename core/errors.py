"""The one error a user's mistake raises: a line that names the value, what was expected and the mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BadInput(ValueError):
    """Input that cannot be used. Its message is one clear line, fit for a page or for stderr."""


def unknown_name(kind: str, name: object, known: Iterable[str]) -> BadInput:
    """The error for a name that is not in a registry, with the nearest known name suggested."""
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return BadInput(f"unknown {kind} '{name}': expected one of {', '.join(names) or '(none)'}{hint}")
