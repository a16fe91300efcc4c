"""A picture as the query of a bundle that was made of a folder by one of torchvision's networks."""

from __future__ import annotations

from urllib.error import URLError

import numpy as np
import pytest
import torch

from core.building.picture_bundle import write_bundle
from core.bundle.bundle import load_bundle
from core.encoders.picture_encoder import open_encoder
from core.engine.engine import Engine
from core.errors import BadInput
from core.picture_query.query_encoder import find_weights, open_query_encoder, time_encoding
from core.picture_query.search import search_picture
from core.pictures.file import read_picture
from core.pictures.folder import find_pictures
from core.pictures.index import index_folder
from core.pictures.paths import read_paths
from core.settings import Setting
from tests.core.pictures.drawn import write_folder, write_weights

NAME = "squeezenet1_1"
SETTING = Setting(NAME, "random-hyperplane", 48, "2", "leave-one-out", "classes")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A folder of 3 x 5 pictures, weights, and bundles of both: `whole`, and `small` with 8 dimensions."""
    root = tmp_path_factory.mktemp("world")
    write_folder(root / "photos", 5)
    encoder = open_encoder(NAME, write_weights(root / "small.pth"))
    index = index_folder(find_pictures(root / "photos"), encoder, root / "cache")
    write_bundle(root / "whole", encoder, index)
    write_bundle(root / "reduced", encoder, index, dimensions=8)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("name", ["whole", "reduced"])
def test_a_picture_of_the_folder_gets_its_embedding_and_finds_itself(world, name):
    bundle = load_bundle(world / name)
    encoder, paths = open_query_encoder(bundle, NAME, world / "small.pth"), read_paths(bundle, "gallery")
    for image in (0, 9):
        encoded = encoder.encode(read_picture(world / "photos" / paths[image]))
        np.testing.assert_allclose(encoded.embedding, bundle.embeddings(NAME, "gallery")[image], atol=3e-3)
        found = search_picture(Engine(bundle, 1), SETTING, encoded, 15, ("exact", "hashed"))
        assert found.no_code is None
        assert found.retrieved.answers["exact"].ids[0] == found.retrieved.answers["hashed"].ids[0] == image
        assert len(found.retrieved.answers["exact"].ids) == 15  # none is left out
    assert (len(encoded.probabilities), len(encoded.latent)) == (0, 0)  # ImageNet's classes are none of the bundle's


def test_what_it_sees_is_the_cut_picture(world):
    encoder = open_query_encoder(load_bundle(world / "whole"), NAME, world / "small.pth")
    picture = np.full((300, 500, 3), (10, 130, 250), np.uint8)
    encoded = encoder.encode(picture)
    assert encoded.seen.shape == (224, 224, 3)
    assert np.abs(encoded.seen.astype(int) - (10, 130, 250)).max() <= 1
    assert encoder.encoder.cut == pytest.approx(224 / 256)
    assert time_encoding(encoder, picture, 1) > 0


def test_weights_must_be_those_of_the_bundle(world, tmp_path):
    bundle = load_bundle(world / "whole")
    with pytest.raises(BadInput, match=r"made with weights of your own, 'small\.pth'; name that file$"):
        open_query_encoder(bundle, NAME)  # before torchvision is asked for its own
    state = torch.load(world / "small.pth", weights_only=True)
    key = next(iter(state))
    torch.save({**state, key: state[key] + 1}, tmp_path / "small.pth")
    with pytest.raises(BadInput, match="are not those that this bundle was made with"):
        open_query_encoder(bundle, NAME, tmp_path / "small.pth")


def test_torchvisions_own_are_fetched_or_one_line_says_where_to_put_them(world, tmp_path, monkeypatch):
    import core.picture_query.query_encoder as module

    def refuse(*arguments, **options):
        raise URLError("no route")

    bundle = load_bundle(world / "whole")
    monkeypatch.setattr(module, "_check_source", lambda *arguments: None)
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(
        BadInput, match=r"cannot fetch the weights of squeezenet1_1.*or name a file of weights$"
    ) as error:
        open_query_encoder(bundle, NAME)
    assert "\n" not in str(error.value)


def test_weights_of_the_start_go_by_their_name(world, tiny_bundle):
    bundle = load_bundle(world / "whole")
    files = [world / "other.pth", world / "small.pth"]
    assert find_weights(bundle, NAME, files) == world / "small.pth"
    assert find_weights(bundle, NAME, files[:1]) is None
    (world / "other").mkdir()
    (world / "other" / "small.pth").write_bytes(b"of another run")
    both = [world / "other" / "small.pth", world / "small.pth"]
    assert find_weights(bundle, NAME, both) == world / "small.pth"
    assert find_weights(tiny_bundle, "semantic", files) is None


def test_an_older_bundle_takes_the_weights_that_are_named(world, tmp_path):
    import json
    import shutil

    shutil.copytree(world / "whole", tmp_path / "old")
    manifest = json.loads((tmp_path / "old" / "manifest.json").read_text())
    del manifest["encoders"][NAME]["picture_encoder"]
    (tmp_path / "old" / "manifest.json").write_text(json.dumps(manifest))
    bundle = load_bundle(tmp_path / "old")
    with pytest.raises(BadInput, match=r"open a bundle that holds weights, or name their file$"):
        open_query_encoder(bundle, NAME)
    assert open_query_encoder(bundle, NAME, world / "small.pth").dimensions == 512
