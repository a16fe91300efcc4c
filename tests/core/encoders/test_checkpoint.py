import json

import pytest
import torch

from core.encoders import checkpoint
from core.encoders.checkpoint import Checkpoint, load, save
from core.errors import BadInput


def test_what_was_saved_comes_back(small_recipe, tmp_path):
    save(tmp_path, small_recipe(), 4, Checkpoint(2, {"network": {"a": torch.arange(3)}}))
    found = load(tmp_path, small_recipe(), 4)
    assert found.epoch == 2
    assert torch.equal(found.states["network"]["a"], torch.arange(3))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_no_checkpoint_is_the_beginning(small_recipe, tmp_path):
    assert load(tmp_path, small_recipe(), 0) == Checkpoint(0)


@pytest.mark.parametrize("content", [b"not a checkpoint", b""])
def test_an_altered_checkpoint_is_one_clear_line_and_kept(small_recipe, tmp_path, content):
    (tmp_path / "checkpoint.pt").write_bytes(content)
    with pytest.raises(BadInput, match=r"checkpoint\.pt.*move it away") as error:
        load(tmp_path, small_recipe(), 0)
    assert "\n" not in str(error.value)
    assert (tmp_path / "checkpoint.pt").read_bytes() == content


def test_another_recipe_is_named(small_recipe, tmp_path):
    save(tmp_path, small_recipe(shift=3), 0, Checkpoint(1))
    with pytest.raises(BadInput, match="another recipe or seed \\(shift 3\\)"):
        load(tmp_path, small_recipe(shift=4), 0)
    with pytest.raises(BadInput, match="another recipe or seed \\(seed 0\\)"):
        load(tmp_path, small_recipe(shift=3), 1)


def test_a_field_that_an_older_checkpoint_does_not_know_has_its_default(small_recipe, tmp_path):
    save(tmp_path, small_recipe(), 0, Checkpoint(1))
    content = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    known = {name: value for name, value in small_recipe().as_dict().items() if name != "cycles"}
    torch.save({**content, "recipe": json.dumps(known)}, tmp_path / "checkpoint.pt")
    assert load(tmp_path, small_recipe(), 0).epoch == 1
    assert load(tmp_path, small_recipe(cycles=2), 0).epoch == 1


@pytest.mark.parametrize(
    "failure", [OSError(28, "No space left on device"), RuntimeError("PytorchStreamWriter failed")]
)
def test_a_full_disk_is_one_clear_line_and_the_last_checkpoint_stays(small_recipe, tmp_path, monkeypatch, failure):
    save(tmp_path, small_recipe(), 0, Checkpoint(1))
    before = (tmp_path / "checkpoint.pt").read_bytes()

    def fill(content, file):
        file.write(b"half")
        raise failure

    monkeypatch.setattr(checkpoint.torch, "save", fill)
    with pytest.raises(BadInput, match="make room"):
        save(tmp_path, small_recipe(), 0, Checkpoint(2))
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]
