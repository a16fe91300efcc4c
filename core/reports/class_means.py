"""Where among classes or superclasses the hash loses: means of both searches by group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def by_group(exact: np.ndarray, hashed: np.ndarray, groups: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Means of the values (Q,) of both searches in each group that has queries: columns group, queries, exact, hashed,
    difference (hashed - exact), the largest loss first and equal ones by name. `groups` int (Q,) index `names`."""
    counts = np.bincount(groups, minlength=len(names))
    held = np.flatnonzero(counts)
    means = {
        search: np.bincount(groups, weights=values, minlength=len(names))[held] / counts[held]
        for search, values in (("exact", exact), ("hashed", hashed))
    }
    frame = pd.DataFrame({"group": [names[group] for group in held.tolist()], "queries": counts[held], **means})
    frame["difference"] = frame["hashed"] - frame["exact"]
    return frame.sort_values(["difference", "group"], ignore_index=True)
