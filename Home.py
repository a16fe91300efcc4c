"""The dashboard: `streamlit run Home.py`. A list of pages and the shared sidebar, nothing else."""

import streamlit as st

st.set_page_config(page_title="Binary hashes: cost and gain", page_icon="🔎", layout="wide")

overview = st.Page("dashboard/overview.py", title="Overview", icon=":material/dashboard:", default=True)
your_data = st.Page("dashboard/your_data.py", title="Your data", icon=":material/upload:")
page = st.navigation(
    [
        overview,
        st.Page("dashboard/retrieval.py", title="Retrieval", icon=":material/image_search:"),
        st.Page("dashboard/curves.py", title="Curves", icon=":material/show_chart:"),
        st.Page("dashboard/methods.py", title="Methods", icon=":material/leaderboard:"),
        st.Page("dashboard/tradeoff.py", title="Trade-off", icon=":material/balance:"),
        st.Page("dashboard/timing.py", title="Timing", icon=":material/timer:"),
        st.Page("dashboard/scale.py", title="Scale", icon=":material/stacked_line_chart:"),
        st.Page("dashboard/queries.py", title="Queries", icon=":material/table_rows:"),
        st.Page("dashboard/encoders.py", title="Encoders", icon=":material/hub:"),
        st.Page("dashboard/export.py", title="Export", icon=":material/download:"),
        st.Page("dashboard/folder.py", title="Folder search", icon=":material/photo_library:"),
        your_data,
    ],
    position="top",
)

st.title("What do binary hashes cost, and what do they gain?" if page == overview else page.title)

# At a server's first page these imports take their time: the title is there before them.
from dashboard import warm_up  # noqa: E402

warm_up.start()
from core.errors import BadInput  # noqa: E402
from core.memory import release_freed_memory  # noqa: E402
from dashboard import preparing, sidebar  # noqa: E402

try:
    sidebar.draw()
    if page not in (overview, your_data):  # which wait where they compute, or need nothing compiled
        preparing.wait()
    page.run()
except BadInput as error:
    st.error(str(error), icon=":material/error:")
release_freed_memory()
