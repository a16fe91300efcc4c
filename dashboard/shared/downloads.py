"""The download of a table: the bytes of `python -m core export`, and the command that gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.exports.command_line import export_command
from core.exports.export import Table, encode
from core.exports.registry import get_export
from core.exports.request import Request
from dashboard.shared.state import View

MIME = {"csv": "text/csv", "json": "application/json"}


def request_of(view: View, **choices: Any) -> Request:
    """What a page asks for: the sidebar's setting, k and definitions, and the page's own choices."""
    usual = {"ks": (view.k,), "map_metric": view.map_metric, "mahp_metric": view.mahp_metric}
    return Request(**{"engine": view.engine, "setting": view.setting, **usual, **choices})


@st.cache_data(max_entries=24, show_spinner="Computing the table …")
def kept_table(name: str, version: tuple[str, str], key: tuple[Any, ...], _request: Request) -> Table:
    """A table that was made before, by what it follows from: `View.version` and `Request.key`."""
    return get_export(name).make(_request)


def command_of(name: str, request: Request) -> str:
    """The command that writes the same file."""
    return export_command(get_export(name), request)


def download(
    name: str,
    request: Request,
    table: Table | Callable[[], Table],
    key: str,
    label: str = "Download CSV",
    note: str = "",
    of_another: bool = False,
    **look: Any,
) -> None:
    """A button for the file of the table `name`; `table` is at hand, or made when the button is pressed.

    Its help is `note` and the command that writes the same bytes. `of_another` says that the table is of a setting
    that the sidebar has left: then neither the file's name nor a command would be right.
    """
    export = get_export(name)
    timed = export.timed or request.times
    same = "writes this table, with times of its own" if timed else "writes the same bytes"
    st.download_button(
        label,
        (lambda: encode(table())) if callable(table) else encode(table),
        f"{name}.{export.suffix}" if of_another else export.file_name(request),
        MIME[export.suffix],
        key=key,
        on_click="ignore",
        icon=":material/download:",
        help=" ".join(filter(None, [note, "" if of_another else f"`{command_of(name, request)}` {same}."])) or None,
        **look,
    )
