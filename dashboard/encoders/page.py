"""The encoders of the bundle side by side, and one of them looked at: its map, its classes, its training."""

import pandas as pd
import streamlit as st

from core.bundle.bundle import Bundle
from core.bundle.training_log import training_log
from dashboard.encoders import classes as encoders_classes
from dashboard.encoders import map as encoders_map
from dashboard.encoders import table as encoders_table
from dashboard.encoders.charts import training_figure
from dashboard.shared import state
from dashboard.shared.style import dark_page
from dashboard.shared.verdict import percent

PANELS = {"loss": "training loss", "held_out_accuracy": "accuracy on held-out images"}


@st.cache_data(max_entries=16, show_spinner=False)
def log_of(_bundle: Bundle, path: str, version: str, encoder: str) -> pd.DataFrame | None:
    """The training log of an encoder; `path` and `version` stand for the bundle."""
    return training_log(_bundle, encoder)


def choose_encoder(view: state.View) -> str:
    """The encoder looked at below the table: the sidebar's at first, and again when that changes."""
    names = view.bundle.encoders
    if len(names) == 1:
        return names[0]
    return st.selectbox(
        "Encoder looked at",
        names,
        names.index(view.setting.encoder),
        key=f"encoders_shown_{view.setting.encoder}",
        help="The sidebar's at first. The map, the classes and the training run below are of this one.",
        width=260,
    )


def draw_training(view: state.View, encoder: str) -> None:
    """Loss and accuracy over the epochs, where the bundle keeps the log, and the recipe."""
    bundle = view.bundle
    st.subheader("Training run", anchor=False)
    log = log_of(bundle, str(bundle.path), bundle.version, encoder)
    if log is None:
        st.caption(f"The bundle keeps no log of {encoder}'s training. {bundle.encoder_info(encoder)['made']}.")
    else:
        columns = [name for name in PANELS if name in log]
        columns = columns or [name for name in map(str, log) if name not in ("epoch", "seconds")][:2]
        for place, column in zip(st.columns(2), columns, strict=False):
            title = PANELS.get(column, column.replace("_", " "))
            figure = training_figure(log, column, title, dark_page())
            last = f"{title}: {log[column].iloc[-1]:.4f} after {log['epoch'].iloc[-1]:g} epochs"
            place.plotly_chart(figure, key=f"encoders_training_{column}", width="stretch", alt=last)
        st.caption(training_words(log))
    recipe = bundle.encoder_info(encoder).get("recipe")
    if isinstance(recipe, dict) and recipe:
        with st.expander("Recipe"):
            rows = {"what": list(recipe), "value": [str(value) for value in recipe.values()]}
            st.dataframe(pd.DataFrame(rows), hide_index=True, key="encoders_recipe", alt="The recipe of the training")


def training_words(log: pd.DataFrame) -> str:
    """The run in a line."""
    parts = [f"{log['epoch'].iloc[-1]:,.0f} epochs"]
    if "seconds" in log:
        parts.append(f"{log['seconds'].sum() / 60:,.0f} minutes")
    if "held_out_accuracy" in log:
        parts.append(f"{percent(float(log['held_out_accuracy'].iloc[-1]))} of the held-out images right at the end")
    return ", ".join(parts) + ". Held-out images are training images that no weight was fitted on."


view = state.current()
st.caption(
    f"{view.bundle.dataset} · {len(view.bundle.encoders):,} encoder{'s' if len(view.bundle.encoders) > 1 else ''} · "
    f"k = {view.k:,} · protocol {view.setting.protocol} · hierarchy {view.setting.hierarchy}"
)
st.subheader("Side by side", anchor=False)
table_slot = st.container()  # judged last: what is sooner is drawn first
shown = choose_encoder(view)
st.subheader("Map of the images", anchor=False)
with state.section():
    encoders_map.draw(view, shown)
st.subheader("Similarity of classes", anchor=False)
with state.section():
    encoders_classes.draw(view, shown)
with state.section():
    draw_training(view, shown)
with table_slot, state.section():
    encoders_table.draw(view)
