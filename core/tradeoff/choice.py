"""What a grid advises: the cheapest setting that is good enough, what it loses and saves, and the Pareto front."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from core.tradeoff.grid import cheapest_within, pareto_front


@dataclass(frozen=True)
class Choice:
    """The row of the points that was chosen, and whether it is within the allowed loss (else it is the best there is).

    `loss` is the share of exact search's quality that is lost, negative for a gain; `cost_share` the row's cost over
    exact search's own, NaN where it is not known.
    """

    row: pd.Series
    good_enough: bool
    loss: float
    cost_share: float


def choose(points: pd.DataFrame, exact: tuple[float, float], percent: float, cost: str) -> Choice:
    """The cheapest of the points within `percent` of exact search's quality; where there is none, the best one.

    `exact` are exact search's cost and quality; `cost` names the column of costs. BadInput outside 0 to 100 %.
    """
    spent, quality = exact
    found = cheapest_within(points, quality, percent, cost)
    row = points.iloc[int(points["quality"].argmax())] if found is None else cast("pd.Series", points.loc[found])
    return Choice(row, found is not None, relative_loss(row["quality"], quality), float(row[cost] / spent))


def relative_loss(quality: float, exact: float) -> float:
    """The share of exact search's quality that is lost, negative for a gain; 0 where exact search has none.

    >>> relative_loss(0.375, 0.5), relative_loss(0.5, 0.0)
    (0.25, 0.0)
    """
    return float(1 - quality / exact) if exact else 0.0


def least_quality(exact: float, percent: float) -> float:
    """The quality that is still within `percent` of exact search's."""
    return exact * (1 - percent / 100)


def front_of(points: pd.DataFrame, cost: str, exact: tuple[float, float]) -> np.ndarray:
    """Cost and quality float64 (n, 2) of the Pareto front of the points whose cost is known and of exact search."""
    own = points[points[cost].notna()]
    both = np.vstack([own[[cost, "quality"]].to_numpy(float), exact])
    return both[pareto_front(both[:, 0], both[:, 1])]
