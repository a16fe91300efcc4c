from pathlib import Path

import pandas as pd
import streamlit as st

from core.bundle.vectors import SIMILARITIES
from core.runtime.allowed_paths import AllowedPaths
from dashboard.folder_search import search as folder_search
from dashboard.folder_search.search import Found
from dashboard.shared import imports, state
from dashboard.shared.launch import launch

RESULT = "folder_found"


def draw_form() -> None:
    """The question: a folder, a picture, and how they are compared."""
    roots, bundle = launch().readable, state.current().bundle
    if not roots:
        imports.say_no_roots("To search one", "/folder/with/pictures")
        return
    query = st.file_uploader("Picture to search for", list(folder_search.KINDS), key="folder_query")
    with st.form("folder_form", border=False):
        text = st.text_input("Folder of pictures", str(roots[0]), key="folder_path")
        st.caption(f"Only inside {', '.join(f'`{root}`' for root in roots)}.")
        left, middle, right = st.columns([2, 2, 1])
        encoder = left.selectbox(
            "Encoder",
            folder_search.encoder_names(bundle),
            key="folder_encoder",
            accept_new_options=True,
            help="An encoder of the open bundle, which sees 32 x 32 pixels, or any classifier of torchvision.",
        )
        similarity = middle.segmented_control(
            "Compared by",
            SIMILARITIES,
            default=SIMILARITIES[0],
            required=True,
            key="folder_similarity",
            help="By inner product, a plain dot product of the features, their length counts.",
        )
        k = right.number_input("k", 1, 100, 9, key="folder_k", help="Pictures shown.")
        weights = st.text_input(
            "File of weights (optional)",
            key="folder_weights",
            help="A .safetensors file or a torch state dict in a folder that may be read; without one, the bundle's "
            "own weights or torchvision's download.",
        )
        wanted = st.form_submit_button("Search", icon=":material/search:", type="primary")
    if wanted and query is None:
        st.warning("Choose a picture to search for first.", icon=":material/image:")
    elif wanted and query is not None:
        st.session_state.pop(RESULT, None)
        folder = AllowedPaths(roots).find_folder(text)
        chosen = (encoder, folder_search.find_weights(weights, roots))
        st.session_state[RESULT] = search(folder, (query.name, query.getvalue()), chosen, similarity, int(k))


def search(folder: Path, query: tuple[str, bytes], encoder: tuple[str, Path | None], similarity: str, k: int) -> Found:
    """The search, under a bar while pictures are encoded."""
    bar = st.progress(0.0, "Looking for new and changed pictures …")

    def show(done: int, total: int) -> None:
        if total and done % 20 == 0:
            bar.progress(done / total, f"{done:,} of {total:,} new pictures encoded")

    try:
        return folder_search.search(folder, query, encoder, similarity, k, state.current().bundle, show)
    finally:
        bar.empty()


def draw_found(found: Found) -> None:
    """The hits, and the files to save them as."""
    st.subheader("Found")
    st.caption(found.asked)
    st.html(found.html)
    with st.expander("As a table"):
        st.dataframe(pd.DataFrame(found.hits), hide_index=True, key="folder_table", alt="Rank, score and path")
    left, right, _ = st.columns([1, 1, 4])
    left.download_button("Save as PNG", found.png, "found.png", "image/png", icon=":material/download:")
    right.download_button("Save as CSV", found.csv, "found.csv", "text/csv", icon=":material/download:")
    if found.skipped:
        with st.expander(f"{len(found.skipped):,} files skipped"):
            st.dataframe(pd.DataFrame(found.skipped[:1000]), hide_index=True, key="folder_skipped", alt="Files skipped")


st.markdown(
    "The pictures of a folder that are nearest to one of yours. A folder is indexed at its first search; later ones "
    "encode only what is new or changed, and a search that was stopped goes on where it was."
)
with state.section():
    draw_form()
if RESULT in st.session_state:
    draw_found(st.session_state[RESULT])
