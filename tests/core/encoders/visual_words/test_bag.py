import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.encoders.visual_words.bag import count_words, inverse_document_frequency, tf_idf
from core.encoders.visual_words.fit import fit_bag, sample_descriptors
from core.encoders.visual_words.recipes import get_words_recipe
from core.encoders.visual_words.vocabulary import fit_centres, nearest_words
from core.encoders.visual_words.weights import holds_bag, load_bag, to_bytes
from core.errors import BadInput
from tests.core.picture_worlds import picture_of

SMALL = ("words=12", "fitted_on=600", "rounds=3", "batch_size=100")
IMAGES = np.stack([picture_of(i) for i in range(20)])


@pytest.fixture(scope="module")
def fitted():
    return fit_bag(get_words_recipe("bovw-sift", SMALL), IMAGES, seed=3)


def test_idf_and_tf_idf_by_hand():
    counts = np.array([[2, 0, 0], [1, 1, 0], [0, 0, 1]], np.float32)
    idf = inverse_document_frequency(counts)
    np.testing.assert_allclose(idf, [1 + np.log(4 / 3), 1 + np.log(2), 1 + np.log(2)], rtol=1e-6)
    found = tf_idf(counts, np.array([1, 2, 3], np.float32))
    np.testing.assert_allclose(found, [[1, 0, 0], [5**-0.5, 2 * 5**-0.5, 0], [0, 0, 1]], atol=1e-6)
    weights = tf_idf(np.array([[np.e, 1, 0]], np.float32), np.ones(3, np.float32))
    np.testing.assert_allclose(weights, [[2 * 5**-0.5, 5**-0.5, 0]], atol=1e-6)


@given(arrays(np.float32, (4, 5), elements=st.integers(0, 9).map(float)))
def test_vectors_have_unit_length_and_the_words_of_their_picture(counts):
    counts[:, 0] += 1
    found = tf_idf(counts, inverse_document_frequency(counts))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(found > 0, counts > 0)


def test_the_nearest_word_is_that_of_the_least_distance():
    rng = np.random.default_rng(0)
    descriptors, centres = rng.normal(size=(50, 4)), rng.normal(size=(7, 4))
    distances = ((descriptors[:, None] - centres) ** 2).sum(axis=2)
    np.testing.assert_array_equal(nearest_words(descriptors, centres), distances.argmin(axis=1))


def test_a_picture_without_descriptor_has_a_word_of_its_own_and_a_direction(fitted):
    bag, counts = fitted
    assert counts[:, -1].sum() == 0
    flat = np.full((2, 32, 32, 3), 200, np.uint8)
    flat[1] = 10
    vectors = bag.encode(np.concatenate([flat, IMAGES])).embeddings
    np.testing.assert_array_equal(vectors[0], [0] * 12 + [1])
    np.testing.assert_array_equal(vectors[1], vectors[0])
    assert not vectors[2:, -1].any()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_counts_are_of_all_descriptors_and_no_other_thing_changes_them(fitted):
    bag, counts = fitted
    assert set(counts.sum(axis=1)) == {128.0}  # 8 x 8 places, the mirror image too
    np.testing.assert_array_equal(counts, count_words(bag.recipe, bag.centres, IMAGES, threads=1))
    np.testing.assert_array_equal(counts[7:8], count_words(bag.recipe, bag.centres, IMAGES[7:8]))
    np.testing.assert_array_equal(counts, count_words(bag.recipe, bag.centres, IMAGES[:, :, ::-1].copy()))
    assert bag.encode(IMAGES).probabilities.shape == (20, 0)


def test_a_seed_gives_one_vocabulary(fitted):
    bag, _ = fitted
    again, _ = fit_bag(bag.recipe, IMAGES, seed=3, threads=1)
    other, _ = fit_bag(bag.recipe, IMAGES, seed=4)
    np.testing.assert_array_equal(again.centres, bag.centres)
    assert not np.array_equal(other.centres, bag.centres)
    assert len(sample_descriptors(bag.recipe, IMAGES, 0)) == 640  # of 5 pictures


def test_progress_rises_to_the_whole():
    heard = []
    fit_bag(get_words_recipe("bovw-hog", SMALL), IMAGES, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1


def test_fewer_descriptors_than_words_are_one_line():
    with pytest.raises(BadInput, match="only 4 descriptors; ask for fewer words"):
        fit_centres(get_words_recipe("bovw-sift", ["words=5"]), np.eye(4, dtype=np.float32), 0)


def test_what_is_written_is_what_encodes(fitted, tmp_path):
    bag, path = fitted[0], tmp_path / "weights.safetensors"
    path.write_bytes(to_bytes(bag))
    assert holds_bag(path)
    read = load_bag(path)
    assert read.recipe == bag.recipe
    np.testing.assert_array_equal(read.encode(IMAGES).embeddings, bag.encode(IMAGES).embeddings)
    assert read.weight_count == 12 * 128 + 13


@pytest.mark.parametrize("data", [b"", b"\x08\0\0\0\0\0\0\0{}      ", b"no weights at all"])
def test_other_files_are_one_line(tmp_path, data):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(data)
    assert not holds_bag(path)
    with pytest.raises(BadInput, match="cannot read a vocabulary") as error:
        load_bag(path)
    assert "\n" not in str(error.value)
