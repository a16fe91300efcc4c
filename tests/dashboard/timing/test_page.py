from __future__ import annotations

import io
import json

import pandas as pd
import pytest

from core.runtime.pinning import alone
from core.timing import benchmark, equal_quality
from core.timing.machine_limits import Limits
from dashboard.shared import kept_timings
from dashboard.shared.kept_timings import KEY
from dashboard.timing import equal_quality as timing_quality

VIEW = {"hash": "random-hyperplane", "bits": "16", "multiplier": "2", "k": "10"}
COLUMNS = "work,side,n,dimensions,bits,multiplier,k,batch,threads,median_ms,p95_ms,runs,equal"
MORE = ",p99_ms,equal_by,mode,bytes_per_image,items_scanned,items_reranked,limit_ms"


@pytest.fixture(autouse=True)
def small_limits(monkeypatch):
    """Limits that need no large array: their measurement is tested with them."""
    limits = Limits(2, 1e10, 1e10, 5e10, 40_000, 9e10, 4_000, 5e9, 1e10)
    monkeypatch.setattr(benchmark, "measure_limits", lambda *_: limits)


@pytest.fixture
def timed(open_app, monkeypatch):
    """The page after a measurement with the light opponents."""
    real = kept_timings.measure
    monkeypatch.setattr(kept_timings, "measure", lambda view, runs, every: real(view, min(runs, 5), False, (10,)))
    at = open_app("timing", VIEW)
    return at.button(key="timing_measure").click().run()


def words(at):
    return " ".join(element.value for element in [*at.markdown, *at.caption, *at.info, *at.warning])


def test_nothing_is_timed_unasked(open_app):
    at = open_app("timing", VIEW)
    assert not at.exception
    assert "Nothing has been timed yet" in at.info[0].value
    assert KEY not in at.session_state


def test_measured_numbers_are_shown(open_app, monkeypatch):
    real = kept_timings.measure
    monkeypatch.setattr(kept_timings, "measure", lambda view, runs, every: real(view, min(runs, 5), every, (10,)))
    timed = open_app("timing", VIEW)
    timed.button(key="timing_measure").click().run()
    assert not timed.exception
    found = timed.session_state[KEY]
    assert ",".join(found.table.columns) == COLUMNS + MORE
    assert found.table["equal"].all()
    hashed = found.latency.set_index("side").loc["hashed", "median_ms"]
    assert timed.metric[0].value == f"{1000 * hashed:.1f} µs"
    shown = timed.dataframe[0].value
    assert set(shown["Side"]) == {*kept_timings.SIDES.values(), "Hashed: own, 16 bits × 2"}
    assert shown["Median, µs a query"].is_monotonic_increasing
    assert shown["Speed against the fastest exact"].iloc[0] >= 1
    assert shown["Checked"].str.startswith("equal by ").all()
    quality = shown.set_index("Side")
    assert quality.loc["Exact: BLAS", "Overlap with exact"] == 1
    assert quality.loc["Hamming: own", "mAP@10"] < quality.loc["Exact: BLAS", "mAP@10"]
    text = words(timed)
    for fact in ("k = 10", "shortlist 20", "N = 60", "5 queries in random order", "batches of 10", found.machine):
        assert fact in text
    assert "The stage 'hash' makes" in text
    drawn = [json.loads(chart.proto.spec) for chart in timed.get("plotly_chart")]
    assert [each["layout"]["yaxis"]["type"] for each in drawn] == ["category", "category"]


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
    real = kept_timings.measure
    monkeypatch.setattr(kept_timings, "measure", lambda view, runs, every: real(view, 3, False, (10,)))
    at = open_app("timing", {"hash": "latent-sigmoid", "k": "5"})
    at.button(key="timing_measure").click().run()
    assert not at.exception
    assert "No stage 'hash'" in words(at)


def test_the_number_of_queries_is_the_chosen_one(open_app, monkeypatch):
    heard = []
    real = kept_timings.measure

    def measure(view, runs, every):
        heard.append((runs, every))
        return real(view, 2, every, (5,))

    monkeypatch.setattr(kept_timings, "measure", measure)
    at = open_app("timing", VIEW)
    at.segmented_control(key="timing_runs").set_value(100).run()
    at.toggle(key="timing_every").set_value(False).run()
    at.button(key="timing_measure").click().run()
    assert heard == [(100, False)]


def test_a_second_timing_is_refused(open_app):
    at = open_app("timing", VIEW)
    with alone():
        at.button(key="timing_measure").click().run()
    assert not at.exception
    assert "another timing is running" in at.error[0].value
    assert KEY not in at.session_state


def test_the_file_has_the_benchmark_s_columns(timed):
    from core.reports.tables import to_csv

    frame = pd.read_csv(io.StringIO(to_csv(timed.session_state[KEY].table)))
    assert ",".join(frame.columns) == COLUMNS + MORE
    assert frame.loc[frame["side"] == "hashed", "bits"].eq(16).all()
    assert frame.loc[frame["side"].str.startswith("exact"), "bits"].isna().all()
    assert len(timed.get("download_button")) == 1


def test_a_wrong_result_is_said(timed):
    found = timed.session_state[KEY]
    found.table["equal"] = found.table["side"] != "exact-faiss"
    timed.run()
    assert "did not give the reference's result" in timed.error[0].value
    assert "NOT EQUAL" in set(timed.dataframe[0].value["Checked"])


def test_another_condition(timed):
    found = timed.session_state[KEY]
    assert len(found.conditions) == 2 * len(set(found.table["threads"]))
    before = timed.dataframe[0].value
    timed.segmented_control(key="timing_condition").set_value("one query, 1 thread").run()
    shown = timed.dataframe[0].value
    assert not before.equals(shown)
    assert shown["Median, µs a query"].tolist() == (1000 * found.latency["median_ms"]).tolist()


@pytest.mark.slow
def test_time_at_equal_quality(open_app, monkeypatch):
    monkeypatch.setattr(timing_quality, "RUNS", 2)
    monkeypatch.setattr(equal_quality, "GRID_QUERIES", 2)
    at = open_app("timing", VIEW)
    assert timing_quality.KEY not in at.session_state
    at.toggle(key="timing_every").set_value(False).run()
    at.button(key="timing_quality_measure").click().run()
    assert not at.exception
    found = at.session_state[timing_quality.KEY]
    assert set(found.table["target"]) == {95, 99}
    assert "**99 %** of exact search's mAP@10" in words(at)
    at.select_slider(key="bits").set_value(24).run()
    assert not at.warning  # every length is in the grid
    at.select_slider(key="k").set_value(9).run()
    assert "k was 10, is 9" in at.warning[0].value


def test_sentences_by_hand():
    rows = [
        (95.0, "exact-blas", pd.NA, "", 100.0, 4.0), (95.0, "hashed", 16, "2", 96.0, 1.0),
        (99.0, "exact-blas", pd.NA, "", 100.0, 4.0), (99.0, "hashed", pd.NA, "", None, None),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["target", "side", "bits", "multiplier", "share", "median_ms"])
    assert timing_quality.sentences(table, "mAP@5") == [
        "**95 %** of exact search's mAP@5: 16 bits × 2 reaches 96.0 %, 4.0 × as fast as the fastest exact side.",
        "No setting reaches **99 %** of exact search's mAP@5.",
    ]


def test_ratios_in_words():
    assert kept_timings.ratio_text(0.5) == "2.0 × as slow"
    assert kept_timings.ratio_text(2.94) == "2.9 × as fast"
    assert kept_timings.changes({"k": "1", "bits": "8"}, {"k": "2", "bits": "8"}) == ["k was 1, is 2"]
