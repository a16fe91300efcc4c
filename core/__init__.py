"""The engine: NumPy in, NumPy, pandas or dataclass out. Pages, commands and notebooks use the same functions."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Loaded when first asked for, so that importing one module does not pay for all.
_PUBLIC = {
    "BadInput": "core.errors",
    "Bundle": "core.bundle.bundle",
    "Columns": "core.datasets.array_columns",
    "Engine": "core.engine.engine",
    "Setting": "core.settings",
    "bundle_from_arrays": "core.api",
    "choose_setting": "core.engine.default_setting",
    "evaluate": "core.api",
    "import_arrays": "core.datasets.arrays",
    "load_bundle": "core.bundle.bundle",
    "preview_arrays": "core.datasets.array_preview",
    "rank": "core.api",
    "retrieve": "core.api",
}
__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'core' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
