"""Embeddings on a plane: principal components at once, t-SNE computed once and kept in the bundle."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.bundle.bundle import Bundle, load_bundle
from core.bundle.manifest_checks import FLOATS, check_array
from core.bundle.writer import BundleWriter
from core.errors import BadInput
from core.reports.class_similarity import image_split
from core.runtime.shared_types import Json

PERPLEXITY = 30.0
_BLOCK = 16_384  # rows made float64 at once


class StoredMap(NamedTuple):
    """A map that a bundle keeps: coordinates float32 (N, 2) in the order of the images, and how it was made."""

    places: np.ndarray
    made: str


def pca_map(embeddings: np.ndarray) -> np.ndarray:
    """The first two principal components of (N, d) floats, float32 (N, 2); a second of zeros where d is 1.

    The sign of a component is settled by its largest weight, which is positive, so that a map does not flip.
    """
    mean, covariance = _moments(embeddings)
    axes = np.linalg.eigh(covariance)[1][:, ::-1][:, :2]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    axes = axes * np.where(largest < 0, -1.0, 1.0)
    places = np.zeros((len(embeddings), 2), np.float32)
    for start in range(0, len(embeddings), _BLOCK):
        block = slice(start, start + _BLOCK)
        places[block, : axes.shape[1]] = (embeddings[block] - mean) @ axes
    return places


def variance_shares(embeddings: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The share of the embeddings' variance along each axis of their `pca_map`, float64 (2,); 0 where all are equal."""
    total = float(np.trace(_moments(embeddings)[1]))
    found = places.var(axis=0, dtype=np.float64)
    return found / total if total else np.zeros(2)


def tsne_map(embeddings: np.ndarray, seed: int = 0) -> np.ndarray:
    """t-SNE of (N, d) floats, float32 (N, 2); minutes for 10,000 rows.

    van der Maaten & Hinton, JMLR 2008; starts from the principal components (Kobak & Berens, Nature Communications
    2019). Raises BadInput below 5 rows.
    """
    from sklearn.manifold import TSNE

    count = len(embeddings)
    if count < 5:
        raise BadInput(f"a t-SNE map of {count} images says nothing: expected 5 or more")
    method = TSNE(perplexity=_perplexity(count), init="pca", learning_rate="auto", random_state=seed)
    # Few columns: where the embedding has one, the start from two components cannot be had.
    rows = embeddings if embeddings.shape[1] > 1 else np.column_stack([embeddings, np.zeros(count, np.float32)])
    return method.fit_transform(rows).astype(np.float32)


def stored_map(bundle: Bundle, encoder: str) -> StoredMap | None:
    """The map that the bundle keeps of an encoder; None if it has none, BadInput where it does not fit the images."""
    info = bundle.encoder_info(encoder)
    spec = info.get("map")
    if spec is None:
        return None
    count = bundle.count(image_split(bundle))
    check_array(spec, f"the map of '{encoder}' in '{bundle.path}'", (count, 2), FLOATS)
    places = np.asarray(bundle.array(spec), dtype=np.float32)
    if not np.isfinite(places).all():
        raise BadInput(f"the map of '{encoder}' in '{bundle.path}' holds NaN or infinity: make it again")
    return StoredMap(places, str(info.get("map_made") or "precomputed"))


def add_map(folder: str | Path, encoder: str, seed: int = 0) -> None:
    """Compute the t-SNE of an encoder's test embeddings and keep it in the bundle; a map that is there is replaced.

    Raises BadInput where the encoder was replaced while this ran: the bundle is then left as it is.
    """
    bundle = load_bundle(folder)
    split = image_split(bundle)
    places = tsne_map(bundle.embeddings(encoder, split), seed)
    now = load_bundle(folder)  # others may have written while this computed
    if encoder not in now.encoders or _embedded(now, encoder, split) != _embedded(bundle, encoder, split):
        raise BadInput(f"encoder '{encoder}' in '{folder}' changed while its map was computed: compute it again")
    made = (
        f"t-SNE (scikit-learn) of the {len(places):,} embeddings of '{split}', "
        f"perplexity {_perplexity(len(places)):g}, seed {seed}"
    )
    with BundleWriter(folder) as writer:
        entry = {**now.encoder_info(encoder), "map": writer.add_array(places), "map_made": made}
        encoders = {**now.manifest["encoders"], encoder: entry}
        writer.commit({**now.manifest, "encoders": encoders})


def _perplexity(count: int) -> float:
    return min(PERPLEXITY, (count - 1) / 3)


def _embedded(bundle: Bundle, encoder: str, split: str) -> Json:
    return bundle.encoder_info(encoder)["embeddings"][split]


def _moments(embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and covariance (d, d), float64, a block of rows at a time."""
    mean = embeddings.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((len(mean), len(mean)))
    for start in range(0, len(embeddings), _BLOCK):
        centred = embeddings[start : start + _BLOCK] - mean
        covariance += centred.T @ centred
    return mean, covariance / len(embeddings)
