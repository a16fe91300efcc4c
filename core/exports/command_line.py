"""The command that gives a table: what a page shows beside its download."""

from __future__ import annotations

import shlex

from core.exports.export import Export
from core.exports.request import Request
from core.reports.setting_text import command_words

# The option of each field of a request; a field that is not there has none.
OPTIONS = {
    "ks": "--k",
    "map_metric": "--map",
    "mahp_metric": "--mahp",
    "metrics": "--metrics",
    "metric": "--metric",
    "search": "--search",
    "level": "--level",
    "judge": "--judge",
    "pins": "--pin",
    "beside": "--beside",
    "controls": "--controls",
    "ties": "--ties",
    "asymmetric": "--asymmetric",
    "reference": "--reference",
    "loss": "--loss",
    "memory": "--memory",
    "encoders": "--encoders",
    "times": "--times",
    "stored": "--stored",
}
NONE = "none"  # an empty list of metrics or encoders, whose default is another


def export_command(export: Export, request: Request, out: str | None = None) -> str:
    """Such as `python -m core export encoders --encoder semantic ... --out FILE`; `out` None: the download's name."""
    words = command_words(request.engine.bundle, request.setting, f"export {export.name}")
    for field in export.reads:
        words += _option(OPTIONS[field], getattr(request, field), repeated=field in ("pins", "beside"))
    return shlex.join([*words, "--out", out or export.file_name(request)])


def _option(name: str, value: object, repeated: bool) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return [name]
    if not isinstance(value, tuple):
        return [name, f"{value:g}" if isinstance(value, float) else str(value)]
    if repeated:
        return [word for each in value for word in (name, str(each))]
    if not value:
        return [name, NONE] if name in ("--metrics", "--encoders") else []
    return [name, ",".join(map(str, value))]
