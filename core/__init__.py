"""The engine: NumPy in, NumPy, pandas or dataclass out. Pages, commands and notebooks use the same functions."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Loaded when first asked for, so that importing one module does not pay for all.
_PUBLIC = {
    "BadInput": "core.errors",
    "Bundle": "core.bundle",
    "Columns": "core.datasets.array_columns",
    "Engine": "core.engine",
    "Setting": "core.settings",
    "bundle_from_arrays": "core.library",
    "choose_setting": "core.default_setting",
    "evaluate": "core.library",
    "import_arrays": "core.datasets.arrays",
    "load_bundle": "core.bundle",
    "preview_arrays": "core.datasets.array_preview",
    "rank": "core.library",
    "retrieve": "core.library",
}
__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'core' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
