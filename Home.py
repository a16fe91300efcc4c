"""The dashboard: `streamlit run Home.py`. A list of pages and the shared sidebar, nothing else."""

import streamlit as st

st.set_page_config(page_title="Binary hashes: cost and gain", page_icon="🔎", layout="wide")

overview = st.Page("dashboard/overview/page.py", title="Overview", icon=":material/dashboard:", default=True)
your_data = st.Page("dashboard/your_data/page.py", url_path="your_data", title="Your data", icon=":material/upload:")
page = st.navigation(
    [
        overview,
        st.Page("dashboard/retrieval/page.py", url_path="retrieval", title="Retrieval", icon=":material/image_search:"),
        st.Page("dashboard/curves/page.py", url_path="curves", title="Curves", icon=":material/show_chart:"),
        st.Page("dashboard/methods/page.py", url_path="methods", title="Methods", icon=":material/leaderboard:"),
        st.Page("dashboard/tradeoff/page.py", url_path="tradeoff", title="Trade-off", icon=":material/balance:"),
        st.Page("dashboard/timing/page.py", url_path="timing", title="Timing", icon=":material/timer:"),
        st.Page("dashboard/scale/page.py", url_path="scale", title="Scale", icon=":material/stacked_line_chart:"),
        st.Page("dashboard/queries/page.py", url_path="queries", title="Queries", icon=":material/table_rows:"),
        st.Page("dashboard/encoders/page.py", url_path="encoders", title="Encoders", icon=":material/hub:"),
        st.Page("dashboard/export/page.py", url_path="export", title="Export", icon=":material/download:"),
        st.Page(
            "dashboard/folder_search/page.py", url_path="folder", title="Folder search", icon=":material/photo_library:"
        ),
        your_data,
    ],
    position="top",
)

st.title("What do binary hashes cost, and what do they gain?" if page == overview else page.title)

# At a server's first page these imports take their time: the title is there before them.
from dashboard.shared import warm_up  # noqa: E402

warm_up.start()
from core.errors import BadInput  # noqa: E402
from core.runtime.memory import release_freed_memory  # noqa: E402
from dashboard.shared import engine_notes, preparing, sidebar  # noqa: E402
from dashboard.shared.refusals import worded  # noqa: E402

try:
    sidebar.draw()
    if page not in (overview, your_data):  # which wait where they compute, or need nothing compiled
        preparing.wait()
    page.run()
except BadInput as error:
    st.error(worded(error), icon=":material/error:")
engine_notes.finish()
release_freed_memory()
