"""Training logs of a bundle, read by the names of their columns."""

from __future__ import annotations

import pytest

from core.bundle.training_log import training_log
from core.errors import BadInput
from tests.core.encoder_worlds import LOG, write_three


@pytest.fixture
def read(tiny_bundle, tmp_path):
    return lambda text: training_log(write_three(tiny_bundle, tmp_path / "three", text), "semantic")


def test_reads_the_columns_by_name(read):
    log = read(LOG)
    assert list(log) == ["epoch", "loss", "held_out_accuracy", "seconds"]
    assert log["epoch"].tolist() == [1, 2, 3, 4]
    assert log["held_out_accuracy"].tolist() == [0.25, 0.5, 0.75, 0.625]


def test_other_columns_order_and_words(read):
    log = read("seconds, loss,note,epoch\n1,0.5,resumed,2\n1,0.75,,1\n2,0.25,,2\n")
    assert list(log) == ["seconds", "loss", "epoch"]
    assert log["epoch"].tolist() == [1, 2]
    assert log["loss"].tolist() == [0.75, 0.25]  # epoch 2 as written last


def test_without_epochs_rows_are_counted(read):
    log = read("loss\n3\n2\n")
    assert log["epoch"].tolist() == [1, 2]


@pytest.mark.parametrize("text", ["", "epoch,loss\n", "epoch\n1\n", "a,b\nx,y\n", '"\n'])
def test_what_is_no_log_is_refused(read, text):
    with pytest.raises(BadInput, match="training log"):
        read(text or "\n")


def test_none_where_there_is_none_and_refused_where_altered(tiny_bundle, tmp_path):
    assert training_log(tiny_bundle, "semantic") is None
    bundle = write_three(tiny_bundle, tmp_path / "three")
    (bundle.path / bundle.encoder_info("semantic")["training"]["file"]).write_text(LOG + "5,1,1,1\n")
    with pytest.raises(BadInput, match="altered"):
        training_log(bundle, "semantic")
