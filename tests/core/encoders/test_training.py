import csv
from dataclasses import replace

import pytest
import torch

from core.encoders import training
from core.encoders.training import train
from core.errors import BadInput

TRAINED = ("semantic", "classifier", "source", "contrastive")


def _weights(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def _log(folder):
    with (folder / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"average": 0.5},
        {"optimizer": "sgd", "rate": 0.01},
        {"blocks": (1, 1, 1), "cutmix": 0.5},
        pytest.param({"cutout": 8, "depth": 3}, marks=pytest.mark.slow),
    ],
    ids=["muon", "moving average", "sgd", "residual", "deep"],
)
def test_a_run_that_was_killed_goes_on_exactly(data, small_recipe, tmp_path, monkeypatch, changes):
    recipe = small_recipe(epochs=3, **changes)
    whole = _weights(train(recipe, data, tmp_path / "whole", seed=3))
    real = training._Run.epoch

    def killed_in_the_second(run, epoch):
        if epoch == 1:
            real(run, epoch)  # half-done work must not count
            raise KeyboardInterrupt
        return real(run, epoch)

    monkeypatch.setattr(training._Run, "epoch", killed_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, data, tmp_path / "killed", seed=3)
    monkeypatch.setattr(training._Run, "epoch", real)
    resumed = _weights(train(recipe, data, tmp_path / "killed", seed=3))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    logs = [[{**row, "seconds": ""} for row in _log(tmp_path / name)] for name in ("whole", "killed")]
    assert logs[0] == logs[1]
    assert [row["epoch"] for row in logs[0]] == ["1", "2", "3"]


@pytest.mark.slow
@pytest.mark.parametrize("encoder", TRAINED)
def test_training_tells_the_classes_apart(data, small_recipe, tmp_path, encoder):
    train(small_recipe(encoder, epochs=16, batch_size=8, rate=0.01), data, tmp_path, seed=0)
    rows = _log(tmp_path)
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert float(rows[-1]["held_out_accuracy"]) > 0.5  # 0.2 by chance
    assert (tmp_path / "log.html").read_text().count("held_out_ahp") >= 1


def test_a_finished_run_can_be_given_another_cycle(data, small_recipe, tmp_path):
    train(small_recipe(epochs=1), data, tmp_path / "grown", seed=0)
    grown = _weights(train(small_recipe(epochs=1, cycles=2), data, tmp_path / "grown", seed=0))
    at_once = _weights(train(small_recipe(epochs=1, cycles=2), data, tmp_path / "at once", seed=0))
    assert all(torch.equal(grown[name], at_once[name]) for name in grown)
    assert [row["epoch"] for row in _log(tmp_path / "grown")] == ["1", "2"]
    with pytest.raises(BadInput, match="cycles 2"):
        train(small_recipe(epochs=1), data, tmp_path / "grown", seed=0)


def test_seeds_differ(data, small_recipe, tmp_path):
    networks = [train(small_recipe(epochs=1), data, tmp_path / str(seed), seed=seed) for seed in (0, 1)]
    first, second = (_weights(network)["classify.weight"] for network in networks)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("change", [{"seed": 1}, {"recipe": {"shift": 1}}, {"recipe": {"widths": (6, 8, 12)}}])
def test_a_checkpoint_of_another_recipe_or_seed_is_refused_and_kept(data, small_recipe, tmp_path, change):
    train(small_recipe(epochs=1), data, tmp_path, seed=0)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(BadInput, match="another recipe or seed"):
        train(small_recipe(epochs=1, **change.get("recipe", {})), data, tmp_path, seed=change.get("seed", 0))
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_what_sets_the_first_weights_is_asked_only_once(data, small_recipe, tmp_path):
    asked = []
    train(small_recipe(epochs=1), data, tmp_path, start=asked.append)
    train(small_recipe(epochs=1), data, tmp_path, start=asked.append)
    assert len(asked) == 1


def test_a_moving_average_is_what_is_kept(data, small_recipe, tmp_path):
    kept = train(small_recipe(epochs=2, average=0.9), data, tmp_path, seed=0)
    content = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["states"]
    name = "classify.weight"
    assert torch.equal(kept.state_dict()[name], content["average"][f"module.{name}"])
    assert not torch.equal(kept.state_dict()[name], content["network"][name])


def test_fewer_images_than_a_batch_are_one_batch(data, small_recipe, tmp_path):
    train(replace(small_recipe(epochs=1), batch_size=500), data, tmp_path)
    assert len(_log(tmp_path)) == 1


def test_a_teacher_is_followed(data, small_recipe, tmp_path):
    teacher = train(small_recipe(epochs=2), data, tmp_path / "teacher", seed=1)
    losses = {}
    for weight in (0.0, 1.0):
        recipe = small_recipe(epochs=1, distil=weight)
        train(recipe, data, tmp_path / f"{weight}", seed=0, teacher=teacher if weight else None)
        losses[weight] = float(_log(tmp_path / f"{weight}")[0]["loss"])
    # Both begin at about log 5 of cross-entropy; the teacher's soft answers cost a network that guesses far less.
    assert losses[1.0] < losses[0.0] / 2
    assert not any(weight.requires_grad for weight in teacher.parameters())


@pytest.mark.parametrize(
    ("distil", "words"), [(0.5, "no teacher: name a trained run of .*-teacher, or"), (0.0, "distil=0: give its weight")]
)
def test_a_recipe_and_a_teacher_go_together(data, small_recipe, tmp_path, distil, words):
    teacher = None if distil else train(small_recipe(epochs=1), data, tmp_path / "teacher")
    with pytest.raises(BadInput, match=words):
        train(small_recipe(epochs=1, distil=distil), data, tmp_path / "student", teacher=teacher)
    assert not (tmp_path / "student").exists()


def test_epochs_between_two_checkpoints_may_be_skipped_and_change_nothing(data, small_recipe, tmp_path):
    often = _weights(train(small_recipe(epochs=3), data, tmp_path / "often", seed=0))
    seldom = _weights(train(small_recipe(epochs=3), data, tmp_path / "seldom", seed=0, every=2))
    assert all(torch.equal(often[name], seldom[name]) for name in often)
    assert [row["epoch"] for row in _log(tmp_path / "seldom")] == ["2", "3"]
