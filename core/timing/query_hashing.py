"""The timed step from a query's embedding to its code: projection, sign, pack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.codes import codes as code_source
from core.codes.query_hash import QueryHash
from core.engine.engine import Engine
from core.hashing.base import LinearHash, centred_product
from core.hashing.head import MlpHash
from core.hashing.packing import pack, to_words, width
from core.hashing.registry import get_hash
from core.search.linear_code import linear_code
from core.settings import Setting

OfRows = Callable[[np.ndarray], np.ndarray]


def query_hash(engine: Engine, setting: Setting) -> QueryHash | None:
    """How a query of the setting is hashed; None where its code does not follow from the embedding alone, or where
    codes are not compared by Hamming distance, so that the query has no need of one.

    The stored head is taken where there is one; else the method is fitted here, outside of any timing.
    """
    info = get_hash(setting.hash)
    if info.distance != "hamming":
        return None
    bits = code_source.true_bits(engine.bundle, setting.encoder, setting.hash, setting.bits)
    stored = code_source.find_stored(engine.bundle, setting.encoder, info, bits, setting.seed)
    if stored is not None:
        method = code_source.stored_method(engine.bundle, stored, info, bits)
    else:
        method = None if info.fit is None else engine.at(setting).method
    if method is None:
        return None
    if isinstance(method, LinearHash):
        return _linear(*(method.state()[name] for name in ("mean", "projection")))
    if isinstance(method, MlpHash):
        return _layered(method)
    return _of_signs(lambda X: method.project_queries(X) > 0)


def _of_signs(signs: OfRows, one: OfRows | None = None) -> QueryHash:
    def many(X: np.ndarray) -> np.ndarray:
        return to_words(pack(signs(X)))

    return QueryHash(one or (lambda query: many(query[None])[:, 0]), many, signs)


def _layered(method: MlpHash) -> QueryHash:
    inner, constant, output, bias = method.layers()

    def one(query: np.ndarray) -> np.ndarray:
        values = np.maximum(query.astype(np.float64) @ inner + constant, 0.0) @ output + bias
        return to_words(np.packbits(values.astype(np.float32) > 0)[None])[:, 0]

    return _of_signs(lambda X: method.project_queries(X) > 0, one)


def _linear(mean: np.ndarray, projection: np.ndarray) -> QueryHash:
    mean, projection = _read_only(mean), _read_only(projection)
    bits = projection.shape[1]
    values = np.empty(bits)
    words = np.zeros(-(-bits // 64), np.uint64)
    code = words.view(np.uint8)[: width(bits)]

    def one(query: np.ndarray) -> np.ndarray:
        linear_code(query, mean, projection, values, code)
        return words

    whole = _of_signs(lambda X: centred_product(X, mean, projection) > 0, one)
    return replace(whole, linear=(mean, projection))


def _read_only(array: np.ndarray) -> np.ndarray:
    """Float32, C-contiguous; read-only wherever it comes from, so that kernels are compiled for one type alone."""
    view = np.ascontiguousarray(array, np.float32).view()
    view.flags.writeable = False
    return view
