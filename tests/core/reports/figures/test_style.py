from __future__ import annotations

from core.reports.figures.style import BUNDLE_LOOKS, CONTROL_LOOKS, PIN_LOOKS, SEARCH_LOOKS, faded, name_axis, places


def test_every_line_can_be_told_apart_without_colour():
    looks = [*SEARCH_LOOKS.values(), *CONTROL_LOOKS.values(), *PIN_LOOKS, *BUNDLE_LOOKS]
    assert len({look.symbol for look in looks}) == len(looks)
    assert len({look.light for look in looks}) == len({look.dark for look in looks}) == len(looks)


def test_a_faded_colour_by_hand():
    assert faded("#0a10ff", 0.2) == "rgba(10,16,255,0.2)"


def test_a_name_axis_shows_each_name_at_a_place_of_its_own():
    axis = name_axis(["1", "1", "2024-01-01"])
    assert axis["categoryarray"] == places(["1", "1", "2024-01-01"]) == ["0", "1", "2"]
    assert axis["labelalias"] == {"0": "1", "1": "1", "2": "2024-01-01"}
