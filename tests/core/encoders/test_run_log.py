from core.encoders import run_log


def test_rows_that_the_checkpoint_does_not_know_are_dropped(tmp_path):
    rows = [run_log.row(epoch, (1.5, 0.25, 0.1, 0.2, 0.3, 9.0)) for epoch in (1, 2, 3)]
    run_log.write(tmp_path, rows)
    assert run_log.read(tmp_path, 2) == rows[:2]
    assert rows[0]["held_out_accuracy"] == "0.25"
    assert "held_out_ahp" in (tmp_path / "log.html").read_text()


def test_no_log_is_empty(tmp_path):
    assert run_log.read(tmp_path, 5) == []
