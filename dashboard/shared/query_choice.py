"""Choosing a query: pure functions from what there is and where one stands to a query's place."""

from __future__ import annotations

import numpy as np

from dashboard.shared.links import quoted


def members(labels: np.ndarray, label: int | None) -> np.ndarray:
    """Places int64 of the queries of a class, ascending; all of them for None."""
    return np.arange(len(labels)) if label is None else np.flatnonzero(labels == label)


def following(places: np.ndarray, current: int) -> int:
    """The place after `current`, which need not be one of them; after the last comes the first."""
    return int(places[np.searchsorted(places, current, side="right") % len(places)])


def preceding(places: np.ndarray, current: int) -> int:
    """The place before `current`; before the first comes the last."""
    return int(places[np.searchsorted(places, current, side="left") - 1])


def drawn(places: np.ndarray, seed: int) -> int:
    """One of the places at random; the seed settles which."""
    return int(np.random.default_rng(seed).choice(places))


def lowest_first(places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The places ordered by (their value in `values` (Q,) ascending, place ascending)."""
    return places[np.argsort(values[places], kind="stable")]


def largest_first(places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The places ordered by (value descending, place ascending)."""
    return lowest_first(places, -values)


def onward(order: np.ndarray, current: int, walking: bool) -> int:
    """Position in `order` to go to: its start, or one further where a walk along it stands at `current`."""
    at = np.flatnonzero(order == current)
    return int((at[0] + 1) % len(order)) if walking and len(at) else 0


def checked(value: object, count: int) -> tuple[int, str | None]:
    """A query's index from 0 to count - 1 made of anything, and what to say where it had to be changed."""
    last = count - 1
    try:
        number = int(str(value))
    except ValueError:
        nearest = within(_whole(value), 0, last, 0)
        return nearest, f"query {quoted(str(value))} is no whole number from 0 to {last}: query {nearest} is shown"
    if 0 <= number <= last:
        return number, None
    nearest = min(max(number, 0), last)
    return nearest, f"query {number} is outside 0 to {last}: query {nearest} is shown"


def _whole(value: object) -> int | None:
    """The whole part of a number, as a control reads it from a link; None where it is none."""
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        return None


def within(value: object, low: int, high: int, default: int) -> int:
    """A count from low to high: the nearest to `value`, or to `default` where that is no whole number."""
    try:
        number = int(str(value))
    except ValueError:
        number = default
    return min(max(number, low), high)
