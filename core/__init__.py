"""The engine: NumPy in, NumPy or dataclass out. Pages, commands and notebooks use the same functions."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Loaded when first asked for, so that importing one module does not pay for all.
_PUBLIC = {
    "BadInput": "core.errors",
    "Bundle": "core.bundle",
    "Engine": "core.engine",
    "Setting": "core.settings",
    "load_bundle": "core.bundle",
    "retrieve": "core.retrieval",
}
__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'core' has no attribute '{name}'")
