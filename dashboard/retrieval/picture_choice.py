"""How a user gets pictures onto the page: one click for the download, or a folder that is at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.datasets.cifar import Cifar, default_download_root
from core.datasets.registry import DATASETS, get_dataset
from core.errors import BadInput
from core.runtime.allowed_paths import AllowedPaths
from dashboard.shared import state
from dashboard.shared.folder_pictures import FolderPictures
from dashboard.shared.launch import launch
from dashboard.shared.pictures import download_with_progress


def offer(view: state.View) -> None:
    """Say that cards stand for the pictures, and offer ways to get them where there can be any."""
    if view.bundle.dataset.lower() not in DATASETS:
        _say_why_none(state.folder_pictures(view.bundle))
        return
    dataset = get_dataset(view.bundle.dataset)
    title = f"Drawn cards stand for the pictures. Show the pictures of {dataset.name}"
    with st.expander(title, icon=":material/image:"):
        target = default_download_root()
        st.write(
            f"The pictures are not part of this project. They can be fetched from their authors' site "
            f"({dataset.archive_bytes / 1e6:.0f} MB, once) into `{target}`, or read from a folder that holds "
            f"`{dataset.folder}`."
        )
        with state.section():
            if st.button(f"Download {dataset.name}", key="pictures_download", icon=":material/download:"):
                _download(target, dataset)
        with state.section():
            _choose_folder(view, dataset)


def _say_why_none(pictures: FolderPictures) -> None:
    """Why a bundle that is none of a data set's shows cards, and what would bring its pictures."""
    if pictures.problem is not None:
        st.warning(f"Cards stand for the pictures: {pictures.problem}", icon=":material/image_not_supported:")
        return
    if not pictures.known:
        st.caption("This bundle comes without pictures: cards stand for them.")
        return
    options = launch()
    st.caption(
        "Cards stand for the pictures of this bundle's folder, which is in none of the folders that this dashboard "
        "may read. Start it with `--images` for the folder that holds them:"
    )
    folder = pictures.folder or Path("/folder/with/pictures")
    st.code(replace(options, images=folder).command(), "bash", wrap_lines=True)


def _download(target: Path, dataset: Cifar) -> None:
    bar = st.progress(0.0, f"Downloading {dataset.name} …")
    try:
        target.mkdir(parents=True, exist_ok=True)
        download_with_progress(
            target, lambda share: bar.progress(share, f"Downloading {dataset.name} … {share:.0%}"), dataset=dataset
        )
    except OSError as error:
        raise BadInput(f"cannot write to '{target}' ({error.strerror}): name a folder of pictures instead") from error
    finally:
        bar.empty()
    st.session_state["picture_root"] = str(target)
    state.forget_pictures()
    st.rerun()


def _choose_folder(view: state.View, dataset: Cifar) -> None:
    roots = launch().roots
    if not roots:
        st.caption(
            "To read a folder, start the dashboard with `--images DIR`, or with `--root DIR` to name it here: "
            "`streamlit run Home.py -- --images DIR`."
        )
        return
    with st.form("pictures_form", border=False):
        text = st.text_input("Folder", key="pictures_folder", placeholder=str(roots[0]))
        if not st.form_submit_button("Use this folder"):
            return
    folder = checked_folder(text, roots, dataset)
    split = view.task.protocol.query_split
    labels = dataset.read_split(folder, split).labels
    if len(labels) != view.bundle.count(split) or (labels != view.bundle.labels(split)).any():
        raise BadInput(f"'{folder}' holds other data: its labels are not those of the open bundle")
    st.session_state["picture_root"] = str(folder)
    state.forget_pictures()
    st.rerun()


def checked_folder(text: str, roots: tuple[Path, ...], dataset: Cifar) -> Path:
    """The folder that a user named; raises BadInput unless it lies in one of `roots` and holds the data set."""
    listed = ", ".join(f"'{root}'" for root in roots)
    if not text.strip():
        raise BadInput(f"no folder was named: give one inside {listed}")
    folder = AllowedPaths(roots).find_folder(text)
    if not (folder / dataset.folder).is_dir():
        raise BadInput(f"'{folder}' holds no '{dataset.folder}': give the folder that it was extracted into")
    return folder
