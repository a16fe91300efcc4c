from __future__ import annotations

import io

import pandas as pd
import pytest

from core.conditions import alone
from dashboard import measured
from dashboard.measured import KEY

VIEW = {"hash": "random-hyperplane", "bits": "16", "multiplier": "2", "k": "10"}
COLUMNS = "work,side,n,dimensions,bits,multiplier,k,batch,threads,median_ms,p95_ms,runs,equal"


@pytest.fixture
def timed(open_app, monkeypatch):
    real = measured.measure
    monkeypatch.setattr(measured, "measure", lambda view, runs, batch: real(view, min(runs, 5), 10))
    at = open_app("timing", VIEW)
    return at.button(key="timing_measure").click().run()


def words(at):
    return " ".join(element.value for element in [*at.markdown, *at.caption, *at.info, *at.warning])


def test_nothing_is_timed_unasked(open_app):
    at = open_app("timing", VIEW)
    assert not at.exception
    assert "Nothing has been timed yet" in at.info[0].value
    assert KEY not in at.session_state


def test_measured_numbers_are_shown(timed):
    assert not timed.exception
    found = timed.session_state[KEY]
    assert ",".join(found.table.columns) == COLUMNS
    assert found.table["equal"].all()
    hashed = found.latency.set_index("side").loc["hashed", "median_ms"]
    assert timed.metric[0].value == f"{1000 * hashed:.1f} µs"
    shown = timed.dataframe[0].value
    assert len(shown) == 4
    assert shown["Median, µs"].is_monotonic_increasing
    assert shown["Speed against the fastest exact"].iloc[0] >= 1
    assert set(shown["Checked equal"]) == {"yes"}
    text = words(timed)
    for fact in ("k = 10", "shortlist 20", "N = 60", "5 queries in random order", "5 batches of 10", found.machine):
        assert fact in text
    assert "The stage 'hash' makes" in text
    assert len(timed.get("plotly_chart")) == 2


def test_times_stay_and_are_flagged_when_the_setting_moves(timed):
    kept = timed.session_state[KEY].table
    assert not timed.warning
    timed.select_slider(key="k").set_value(9).run()
    assert "k was 10, is 9" in timed.warning[0].value
    pd.testing.assert_frame_equal(timed.session_state[KEY].table, kept)
    timed.select_slider(key="k").set_value(10).run()
    assert not timed.warning
    timed.selectbox(key="hierarchy").set_value("superclass").run()  # plays no part in a time
    assert not timed.warning


def test_a_hash_without_a_step_from_the_embedding(open_app, monkeypatch):
    real = measured.measure
    monkeypatch.setattr(measured, "measure", lambda view, runs, batch: real(view, 3, 10))
    at = open_app("timing", {"hash": "latent-sigmoid", "k": "5"})
    at.button(key="timing_measure").click().run()
    assert not at.exception
    assert "No stage 'hash'" in words(at)


def test_the_number_of_queries_is_the_chosen_one(open_app, monkeypatch):
    heard = []
    real = measured.measure

    def measure(view, runs, batch):
        heard.append((runs, batch))
        return real(view, 2, 5)

    monkeypatch.setattr(measured, "measure", measure)
    at = open_app("timing", VIEW)
    at.segmented_control(key="timing_runs").set_value(100).run()
    at.button(key="timing_measure").click().run()
    assert heard == [(100, 1000)]


def test_a_second_timing_is_refused(open_app):
    at = open_app("timing", VIEW)
    with alone():
        at.button(key="timing_measure").click().run()
    assert not at.exception
    assert "another timing is running" in at.error[0].value
    assert KEY not in at.session_state


def test_the_file_has_the_benchmark_s_columns(timed):
    from core.tables import to_csv

    frame = pd.read_csv(io.StringIO(to_csv(timed.session_state[KEY].table)))
    assert ",".join(frame.columns) == COLUMNS
    assert frame.loc[frame["side"] == "hashed", "bits"].eq(16).all()
    assert frame.loc[frame["side"] != "hashed", "bits"].isna().all()
    assert len(timed.get("download_button")) == 1


def test_a_wrong_result_is_said(timed):
    found = timed.session_state[KEY]
    found.table["equal"] = found.table["side"] != "exact-faiss"
    timed.run()
    assert "did not give the reference's result" in timed.error[0].value
    assert "NO" in set(timed.dataframe[0].value["Checked equal"])


def test_ratios_in_words():
    rows = pd.DataFrame({"side": ["exact-a", "exact-b", "hashed"], "median_ms": [3.0, 2.0, 4.0]})
    assert measured.fastest_exact(rows)["side"] == "exact-b"
    assert measured.ratio(rows) == 0.5
    assert measured.ratio_text(0.5) == "2.0 × as slow"
    assert measured.ratio_text(2.94) == "2.9 × as fast"
    assert measured.changes({"k": "1", "bits": "8"}, {"k": "2", "bits": "8"}) == ["k was 1, is 2"]
