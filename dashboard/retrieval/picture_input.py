"""How a person hands over a picture: chosen, dropped, pasted or photographed. The session keeps the last one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import streamlit as st
from PIL import Image

from core.pictures.file import read_picture
from dashboard.retrieval import picture_paste
from dashboard.shared.pictures import png_uri

BUNDLE, PICTURE = "bundle", "picture"  # as the link has them: it holds what the control shows
MOST_MEGABYTES = 50
THUMBNAIL = 360  # pixels of the longer side; a picture on the page is drawn smaller
_FILE, _CAMERA, _GIVEN = "own_picture_file", "own_picture_camera", "own_picture"


@dataclass(frozen=True)
class Given:
    """A picture as it was handed over. `digest` names its content; `thumbnail` is a data URI of it."""

    name: str
    digest: str
    width: int
    height: int
    thumbnail: str
    data: bytes = field(repr=False)

    def picture(self) -> np.ndarray:
        """The picture, uint8 (H, W, 3): read again, since it may be a hundred times as large as its file."""
        return read_picture(self.data, self.name)


def wanted() -> bool:
    """The choice between the bundle's queries and a picture of one's own; whether it is the latter."""
    chosen = st.segmented_control(
        "Query from",
        [BUNDLE, PICTURE],
        default=BUNDLE,
        required=True,
        key="ask",
        bind="query-params",
        help="An image of the bundle, whose label says what is right; or a picture of yours, which has none.",
    )
    return chosen == PICTURE


def take_picture() -> Given | None:
    """The ways to hand over a picture; the one that was handed over last, None before the first.

    Raises BadInput for a file that is no picture; the ways stay, so that another can be given.
    """
    st.file_uploader(
        "Choose a picture, or drop one here",
        "image",
        key=_FILE,
        max_upload_size=MOST_MEGABYTES,
        on_change=_take,
        args=(_FILE,),
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        camera = st.toggle("Camera", key="own_picture_camera_on", help="Photograph the query with this device.")
        with st.container(width=420):
            picture_paste.draw(_FILE)
    if camera:
        st.camera_input("Photograph", key=_CAMERA, on_change=_take, args=(_CAMERA,), width=420)
    handed = st.session_state.get(_GIVEN)
    if handed is None:
        return None
    if not isinstance(handed, Given):
        handed = _read(*handed)
        st.session_state[_GIVEN] = handed
    return handed


def _take(key: str) -> None:
    """Keep what a control holds now: the session has it on after the page is left, when the control does not."""
    given = st.session_state[key]
    if given is None:
        st.session_state.pop(_GIVEN, None)
    else:
        st.session_state[_GIVEN] = (given.name, given.getvalue())


def _read(name: str, data: bytes) -> Given:
    picture = read_picture(data, name)
    height, width = picture.shape[:2]
    small = Image.fromarray(picture)
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    digest = hashlib.sha256(data).hexdigest()
    return Given(name, digest, width, height, png_uri(np.asarray(small)), data)
