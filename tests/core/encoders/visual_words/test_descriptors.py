import numpy as np
import pytest
from skimage.feature import hog

from core.encoders.visual_words import hog as hog_module
from core.encoders.visual_words.descriptors import DESCRIPTORS, describe
from core.encoders.visual_words.grid import grey, keypoints, scaled
from core.encoders.visual_words.recipes import VISUAL_WORDS, VisualWordsRecipe, get_words_recipe
from core.errors import BadInput
from tests.core.picture_worlds import picture_of

ENCODERS = ("bovw-sift", "bovw-orb", "bovw-hog")


@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_picture_has_as_many_unit_descriptors(encoder):
    recipe = get_words_recipe(encoder, ["mirrored=false"])
    images = np.stack([picture_of(i) for i in range(3)])
    found = describe(recipe, images)
    width = {"sift": 128, "orb": 256, "hog": 36}[recipe.descriptor]
    assert found.dtype == np.float32
    assert found.shape[::2] == (3, width)
    np.testing.assert_allclose(np.linalg.norm(found, axis=2), 1, atol=1e-5)
    np.testing.assert_array_equal(describe(recipe, images[1:2])[0], found[1])  # whatever stands beside it


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_patch_of_one_colour_has_no_descriptor(encoder):
    half = np.full((32, 32, 3), 90, np.uint8)
    half[:, 16:] = picture_of(0)[:, 16:]
    recipe = get_words_recipe(encoder, ["mirrored=false", *(["sizes=1"] if encoder == "bovw-sift" else [])])
    found = describe(recipe, np.stack([half, np.full_like(half, 90)]))
    has = found.any(axis=2)
    assert not has[1].any()
    assert 0 < has[0].sum() < has.shape[1]


@pytest.mark.parametrize("encoder", ENCODERS)
def test_mirrored_the_two_pictures_have_the_same_descriptors(encoder):
    recipe, image = get_words_recipe(encoder, ["mirrored=true"]), picture_of(4)
    there, back = describe(recipe, np.stack([image, image[:, ::-1]]))
    half = len(there) // 2
    np.testing.assert_array_equal(there[:half], back[half:])
    np.testing.assert_array_equal(there[half:], back[:half])


@pytest.mark.parametrize("side", [32, 50])
def test_hog_is_that_of_scikit_image(side):
    images = np.stack([picture_of(i) for i in range(4)])
    recipe = VisualWordsRecipe("bovw-hog", "hog", side=side, sizes=(4, 7))
    whole = [
        [
            hog(scaled(image, side), 9, (cell, cell), (2, 2), "L2-Hys", transform_sqrt=True, channel_axis=-1)
            for cell in (4, 7)
        ]
        for image in images
    ]
    expected = np.stack([np.concatenate(parts).reshape(-1, 36) for parts in whole])
    np.testing.assert_allclose(hog_module.describe(recipe, images), expected, atol=1e-6)


def test_hog_of_a_vertical_edge_lies_in_the_bin_of_horizontal_gradients():
    image = np.zeros((32, 32, 3), np.uint8)
    image[:, 16:] = 255
    recipe = VisualWordsRecipe("bovw-hog", "hog", sizes=(8,), mirrored=False)
    found = describe(recipe, image[None])[0].reshape(3, 3, 2, 2, 9)
    middle = found[:, 1]  # its two cells lie on both sides of the edge
    assert middle[..., 0].sum() > 0.99 * middle.sum() > 0
    assert not found[:, :, :, :, 1:].any()


def test_the_grid_starts_half_a_step_from_the_corner():
    points = keypoints(32, 8, 5, margin=100)
    assert [point.pt for point in points[:5]] == [(104, 104), (112, 104), (120, 104), (128, 104), (104, 112)]
    assert len(points) == 16
    assert {point.size for point in points} == {5}
    assert grey(np.zeros((32, 32, 3), np.uint8), 96).shape == (96, 96)


def test_recipes_are_checked_and_know_their_descriptor():
    assert {recipe.descriptor for recipe in VISUAL_WORDS.values()} == set(DESCRIPTORS)
    assert get_words_recipe("bovw", ["words=7", "sizes=4,8"]).sizes == (4, 8)
    for change, said in (("words=0", "words 0"), ("sizes=4,0", "sizes 0"), ("side=9999", "side 9999"),
                         ("descriptor=orb", "FIELD=VALUE"), ("words=many", "such as")):  # fmt: skip
        with pytest.raises(BadInput, match=said):
            get_words_recipe("bovw", [change])
    with pytest.raises(BadInput, match="did you mean 'bovw-sift'"):
        get_words_recipe("bovw-shift")
