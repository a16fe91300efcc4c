"""A labelled folder as a bundle: labels, order, paths and reduced features."""

import numpy as np
import pytest
from PIL import Image

from core.building.picture_bundle import principal_reduction, write_bundle
from core.bundle.bundle import load_bundle
from core.errors import BadInput
from core.pictures.folder import find_pictures
from core.pictures.index import index_folder
from core.pictures.paths import read_paths
from tests.core.pictures.drawn import MeanColour


@pytest.fixture
def index_of(tmp_path):
    """An index of a folder {class: colours}; the features of a picture are its colour."""

    def make(name, classes):
        for kind, colours in classes.items():
            (tmp_path / name / kind).mkdir(parents=True)
            for number, colour in enumerate(colours):
                Image.new("RGB", (2, 2), colour).save(tmp_path / name / kind / f"{number:02}.png")
        return index_folder(find_pictures(tmp_path / name), MeanColour(), tmp_path / "cache")

    return make


def reds(count):
    return [(100 + i, 1, 0) for i in range(count)]


def blues(count):
    return [(0, 1, 100 + i) for i in range(count)]


def test_rows_labels_and_paths_belong_together(index_of, tmp_path):
    write_bundle(tmp_path / "b", MeanColour(), index_of("g", {"red": reds(20), "blue": blues(20)}))
    bundle = load_bundle(tmp_path / "b", verify=True)
    assert bundle.class_names == ("blue", "red") and bundle.protocols == ("leave-one-out",)
    labels, rows = bundle.labels("gallery"), bundle.original_rows("gallery")
    assert np.array_equal(labels, (bundle.embeddings("mean-colour", "gallery")[:, 0] > 0.5).astype(int))
    paths = read_paths(bundle, "gallery")
    assert [paths[image].startswith("red/") for image in range(40)] == (labels == 1).tolist()
    assert sorted(paths[image] for image in range(40))[rows[0]] == paths[0]
    assert paths.folder == tmp_path / "g"
    assert 1 + np.count_nonzero(np.diff(labels)) > 10  # not sorted by class


def test_queries_may_have_classes_of_their_own(index_of, tmp_path):
    gallery = index_of("g", {"red": reds(3), "blue": blues(3)})
    queries = index_of("q", {"red": reds(2), "black": [(1, 1, 1)]})
    write_bundle(tmp_path / "b", MeanColour(), gallery, queries)
    bundle = load_bundle(tmp_path / "b", verify=True)
    assert bundle.class_names == ("black", "blue", "red") and bundle.labels("queries").tolist() == [0, 2, 2]
    assert bundle.protocols == ("queries-vs-gallery",) and bundle.original_rows("queries") is None


def test_reduction_keeps_distances_of_flat_data(index_of, tmp_path):
    index = index_of("g", {"red": reds(9), "blue": blues(9)})  # all in the plane where green is 1
    reduction = principal_reduction(index, 2)
    features = index.features(np.arange(18)).astype(np.float32)
    reduced = (features - reduction.mean) @ reduction.axes
    for first, second in ((0, 5), (0, 12), (3, 17)):
        wanted = np.linalg.norm(features[first] - features[second])
        assert np.linalg.norm(reduced[first] - reduced[second]) == pytest.approx(wanted, rel=1e-4)
    write_bundle(tmp_path / "b", MeanColour(), index, dimensions=2)
    assert load_bundle(tmp_path / "b").embeddings("mean-colour", "gallery").shape == (18, 2)


def test_bad_input_leaves_nothing(index_of, tmp_path):
    with pytest.raises(BadInput, match="at least 2"):
        write_bundle(tmp_path / "b", MeanColour(), index_of("one", {"red": reds(1)}))
    with pytest.raises(BadInput, match=r"'dark/00\.png' \(gallery\) are all zero"):
        write_bundle(tmp_path / "b", MeanColour(), index_of("zero", {"red": reds(2), "dark": [(0, 0, 0)]}))
    with pytest.raises(BadInput, match="dimensions 9"):
        write_bundle(tmp_path / "b", MeanColour(), index_of("two", {"red": reds(2)}), dimensions=9)
    assert not (tmp_path / "b").exists()
