"""What all pages share: the engine of the open bundle, and the setting that the sidebar shows."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core.bundle.bundle import Bundle
from core.datasets.registry import DATASETS, get_dataset
from core.engine.engine import Engine
from core.engine.results import SearchResult
from core.engine.task import RetrievalTask
from core.errors import BadInput
from core.metrics.registry import get_metric
from core.reports.setting_text import command_words, url_parameters
from core.settings import LEAVE_OUT, Setting, curve_ks
from dashboard.shared import engines
from dashboard.shared.folder_pictures import FolderPictures
from dashboard.shared.launch import launch
from dashboard.shared.open_bundles import read_bundle
from dashboard.shared.pictures import Pictures
from dashboard.shared.refusals import worded

RETRIEVAL = "dashboard/retrieval/page.py"
ENGINES = 4  # bundles, each by one search engine, that are open at a time, in all sessions


@dataclass(frozen=True)
class View:
    """The current setting: what a page computes from. `k` and the two metric definitions are the sidebar's."""

    engine: Engine
    setting: Setting
    k: int
    map_metric: str
    mahp_metric: str
    engine_name: str = engines.LOCAL

    @property
    def bundle(self) -> Bundle:
        """The open bundle."""
        return self.engine.bundle

    @property
    def version(self) -> tuple[str, str]:
        """The open bundle's folder and version: what is kept of it is found by both."""
        return str(self.bundle.path), self.bundle.version

    @property
    def task(self) -> RetrievalTask:
        """Queries and gallery of the setting."""
        return self.engine.at(self.setting).task

    @property
    def left_out(self) -> int:
        """Near-duplicates that are left out of the gallery."""
        return self.bundle.count(self.task.protocol.gallery_split) - len(self.task.gallery)

    @property
    def protocol(self) -> str:
        """The protocol, and what is left out of its gallery, for captions."""
        out = self.setting.near_duplicates == LEAVE_OUT
        return self.setting.protocol + (f" without {self.left_out:,} near-duplicates" if out else "")

    def judged_by(self, metric: str) -> str:
        """What a figure is judged by, in words."""
        tree = f", hierarchy {self.setting.hierarchy}" if get_metric(metric).hierarchical else ""
        return f"Protocol {self.protocol}{tree}."

    @property
    def ks(self) -> list[int]:
        """The k of every curve at this setting; the current k is one of them."""
        return curve_ks(self.k, self.task.size)

    def results(self, searches: Sequence[str] = ("exact", "hashed", "hamming")) -> dict[str, SearchResult]:
        """Results at the current k, query by query."""
        return self.engine.evaluate(self.setting, [self.k], searches)

    def parameters(self) -> dict[str, str]:
        """The URL parameters that show this setting."""
        shown = url_parameters(self.setting, self.k, self.map_metric, self.mahp_metric)
        return shown if self.engine_name == engines.LOCAL else shown | {"engine": self.engine_name}

    def link(self) -> str:
        """The query string of this view."""
        return "?" + urlencode(self.parameters())

    def command(self, name: str = "evaluate") -> str:
        """The command that gives the same numbers."""
        return shlex.join(command_words(self.bundle, self.setting, name))


@st.cache_resource(max_entries=ENGINES, show_spinner=False)
def _engine(path: str, version: str, name: str) -> Engine:
    """One engine per bundle and search engine, shared by all sessions; `version` changes when the bundle's manifest
    does. An attempt to connect that failed is kept as well, so that it is not made again at every run."""
    return Engine(read_bundle(path), backend=engines.open_backend(name))


def open_engine(path: str | Path, name: str = engines.LOCAL) -> Engine:
    """The engine of the bundle in a folder, searched by the search engine of that name.

    Raises BadInput where the bundle cannot be opened. An engine that does not answer is no error: see its notes.
    """
    return _engine(str(path), read_bundle(path).version, name)


def reopen_engine(path: str | Path, name: str) -> None:
    """Connect to the search engine again when the bundle is next opened."""
    _engine.clear(str(path), read_bundle(path).version, name)


def bundle_paths() -> list[str]:
    """The bundles of the session: those that the server was started with, then those that were opened."""
    return [*map(str, launch().bundles), *st.session_state.get("opened_bundles", [])]


def open_bundle(path: str | Path) -> None:
    """Add a bundle to the session's and start the page again with it open, at its own defaults."""
    read_bundle(path)  # refuses a bad one before anything changes
    known = bundle_paths()
    place = next((known_path for known_path in known if Path(known_path).resolve() == Path(path).resolve()), str(path))
    if place not in known:
        st.session_state["opened_bundles"] = [*st.session_state.get("opened_bundles", []), place]
    st.session_state["opening_bundle"] = place
    st.rerun()


@st.cache_resource(max_entries=4, show_spinner=False)
def _pictures(root: str | None, dataset: str, version: str) -> Pictures:
    return Pictures.find(root, dataset=get_dataset(dataset))


@st.cache_resource(max_entries=4, show_spinner=False)
def _folder_pictures(path: str, version: str, roots: tuple[Path, ...], _bundle: Bundle) -> FolderPictures:
    return FolderPictures(_bundle, roots)


def folder_pictures(bundle: Bundle) -> FolderPictures:
    """The pictures of a bundle that was made of a folder; of any other there are none."""
    return _folder_pictures(str(bundle.path), bundle.version, launch().readable, bundle)


def pictures(view: View) -> Pictures | FolderPictures | None:
    """The pictures of the bundle's images, if they are at hand and are those that the bundle was made from."""
    if view.bundle.dataset.lower() not in DATASETS:
        of_folder = folder_pictures(view.bundle)
        return of_folder if of_folder.available else None
    root = st.session_state.get("picture_root") or launch().images
    found = _pictures(str(root) if root else None, view.bundle.dataset, view.bundle.version)
    split = view.task.protocol.query_split
    if not found.available or not found.agrees(split, view.bundle.labels(split)):
        return None
    return found


def forget_pictures() -> None:
    """Look for pictures again: after a download, or when another folder is named."""
    _pictures.clear()
    _folder_pictures.clear()


def set_view(view: View) -> None:
    """Make this the session's current view (the sidebar does)."""
    st.session_state["_view"] = view


def current() -> View:
    """The session's current view; pages begin with it."""
    return st.session_state["_view"]


@contextmanager
def section() -> Iterator[None]:
    """A part of a page: bad input shows as a message in its place, and the rest of the page goes on."""
    try:
        yield
    except BadInput as error:
        st.error(worded(error), icon=":material/error:")


def open_query(query: int) -> None:
    """Go to the Retrieval page with this query (its place among the queries of the setting)."""
    st.session_state["query"] = int(query)
    # Without query_params, switch_page raises as soon as a bound parameter (k, bits, ...) stands in the URL.
    try:
        st.switch_page(RETRIEVAL, query_params={"query": str(query)})
    except StreamlitAPIException:  # 'query' is bound already: it is written into the URL from the session's state
        st.switch_page(RETRIEVAL, query_params={})
