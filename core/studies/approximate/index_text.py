"""An approximate index as text, KIND:BUILD:SEARCH, such as `HNSW:M=16,efConstruction=200:ef=64`."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import BadInput, unknown_name
from core.search.engines.engine import ApproximateIndex, Kind, SearchEngine

FORM = "KIND:BUILD:SEARCH, such as HNSW:M=16,efConstruction=200:ef=64"
KINDS: tuple[Kind, ...] = ("vectors", "codes")


def parse_index(text: str) -> ApproximateIndex:
    """The index of a text; both lists of parameters may be empty or left out. BadInput for another form."""
    parts = [part.strip() for part in text.split(":")]
    if len(parts) > 3 or not parts[0] or "=" in parts[0]:
        raise BadInput(f"index '{text}' has another form: write {FORM}")
    parts += [""] * (3 - len(parts))
    return ApproximateIndex(parts[0], _parameters(text, parts[1]), _parameters(text, parts[2]))


def parameters_text(parameters: Mapping[str, int | str]) -> str:
    """Parameters as they are written: `M=16,efConstruction=200`."""
    return ",".join(f"{name}={value}" for name, value in parameters.items())


def index_text(index: ApproximateIndex) -> str:
    """The text that `parse_index` reads."""
    return f"{index.kind}:{parameters_text(index.build)}:{parameters_text(index.search)}".rstrip(":")


def check_kind(engine: SearchEngine, of: Kind, index: ApproximateIndex) -> None:
    """BadInput unless the engine has this kind of index for vectors, or for codes."""
    known = engine.kinds[of]
    if not known:
        raise BadInput(f"{engine.name} has no approximate index of {of}: choose the other, or another engine")
    if index.kind not in known:
        raise unknown_name(f"index of {of} in {engine.name}", index.kind, known)


def kind_of(engine: SearchEngine, index: ApproximateIndex) -> Kind:
    """What the engine has this kind of index for, vectors first; BadInput where it has it for neither."""
    for of in KINDS:
        if index.kind in engine.kinds[of]:
            return of
    known = [name for of in KINDS for name in engine.kinds[of]]
    raise unknown_name(f"index in {engine.name}", index.kind, dict.fromkeys(known))


def _parameters(text: str, part: str) -> dict[str, int | str]:
    found: dict[str, int | str] = {}
    for pair in part.split(",") if part else []:
        name, _, value = (word.strip() for word in pair.partition("="))
        if not name or not value:
            raise BadInput(f"index '{text}': '{pair}' is no parameter, write {FORM}")
        if name in found:
            raise BadInput(f"index '{text}' gives '{name}' twice: give it once")
        found[name] = int(value) if value.lstrip("-").isdecimal() else value
    return found
