"""The Methods page's comparison of asymmetric with symmetric distance, for methods that have both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from core.methods.compared import asymmetric_gains, settings_near
from core.methods.scores import YARDSTICKS, Measure
from core.runtime.shared_types import named_rows
from core.settings import Setting
from dashboard.methods import data as methods_data
from dashboard.methods.charts import asymmetric_figure, row_names
from dashboard.shared.state import View
from dashboard.shared.style import dark_page


def draw(view: View, measure: Measure, fill: Callable[..., None]) -> None:
    """Both values of each method with real values, at the length nearest to the sidebar's."""
    measure = replace(measure, search="hamming")
    other = replace(measure, search="asymmetric")
    settings = [each for each in settings_near(view.engine, view.setting, other) if each.hash not in YARDSTICKS]
    sides = [methods_data.known(view, settings, each) for each in (measure, other)]
    for part, each in zip(sides, (measure, other), strict=True):
        fill(part.missing, each, f"methods_fill_{each.search}_both", f"by {each.search} distance")
    both = [each for each in settings if all(each in part.values for part in sides)]
    if not both:
        st.info("No method is scored by both distances yet.", icon=":material/calculate:")
        return
    key = (*view.version, measure.name, view.setting.hierarchy, tuple(both))
    table = side_by_side(both, sides[0], sides[1], key)
    words = "; ".join(
        f"{name} {row.symmetric:.4f} and {row.asymmetric:.4f}"
        for name, row in zip(row_names(table), named_rows(table), strict=True)
    )
    st.plotly_chart(
        asymmetric_figure(table, measure.label, dark_page()), key="methods_asymmetric", width="stretch",
        alt=f"{measure.label}, symmetric and asymmetric. {words}",
    )  # fmt: skip
    gains, losses = (int(table[name].sum()) for name in ("gains", "loses"))
    st.caption(
        f"{measure.label} by Hamming distance, and by the query's real values against the same codes. Of {len(table)} "
        f"methods {gains} gain and {losses} lose by it (paired t-test over queries, Holm's correction, 5 %). "
        f"Protocol {view.protocol}."
    )


@st.cache_data(max_entries=64, show_spinner=False)
def side_by_side(
    _both: list[Setting], _symmetric: methods_data.Scores, _asymmetric: methods_data.Scores, key: tuple[Any, ...]
) -> pd.DataFrame:
    """`asymmetric_gains` of the settings `_both`; `key` is what the scores are of."""
    symmetric, asymmetric = ({each: part.values[each] for each in _both} for part in (_symmetric, _asymmetric))
    return asymmetric_gains(symmetric, asymmetric)
