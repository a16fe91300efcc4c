"""The page of folder search: which folders it may read, the index, and what is shown and saved of the hits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import streamlit as st

from core.bundle.bundle import Bundle
from core.encoders.picture_encoder import open_encoder
from core.errors import BadInput
from core.pictures.encoder import PictureEncoder
from core.pictures.file import SUFFIXES, read_picture
from core.pictures.folder import Skipped, find_pictures
from core.pictures.grid import grid_picture, png_bytes
from core.pictures.index import index_folder
from core.pictures.search import Hit, hits_csv, printable, search_index
from core.pictures.thumbnail import thumbnail
from core.runtime.allowed_paths import AllowedPaths
from dashboard.shared.image_grid import Tile, grid_html
from dashboard.shared.pictures import png_uri

BACKBONES = ("resnet50", "resnet152", "vit_b_16", "vit_l_16", "inception_v3", "convnext_tiny", "alexnet", "vgg16")
KINDS = tuple(sorted(suffix.removeprefix(".") for suffix in SUFFIXES))
SIDE = 160  # pixels of a picture on the page


@dataclass(frozen=True)
class Found:
    """A search as it was done: what was asked, the hits, and how they look."""

    asked: str
    hits: list[Hit]
    html: str
    skipped: list[Skipped]
    csv: bytes = field(repr=False)
    png: bytes = field(repr=False)


def encoder_names(bundle: Bundle) -> list[str]:
    """Encoders of the bundle whose weights it holds, then torchvision's best known."""
    return [*(name for name in bundle.encoders if bundle.weights_path(name)), *BACKBONES]


def find_weights(text: str, roots: Sequence[Path]) -> Path | None:
    """The file of weights that was named, None for no text; BadInput where no root holds it."""
    return AllowedPaths(roots).find_file(text) if text.strip() else None


@st.cache_resource(max_entries=2, show_spinner="Loading the encoder …")
def _encoder(name: str, weights: Path | None, changed: int, _bundle: Bundle, version: str) -> PictureEncoder:
    return open_encoder(name, weights, _bundle)


def search(
    folder: Path,
    query: tuple[str, bytes],
    encoder: tuple[str, Path | None],
    similarity: str,
    k: int,
    bundle: Bundle,
    progress: Callable[[int, int], None],
) -> Found:
    """Bring the folder's index up to date and search it; `query` is a name and a file's content.

    BadInput for a folder, a picture or weights that cannot be used.
    """
    picture = read_picture(query[1], query[0])
    found = find_pictures(folder)
    name, weights = encoder
    changed = 0 if weights is None else weights.stat().st_mtime_ns
    network = _encoder(name, weights, changed, bundle, bundle.version)
    index = index_folder(found, network, None, progress)
    vector = network.encode_pictures([picture])[0]
    hits = search_index(index, vector, k, similarity)
    asked = f"{query[0]} in {len(index):,} pictures of '{found.root.name}', encoder {name}, {similarity}"
    tiles = [Tile(0, query[0], relation="query", picture=png_uri(_small(picture)))]
    tiles += [_tile(index.folder.root, hit) for hit in hits]
    html = grid_html(tiles, compared=False, similarity=similarity)
    shown = [hit._replace(path=printable(hit.path)) for hit in hits]
    sheet = png_bytes(grid_picture(index.folder.root, picture, hits))
    return Found(asked, shown, html, index.skipped, hits_csv(hits), sheet)


def _tile(root: Path, hit: Hit) -> Tile:
    try:
        picture = png_uri(_small(read_picture(root / hit.path)))
    except BadInput:  # gone since it was indexed: a card is drawn
        picture = None
    return Tile(hit.rank, printable(hit.path), similarity=hit.score, rank=hit.rank, picture=picture)


def _small(picture: np.ndarray) -> np.ndarray:
    return np.asarray(thumbnail(picture, SIDE))
