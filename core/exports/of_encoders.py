"""Tables of the Encoders page: the encoders side by side, and of one its classes, its map and its training run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.building.add_embedding_map import pca_map, stored_map
from core.bundle.training_log import training_log
from core.errors import BadInput
from core.exports.export import Export
from core.exports.request import Request
from core.reports.class_similarity import by_level, embedding_similarity, image_split, pair_table
from core.reports.encoder_table import encoder_table


def _encoders(request: Request) -> pd.DataFrame:
    return encoder_table(request.engine, request.setting, request.k, request.map_metric, request.mahp_metric)


def _both(request: Request) -> tuple[np.ndarray, np.ndarray]:
    """The similarities of classes by the embedding and by the tree, float64 (C, C) both."""
    bundle = request.engine.bundle
    split = image_split(bundle)
    embeddings, labels = bundle.embeddings(request.setting.encoder, split), bundle.labels(split)
    found = embedding_similarity(embeddings, labels, len(bundle.class_names))
    return found, bundle.hierarchy(request.setting.hierarchy).similarity()


def _similarity(request: Request) -> pd.DataFrame:
    return pair_table(*_both(request), request.engine.bundle.class_names)


def _levels(request: Request) -> pd.DataFrame:
    return by_level(*_both(request))


def _map(request: Request) -> pd.DataFrame:
    bundle, encoder = request.engine.bundle, request.setting.encoder
    split = request.engine.at(request.setting).task.protocol.query_split
    labels = bundle.labels(split)
    columns = {"index": np.arange(len(labels)), "class": np.array(bundle.class_names, dtype=object)[labels]}
    kept = stored_map(bundle, encoder)
    maps = {"pca": pca_map(bundle.embeddings(encoder, split))} | ({} if kept is None else {"tsne": kept.places})
    for name, places in maps.items():
        if len(places) != len(labels):
            raise BadInput(f"the map has {len(places):,} images, the queries are {len(labels):,}: make the map again")
        columns |= {f"{name}_x": places[:, 0], f"{name}_y": places[:, 1]}
    return pd.DataFrame(columns)


def _training(request: Request) -> pd.DataFrame:
    encoder = request.setting.encoder
    log = training_log(request.engine.bundle, encoder)
    if log is None:
        raise BadInput(f"the bundle keeps no log of {encoder}'s training: take another encoder")
    return log


EXPORTS = (
    Export(
        "encoders",
        "Encoders",
        "one row an encoder: accuracy, mAP, mAHP, P@1, hashed search, encode time and size, with intervals",
        _encoders,
        ("ks", "map_metric", "mahp_metric"),
        file=lambda request: f"{request.engine.bundle.name}_encoders_{request.k}.csv",
    ),
    Export("class-similarity", "Encoders", "how alike each pair of classes is, by embedding and by tree", _similarity),
    Export("class-levels", "Encoders", "the embedding's similarity of classes by level of the tree", _levels),
    Export("embedding-map", "Encoders", "where each image stands on the map: PCA, and t-SNE if it is kept", _map),
    Export("training", "Encoders", "the log of the encoder's training run, one row an epoch", _training),
)
