"""A backbone's last block learns with a head: what changes, what stays, what is written."""

import csv

import numpy as np
import pytest
import torch
from torchvision import transforms

from core.encoders.backbones import open_backbone
from core.encoders.fine_tune import fine_tune, tunable
from core.encoders.fine_tuned import beside
from core.encoders.picture_encoder import BackboneEncoder, open_encoder
from core.errors import BadInput
from core.hashing.hashnet import HashNet
from core.pictures.file import read_picture
from core.pictures.folder import find_pictures
from tests.core.pictures.drawn import write_folder, write_weights

NAME = "squeezenet1_1"


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch):
    """64 pixels, not 224, and a few steps: a hundredth of the time."""
    monkeypatch.setattr("core.encoders.fine_tune.LEAST_STEPS", 5)
    small = transforms.Compose([transforms.ToTensor(), transforms.Resize((64, 64))])

    def prepare(self, picture):
        return small(np.ascontiguousarray(picture))

    monkeypatch.setattr(BackboneEncoder, "prepare", prepare)


@pytest.fixture(scope="module")
def small_weights(tmp_path_factory):
    return write_weights(tmp_path_factory.mktemp("weights") / "small.pth")


@pytest.fixture
def photos(tmp_path):
    return find_pictures(write_folder(tmp_path / "photos", 8))


@pytest.mark.slow
def test_last_block_and_head_learn_and_all_else_stays(photos, tmp_path, small_weights, monkeypatch):
    monkeypatch.setattr("core.encoders.fine_tune.LEAST_STEPS", 40)
    done = fine_tune(photos, NAME, small_weights, "hashnet", 16, tmp_path / "run", 10, 0, tmp_path / "cache")
    assert done.losses[-1] < 0.8 * done.losses[0] and (done.pictures, done.classes) == (24, 3)
    before = open_backbone(NAME, small_weights).network.state_dict()
    after = open_backbone(NAME, tmp_path / "run" / "weights.safetensors").network.state_dict()
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed and all(key.startswith("features.12.") for key in changed)


def test_codes_are_those_of_the_head_on_the_new_features(photos, tmp_path, small_weights):
    fine_tune(photos, NAME, small_weights, "dch", 16, tmp_path / "run", 1, 0, tmp_path / "cache")
    with (tmp_path / "run" / "pictures.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [file.path for file in photos.files] and rows[-1]["class"] == "frame"
    (head,) = beside(tmp_path / "run" / "weights.safetensors")
    assert (head["hash"], head["bits"]) == ("dch", 16)
    encoder = open_encoder(NAME, tmp_path / "run" / "weights.safetensors")
    features = encoder.encode_pictures([read_picture(photos.full_path(row["path"])) for row in rows])
    codes = HashNet.from_state(head["head"]).encode(features.astype(np.float16).astype(np.float32))
    stored = np.load(tmp_path / "run" / "codes.npy")
    assert codes.shape == stored.shape == (24, 2) and np.unpackbits(codes ^ stored).mean() < 0.02


def test_a_head_of_other_weights_is_left_alone(photos, tmp_path, small_weights):
    fine_tune(photos, NAME, small_weights, "hashnet", 16, tmp_path / "run", 1, 0, tmp_path / "cache")
    (tmp_path / "run" / "weights.safetensors").write_bytes(b"other weights")
    assert beside(tmp_path / "run" / "weights.safetensors") == () and beside(small_weights) == () == beside(None)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_codes(photos, tmp_path, small_weights):
    for run in ("one", "two"):
        fine_tune(photos, NAME, small_weights, "hashnet", 16, tmp_path / run, 1, 3, tmp_path / "cache")
    assert (tmp_path / "one" / "codes.npy").read_bytes() == (tmp_path / "two" / "codes.npy").read_bytes()


def test_one_class_has_nothing_to_tell_apart(tmp_path, small_weights):
    folder = write_folder(tmp_path / "photos", 2)
    for kind in ("disc", "frame"):
        for path in (folder / kind).iterdir():
            path.unlink()
    with pytest.raises(BadInput, match="all pictures are of class 'bar'"):
        fine_tune(find_pictures(folder), NAME, small_weights, "dch", 16, tmp_path / "run", cache=tmp_path / "cache")


def test_objectives_from_labels_alone():
    assert {"hashnet", "dch"} <= set(tunable())
    assert not {"itq", "nested", "semantic-centres", "fourier-hashnet"} & set(tunable())
