"""A picture that is in no split, searched for in the gallery."""

from __future__ import annotations

import numpy as np
import pytest

from core.bundle.bundle import load_bundle
from core.datasets.cifar100 import CIFAR_100
from core.engine.engine import Engine
from core.engine.retrieval import retrieve, to_table
from core.errors import BadInput
from core.picture_query.query_encoder import EncodedPicture, open_query_encoder
from core.picture_query.search import NoCode, picture_codes, search_picture
from core.pictures.file import read_picture
from core.settings import Setting
from tests import reference
from tests.core.picture_worlds import picture_of, png, write_pictured

SEARCHES = ("exact", "hashed", "hamming")


@pytest.fixture(scope="module")
def engine(tiny_bundle, tmp_path_factory):
    return Engine(write_pictured(tiny_bundle, tmp_path_factory.mktemp("pictured") / "pictured"), 1)


def setting(name, bits=8, encoder="semantic", protocol="test-vs-test-with-self", multiplier="2"):
    return Setting(encoder, name, bits, multiplier, protocol, "wordnet")


def as_stored(engine, encoder, row):
    """Picture `row` of the test split encoded, but for the rounding of what the bundle stores."""
    encoded = open_query_encoder(engine.bundle, encoder).encode(picture_of(row))
    stored = engine.bundle.embeddings(encoder, "test")[row]
    return EncodedPicture(encoded.seen, stored, encoded.probabilities, encoded.latent)


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("random-hyperplane", 48), ("pca-sign", 8), ("itq", 8), ("spectral", 16), ("kmeans", 4), ("rabitq", 10),
        ("latent-sigmoid", 8), ("predicted-class", 4),
    ],
)  # fmt: skip
def test_an_image_of_the_gallery_is_answered_as_the_query_that_it_is(engine, name, bits):
    chosen = setting(name, bits)
    for row in (0, 17):
        asked = retrieve(engine.at(chosen), row, 12, SEARCHES)
        found = search_picture(engine, chosen, as_stored(engine, "semantic", row), 12, SEARCHES)
        assert found.no_code is None
        assert found.retrieved.label is None
        assert found.retrieved.shortlist == asked.shortlist == 24
        assert found.retrieved.lost.tolist() == asked.lost.tolist()
        for search in SEARCHES:
            mine, theirs = found.retrieved.answers[search], asked.answers[search]
            assert mine.ids.tolist() == theirs.ids.tolist(), search
            np.testing.assert_allclose(mine.distances, theirs.distances, rtol=1e-6)
        assert found.retrieved.answers["exact"].similarities[0] == pytest.approx(1.0, abs=1e-5)


def test_nothing_is_left_out_of_the_gallery(engine):
    chosen = setting("random-hyperplane", 8, protocol="test-vs-test")
    found = search_picture(engine, chosen, as_stored(engine, "semantic", 7), 60, ("exact",))
    assert sorted(found.retrieved.answers["exact"].ids.tolist()) == list(range(60))
    vectors = engine.bundle.embeddings("semantic", "test")
    expected = reference.exact_ranking(vectors[7], vectors, -1)
    assert found.retrieved.answers["exact"].ids.tolist() == expected


def test_it_is_not_judged(engine):
    chosen = setting("random-hyperplane", 8)
    found = search_picture(engine, chosen, as_stored(engine, "semantic", 7), 5)
    assert set(to_table(found.retrieved, engine.at(chosen))["relation"]) == {"unlabelled"}


def test_asymmetric_search_uses_the_networks_own_values(engine):
    chosen, encoded = setting("latent-sigmoid"), as_stored(engine, "semantic", 7)
    codes, hasher = picture_codes(engine, chosen, encoded)
    assert hasher is None
    np.testing.assert_array_equal(codes.real_values(), encoded.latent[None])
    found = search_picture(engine, chosen, encoded, 5, ("exact", "asymmetric"))
    assert len(found.retrieved.answers["asymmetric"].ids) == 5


@pytest.mark.parametrize(("name", "words"), [("imported", "cannot hash a new picture"), ("random-codes", "has none")])
def test_without_a_code_there_are_exact_answers_and_the_reason(engine, name, words):
    chosen, encoded = setting(name), as_stored(engine, "semantic", 7)
    found = search_picture(engine, chosen, encoded, 5, SEARCHES)
    assert words in found.no_code
    assert "\n" not in found.no_code
    assert list(found.retrieved.answers) == ["exact"]
    assert found.retrieved.answers["exact"].ids[0] == 7
    assert np.isnan(found.retrieved.answers["exact"].distances).all()
    assert (found.retrieved.shortlist, len(found.retrieved.lost)) == (0, 0)
    assert (found.times.hash_ms, found.times.hashed_ms) == (None, None)
    with pytest.raises(NoCode):
        picture_codes(engine, chosen, encoded)


def test_a_layer_that_the_weights_lack_is_no_code(engine):
    encoded = as_stored(engine, "semantic", 7)
    lacking = EncodedPicture(encoded.seen, encoded.embedding, encoded.probabilities, encoded.latent[:0])
    found = search_picture(engine, setting("latent-sigmoid"), lacking, 5)
    assert "no layer of the weights" in found.no_code


def test_each_stage_has_its_time(engine):
    encoded = as_stored(engine, "semantic", 7)
    times = search_picture(engine, setting("itq"), encoded, 5).times
    assert min(times.hash_ms, times.exact_ms, times.hashed_ms) > 0
    own = search_picture(engine, setting("latent-sigmoid"), encoded, 5).times
    assert own.hash_ms is None  # the network gave the code
    assert own.hashed_ms > 0


@pytest.mark.parametrize("k", [0, 61])
def test_k_is_within_the_gallery(engine, k):
    with pytest.raises(BadInput, match=f"k {k} is outside 1 to 60"):
        search_picture(engine, setting("itq"), as_stored(engine, "semantic", 0), k)


def test_reduced_and_inner_product_embeddings_find_their_image_first(engine):
    encoded = open_query_encoder(engine.bundle, "classifier").encode(picture_of(9))
    found = search_picture(engine, setting("random-hyperplane", encoder="classifier"), encoded, 3)
    assert found.retrieved.answers["exact"].ids[0] == 9


@pytest.mark.slow
def test_a_real_picture_finds_itself_first(cifar_root):
    engine = Engine(load_bundle(), 1)
    images = CIFAR_100.read_split(cifar_root, "test").images
    encoder = open_query_encoder(engine.bundle, "semantic")
    for name, bits in (("random-hyperplane", 48), ("itq", 64), ("latent-sigmoid", 48)):
        for row in (0, 42):
            encoded = encoder.encode(read_picture(png(images[row])))
            found = search_picture(engine, setting(name, bits), encoded, 5, SEARCHES).retrieved
            assert found.answers["exact"].ids[0] == found.answers["hashed"].ids[0] == row
            assert found.answers["hashed"].distances[0] <= 1
