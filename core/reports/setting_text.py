"""A setting as text: the URL and the command that show it, and as JSON."""

from __future__ import annotations

import json
import platform
from urllib.parse import urlencode

import numpy as np

from core.bundle.bundle import SHIPPED, Bundle
from core.engine.engine import Engine
from core.settings import LEAVE_OUT, Setting


def url_parameters(setting: Setting, k: int, map_metric: str, mahp_metric: str) -> dict[str, str]:
    """The URL parameters that show this setting."""
    return {
        "encoder": setting.encoder,
        "hash": setting.hash,
        "bits": str(setting.bits),
        "multiplier": setting.multiplier,
        "k": str(k),
        "protocol": setting.protocol,
        "hierarchy": setting.hierarchy,
        "map": map_metric,
        "mahp": mahp_metric,
        **({"leave_out": "true"} if setting.near_duplicates == LEAVE_OUT else {}),
    }


def url_query(setting: Setting, k: int, map_metric: str, mahp_metric: str) -> str:
    """The query string of the dashboard at this setting."""
    return "?" + urlencode(url_parameters(setting, k, map_metric, mahp_metric))


def command_words(bundle: Bundle, setting: Setting, name: str = "evaluate") -> list[str]:
    """The words of the command `name` (`export metrics`: with its argument) at this setting, bundle first."""
    words = ["python", "-m", "core", *name.split()]
    words += [] if bundle.path.resolve() == SHIPPED.resolve() else ["--bundle", str(bundle.path)]
    for key in ("encoder", "hash", "bits", "multiplier", "protocol", "hierarchy"):
        words += [f"--{key}", str(getattr(setting, key))]
    words += ["--near-duplicates", LEAVE_OUT] if setting.near_duplicates == LEAVE_OUT else []
    words += [] if setting.queries is None else ["--queries", str(setting.queries)]
    return words + (["--seed", str(setting.seed)] if setting.seed else [])


def settings_json(engine: Engine, setting: Setting, k: int, map_metric: str, mahp_metric: str, command: str) -> str:
    """The setting, what it was computed on and with, as JSON text; `command` gives its numbers."""
    bundle, task = engine.bundle, engine.at(setting).task
    return json.dumps(
        {
            "setting": {
                "encoder": setting.encoder,
                "hash": setting.hash,
                "bits": setting.bits,
                "multiplier": setting.multiplier,
                "k": k,
                "protocol": setting.protocol,
                "near_duplicates": setting.near_duplicates,
                "hierarchy": setting.hierarchy,
                "map": map_metric,
                "mahp": mahp_metric,
                "seed": setting.seed,
            },
            "shortlist": setting.shortlist(k, task.size),
            "queries": len(task.queries),
            "gallery": task.size,
            "dimensions": task.gallery.shape[1],
            "bundle": {"name": bundle.name, "dataset": bundle.dataset, "version": bundle.version},
            "link": url_query(setting, k, map_metric, mahp_metric),
            "command": command,
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
        indent=2,
        ensure_ascii=False,
    )
