"""Other bundles on the Curves page: their curves are their own engines', and what differs is said."""

from __future__ import annotations

import io
from dataclasses import replace

import pandas as pd
import pytest

from core.bundle.bundle import load_bundle
from core.bundle.writer import BundleWriter
from core.datasets.arrays import import_arrays
from core.engine.engine import Engine
from core.reports.curve_lines import COLUMNS, line_table
from core.reports.figures.style import BUNDLE_LOOKS
from core.reports.tables import to_csv
from core.settings import Setting
from dashboard.curves import other_bundles as curves_bundles
from dashboard.curves import series
from dashboard.curves import table as curves_csv
from dashboard.curves.other_bundles import Beside
from dashboard.shared import state
from dashboard.shared.state import View
from tests.dashboard.curves.test_page import at_k, chart, choose, lines
from tests.dashboard.reading import checked

OWN = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")


@pytest.fixture
def view(tiny_bundle):
    return View(Engine(tiny_bundle, 1), OWN, 10, "ap", "ahp")


@pytest.fixture
def small(tiny_bundle, tmp_path):
    """A bundle of other images: the first 8 test images of the tiny one, imported as arrays."""
    import numpy as np

    np.save(tmp_path / "e.npy", tiny_bundle.embeddings("semantic", "test")[:8])
    np.save(tmp_path / "l.npy", tiny_bundle.labels("test")[:8])
    import_arrays(tmp_path / "small", gallery_embeddings=tmp_path / "e.npy", gallery_labels=tmp_path / "l.npy")
    return load_bundle(tmp_path / "small")


def beside(path, view):
    return Beside(path.name, curves_bundles.view_of(str(path), view))


def test_names_are_as_short_as_they_can_be(tmp_path):
    paths = [str(tmp_path / name) for name in ("a/mine", "b/mine", "b/yours")]
    assert list(curves_bundles.names(paths).values()) == ["a/mine", "b/mine", "yours"]
    assert curves_bundles.names(paths[:1]) == {paths[0]: "mine"}


def test_a_bundle_is_drawn_at_the_same_setting(view, make_bundle):
    other = beside(make_bundle("other", seed=1).path, view).view
    assert (other.setting, other.k) == (OWN, 10)
    assert curves_bundles.differences(view, other) == [
        "other images (60 queries on 59 there, 60 queries on 59 here)"
    ]  # the labels of another seed stand in another order
    again = beside(make_bundle("again", seed=0).path, view).view
    assert curves_bundles.differences(view, again) == []


def test_what_a_bundle_lacks_is_its_default_and_k_fits_its_gallery(view, small):
    other = beside(small.path, replace(view, setting=replace(OWN, hash="predicted-class"))).view
    assert (other.setting.encoder, other.setting.hash) == (small.defaults["encoder"], small.defaults["hash"])
    assert (other.setting.protocol, other.k) == ("leave-one-out", 7)
    reasons = curves_bundles.differences(view, other)
    assert reasons[0] == "protocol leave-one-out there, test-vs-test here" and "other classes" in reasons[1]


def test_another_tree_is_another_measure(view, make_bundle):
    path = make_bundle("flat").path
    with BundleWriter(path) as writer:
        manifest = load_bundle(path).manifest
        tree = {"wordnet": manifest["hierarchies"]["superclass"]}
        writer.commit({**manifest, "hierarchies": tree})
    reasons = curves_bundles.differences(view, beside(path, view).view)
    assert len(reasons) == 1 and "mAHP is another measure" in reasons[0]


def test_the_table_to_take_away(view, small, make_bundle):
    besides = [beside(make_bundle("other", seed=1).path, view), beside(small.path, view)]
    drawn = [*series.of_setting(view, False, True), *curves_bundles.series_of(besides)]
    frame = pd.read_csv(
        io.StringIO(to_csv(line_table([series.line_of(view, each) for each in drawn], ["ap", "ahp", "ap"])))
    )
    assert tuple(frame.columns) == COLUMNS
    assert not frame.duplicated(["line", "metric", "k"]).any()
    for each, search, bundle, k in (
        (view, "exact", "tiny", 59), (view, "hamming", "tiny", 10),
        (besides[0].view, "hashed", "other", 10), (besides[1].view, "hashed", "small", 7),
    ):  # fmt: skip
        rows = frame[(frame["bundle"] == bundle) & (frame["search"] == search) & (frame["k"] == k)]
        value = rows[rows["metric"] == "ap"]["value"].to_numpy()
        wanted = each.engine.result(search, each.setting, (k,)).mean("ap", k)
        assert value == pytest.approx([wanted], abs=1e-6)
    assert set(frame[frame["line"].str.contains("ties")]["metric"]) == {"ap_expected"}  # there is no such mAHP
    exact = frame[frame["search"] == "exact"]
    assert exact["hash"].isna().all() and exact["multiplier"].isna().all()
    assert frame[frame["bundle"] == "small"]["k"].max() == 7


def test_the_page_draws_them_beside_its_own(open_app, make_bundle, small):
    other = make_bundle("other", seed=1)
    options = ["--bundle", str(other.path), "--bundle", str(small.path)]
    at = open_app("curves", query={"k": "10"}, options=options)
    assert not at.exception and not at.error and not at.warning
    control = next(widget for widget in at.multiselect if widget.key == curves_bundles.KEY)
    assert control.options == ["other", "small"]
    choose(at, "multiselect", curves_bundles.KEY, ["other", "small"])
    assert not at.error
    drawn = lines(chart(at, 0))
    engine = Engine(other, 1)
    for label, search in (("exact", "exact"), ("hashed, Latent sigmoid layer 16 bit ×2", "hashed")):
        value = engine.result(search, OWN, (10,)).mean("ap", 10)
        assert at_k(drawn[f"other: {label}"], 10) == pytest.approx(value, abs=1e-6)
    table = at.dataframe[0].value.set_index("Search")
    assert table.loc["other: exact", "mAP@10"] == pytest.approx(engine.result("exact", OWN, (10,)).mean("ap", 10))
    assert pd.isna(table.loc["small: exact", "mAP@10"])  # it has 7 images to find
    said = [warning.value for warning in at.warning]
    assert "`other` are not comparable" in said[0] and "`small` are not comparable" in said[1]
    # Opened itself, a bundle is no longer one of the others.
    next(widget for widget in at.selectbox if widget.key == "bundle_path").set_value(str(other.path))
    at.run()
    assert not at.exception
    control = next(widget for widget in at.multiselect if widget.key == curves_bundles.KEY)
    assert control.value == ["small"] and control.options == ["tiny", "small"]


def test_without_another_bundle_the_control_says_so(open_app):
    at = open_app("curves", query={"k": "10", curves_bundles.KEY: "gone"})
    assert not at.exception
    assert next(widget for widget in at.multiselect if widget.key == curves_bundles.KEY).disabled


def test_engines_of_all_that_can_be_drawn_are_kept():
    assert len(BUNDLE_LOOKS) < state.ENGINES


def test_the_table_is_made_when_it_is_asked_for(open_app, monkeypatch):
    monkeypatch.setattr(curves_csv, "line_table", lambda *asked: pytest.fail("made"))
    (button,) = checked(open_app("curves", query={"k": "10"})).get("download_button")
    assert button.proto.label == f"Download these curves as CSV ({3 * 59 * 3:,} rows)"
