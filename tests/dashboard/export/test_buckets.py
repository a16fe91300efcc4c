"""The Export page's study of candidates."""

from __future__ import annotations

import io

import pandas as pd
import pytest
import streamlit as st

from core.engine.engine import Engine
from core.reports.tables import to_csv
from core.studies.buckets.lookups import lookups
from core.studies.buckets.published import DIFFERENCES
from core.studies.buckets.study import bucket_study, study_setting
from dashboard.export import buckets as export_buckets
from dashboard.export.bucket_charts import LOOKS, describe, scatter


@pytest.fixture(autouse=True)
def nothing_kept():
    export_buckets._kept.clear()
    yield
    export_buckets._kept.clear()


@pytest.fixture
def served(monkeypatch):
    """The bytes that download buttons hand out, in turn."""
    given, draw = [], st.download_button

    def record(label, data, *others, **options):
        given.append(data)
        return draw(label, data, *others, **options)

    monkeypatch.setattr(st, "download_button", record)
    return given


@pytest.fixture
def study(tiny_bundle):
    """The table that the page should show, of the methods that need no head."""
    engine = Engine(tiny_bundle, 1)
    return bucket_study(engine, study_setting(tiny_bundle), lookups(tiny_bundle, "semantic", learned=()))


def page(open_app):
    return open_app("export", {"export_table": "bucket study"})


def test_nothing_is_computed_before_the_button(open_app, monkeypatch, served):
    monkeypatch.setattr(export_buckets, "bucket_study", lambda *_: pytest.fail("computed"))
    at = page(open_app)
    assert not at.exception and not at.error
    assert at.info[0].value.startswith("Nothing is computed yet")
    assert not served and not at.get("plotly_chart")
    assert any("Not here: Neural LSH and FourierHashNet" in caption.value for caption in at.caption)
    notes = " ".join(element.value for element in at.main.markdown)
    assert all(line in notes for line in DIFFERENCES)
    assert at.code[-1].value.endswith("--encoder semantic --protocol test-vs-train --out buckets.csv")


def test_the_button_computes_and_it_is_kept(open_app, monkeypatch, served, study):
    at = page(open_app)
    at.button(key="buckets_run").click().run()
    assert not at.exception and not at.error
    assert served[-1] == to_csv(study).encode()
    assert at.get("plotly_chart")
    assert any("60 queries · seed 0" in caption.value for caption in at.caption)
    monkeypatch.setattr(export_buckets, "bucket_study", lambda *_: pytest.fail("computed again"))
    again = page(open_app)
    assert not again.exception and served[-1] == to_csv(study).encode()
    assert "buckets_run" not in [button.key for button in again.button]
    again.segmented_control(key="buckets_metric").set_value("mAP@50 found-only").run()
    assert not again.exception and not again.error


def test_another_protocol_is_another_study(open_app, served):
    at = page(open_app)
    at.button(key="buckets_run").click().run()
    at.selectbox(key="buckets_protocol").set_value("test-vs-test").run()
    assert not at.exception and at.info[0].value.startswith("Nothing is computed yet")
    at.button(key="buckets_run").click().run()
    assert not at.exception and not at.error
    read = pd.read_csv(io.BytesIO(served[-1]))
    assert set(read[read["origin"] == "here"]["protocol"]) == {"test-vs-test"}


def test_figure_has_every_row_once(study):
    ours = study[study["origin"] == "here"]
    figure = scatter(ours, "P@10", False)
    assert sum(len(trace.x) for trace in figure.data) == len(ours)
    assert [trace.name for trace in figure.data][:3] == ["Exact ranking", "k-means cells", "k-means cells after PCA"]
    assert len({(look.symbol, look.light) for look in LOOKS.values()}) == len(LOOKS)
    cells = ours[ours["method"] == "k-means cells"]
    assert list(figure.data[1].y) == cells["P@10"].tolist()
    exact = ours["P@10"].iloc[0]
    assert f"Exact ranking: {exact:.4f}" in describe(ours, "P@10")
