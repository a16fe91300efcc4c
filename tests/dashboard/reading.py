"""What page tests read of a page."""

from __future__ import annotations

import base64
import json

import numpy as np


def checked(at):
    """The page, which shows no exception and no error."""
    assert not at.exception
    assert not at.error
    return at


def figure(at, key):
    """The Plotly figure of the chart whose key holds `key`."""
    return next(json.loads(chart.proto.spec) for chart in at.get("plotly_chart") if key in chart.proto.id)


def values(coded):
    """Numbers of a figure's array, however it was sent."""
    if isinstance(coded, dict):
        found = np.frombuffer(base64.b64decode(coded["bdata"]), coded["dtype"])
        return found.reshape([int(n) for n in coded["shape"].split(",")]) if "shape" in coded else found
    return np.array(coded)


def words(at):
    """All prose of a page."""
    return " ".join(element.value for element in [*at.markdown, *at.caption])


def bar_names(figure):
    """The classes of a figure's bars, as its axis writes them."""
    written = figure["layout"]["yaxis"]["labelalias"]
    return [written[place] for place in figure["data"][0]["y"]]
