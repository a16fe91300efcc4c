"""Query by picture: a picture that is in no split is encoded, hashed and searched for in a setting's gallery.

It has no label, so nothing here is judged. Nothing of the gallery is left out for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.codes import codes as code_source
from core.codes.codes import Codes
from core.codes.hamming import HammingPair
from core.codes.pair import CodePair
from core.codes.query_hash import QueryHash
from core.engine.engine import Engine
from core.engine.retrieval import Retrieved, answer
from core.engine.task import RetrievalTask
from core.errors import BadInput
from core.hashing import packing
from core.hashing.info import Images
from core.hashing.registry import get_hash
from core.picture_query.query_encoder import EncodedPicture
from core.runtime.pinning import alone, pinned
from core.search.door import no_exclusion
from core.search.searcher import Searcher
from core.settings import Setting
from core.timing.opponents.blas import one_blas
from core.timing.opponents.contender import SearchOne
from core.timing.own_searches import hashed_side
from core.timing.query_hashing import query_hash

SEARCH_RUNS = 21


@dataclass(frozen=True)
class PictureTimes:
    """Median milliseconds on one thread, warm. `exact_ms` is BLAS; `hashed_ms` is None without a code.

    `hash_ms` is None as well where the network itself gives the code while it encodes.
    """

    hash_ms: float | None
    exact_ms: float
    hashed_ms: float | None


@dataclass(frozen=True)
class PictureAnswer:
    """`no_code` says why there are exact answers alone, None where the hash has a code of the picture."""

    retrieved: Retrieved
    times: PictureTimes
    no_code: str | None


class NoCode(BadInput):
    """A hash that cannot hash a new picture, and why."""


def search_picture(
    engine: Engine, setting: Setting, encoded: EncodedPicture, k: int, searches: Sequence[str] = ("exact", "hashed")
) -> PictureAnswer:
    """The top k of an encoded picture by each search, as `core.engine.retrieval.retrieve` gives them of a query.

    Where the hash cannot hash a new picture, the answers are those of exact search, and `no_code` says why. Raises
    BadInput for a k outside the gallery, and for asymmetric search by a hash that has no real values.
    """
    searched = engine.at(setting).task
    task = _task_of(searched, encoded.embedding)
    if not 1 <= k <= task.size:
        raise BadInput(f"k {k} is outside 1 to {task.size}, the gallery's size")
    no_code, codes, hasher = None, None, None
    try:
        codes, hasher = picture_codes(engine, setting, encoded)
    except NoCode as error:
        no_code, searches = str(error), ("exact",)

    def own_codes() -> CodePair:
        assert codes is not None  # without one of its own the picture is searched for exactly
        return codes

    shortlist = setting.shortlist(k, task.size)
    searcher = Searcher(task.queries, task.exclude, task.gallery, lambda: searched.index, own_codes, 1)
    retrieved = answer(searcher, task, codes, 0, k, searches, shortlist)
    return PictureAnswer(retrieved, _time(task, codes, hasher, shortlist, k), no_code)


def picture_codes(engine: Engine, setting: Setting, encoded: EncodedPicture) -> tuple[CodePair, QueryHash | None]:
    """The gallery's codes with the picture's as the one query, and how its code follows from its embedding.

    The latter is None where it does not (a network's own layer, the predicted class), or where codes are not compared
    by Hamming distance. Raises NoCode where the picture has no code.
    """
    at = engine.at(setting)
    info, pair = get_hash(setting.hash), at.codes
    vectors = encoded.embedding[None]
    if not isinstance(pair, HammingPair):
        return pair.encoded(vectors, None), None
    hasher = None
    stored = code_source.find_stored(engine.bundle, setting.encoder, info, pair.bits, setting.seed)
    if info.of_prediction and not len(encoded.probabilities):
        raise NoCode(f"{info.name} cannot hash a new picture: its encoder does not tell the bundle's classes apart")
    if info.of_prediction and info.make_codes is not None:
        images = Images("picture", 1, len(encoded.probabilities), np.array([encoded.probabilities.argmax()]))
        codes = Codes(pair.bits, info.make_codes(images, pair.bits, setting.seed), None)
    elif code_source.is_own_layer(info, stored):
        codes = _own_code(setting, encoded, pair.bits)
    elif (hasher := query_hash(engine, setting)) is not None:
        values = at.method.project_queries(vectors)
        codes = Codes(pair.bits, packing.pack(values > 0), lambda: values)
    elif info.make_codes is not None:
        raise NoCode(f"{info.name} are drawn for the images of the bundle: a new picture has none")
    else:
        raise NoCode(
            f"hash '{info.name}' cannot hash a new picture: the bundle holds its codes alone, not what made them; "
            "choose a hash that is fitted on embeddings, such as random-hyperplane"
        )
    return replace(pair, queries=codes, embeddings=vectors, query_words=packing.to_words(codes.packed)), hasher


def _own_code(setting: Setting, encoded: EncodedPicture, bits: int) -> Codes:
    latent = encoded.latent[None]
    if latent.shape[1] != bits:
        raise NoCode(
            f"hash '{setting.hash}' cannot hash a new picture: its {bits} bits are no layer of the weights at hand "
            f"(which give {latent.shape[1]}); choose a hash that is fitted on embeddings, such as random-hyperplane"
        )
    return Codes(bits, packing.pack(latent > 0), lambda: latent)


def _task_of(task: RetrievalTask, embedding: np.ndarray) -> RetrievalTask:
    """The same gallery with one query that has no label; nothing is left out."""
    none = np.array([-1])
    return replace(
        task,
        queries=np.ascontiguousarray(embedding[None]),
        query_index=none,
        query_labels=none,
        exclude=no_exclusion(1),
        size=len(task.gallery),
    )


def _time(
    task: RetrievalTask, codes: CodePair | None, hasher: QueryHash | None, shortlist: int, k: int
) -> PictureTimes:
    """Each side alone on one thread, after a run that does not count."""
    with alone(wait=True), pinned(1):
        exact = sum(_median(one_blas(task, k)).values())
        if codes is None:
            return PictureTimes(None, exact, None)
        hashed = _median(hashed_side(task, codes, hasher, shortlist, k))
    made = hashed.pop("hash", None)
    return PictureTimes(made, exact, sum(hashed.values()))


def _median(side: SearchOne) -> dict[str, float]:
    """Median milliseconds of each stage."""
    side(0)
    taken = [side(0)[1] for _ in range(SEARCH_RUNS)]
    return {stage: float(np.median([each[stage] for each in taken])) / 1e6 for stage in taken[0]}
