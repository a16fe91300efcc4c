from __future__ import annotations

import pytest

from core.bundle.writer import BundleWriter
from core.datasets.arrays import import_arrays
from dashboard.shared.sidebar import link_notes


def view(at):
    return at.session_state["_view"]


def shown(at):
    return view(at).parameters()


@pytest.fixture
def predicted(tmp_path):
    """A bundle of 100 classes: predicted-class codes have 7 bits."""
    import numpy as np

    rng = np.random.default_rng(0)
    labels = np.arange(400) % 100
    vectors = rng.normal(size=(400, 16)).astype(np.float32)
    path = tmp_path / "hundred"
    import_arrays(path, vectors, labels)
    with BundleWriter(path) as writer:
        from core.bundle.bundle import load_bundle

        manifest = load_bundle(path).manifest
        manifest["encoders"]["imported"]["predicted"] = {"gallery": writer.add_array(labels.astype(np.uint8))}
        writer.commit(manifest)
    return path


def test_without_a_link_the_bundles_defaults_are_shown(app):
    assert not app.exception and not app.warning
    assert shown(app) == {
        "encoder": "semantic", "hash": "latent-sigmoid", "bits": "16", "multiplier": "2", "k": "59",
        "protocol": "test-vs-test", "hierarchy": "wordnet", "map": "ap", "mahp": "ahp",
    }  # fmt: skip


@pytest.mark.parametrize(
    "link",
    [
        {"hash": "random-hyperplane", "bits": "8", "multiplier": "1", "k": "1"},
        {"hash": "pca-sign", "bits": "16", "multiplier": "all", "k": "7", "protocol": "test-vs-train"},
        {"hierarchy": "superclass", "map": "ap_source", "mahp": "ahp_trapezoid", "multiplier": "2.25"},
        {"hash": "random-codes", "bits": "128", "map": "ap_hits", "protocol": "test-vs-test-with-self"},
    ],
)
def test_a_link_shows_what_it_says(open_app, link):
    at = open_app(query=link)
    assert not at.exception and not at.warning
    assert {key: shown(at)[key] for key in link} == link


def test_a_views_own_link_opens_the_same_view(open_app):
    first = open_app()
    first.selectbox(key="hash").set_value("random-hyperplane")
    first.select_slider(key="k").set_value(3)
    first.select_slider(key="multiplier").set_value("1")
    first.run()
    again = open_app(query=dict(pair.split("=") for pair in view(first).link()[1:].split("&")))
    assert shown(again) == shown(first)
    assert view(again).setting.hash == "random-hyperplane"


def test_what_a_link_asks_and_cannot_have_is_clamped_and_said(open_app):
    asked = {"hash": "foo", "bits": "33", "multiplier": "2.1", "k": "5000", "encoder": "no", "map": "bogus"}
    at = open_app(query={**asked, "protocol": "test-vs-train", "hash": "itq"})
    assert not at.exception
    assert {key: shown(at)[key] for key in asked} == {
        "hash": "itq", "bits": "16", "multiplier": "2", "k": "150", "encoder": "semantic", "map": "ap"
    }  # fmt: skip
    said = " ".join(warning.value for warning in at.warning)
    for key in ("bits '33'", "multiplier '2.1'", "k '5000'", "encoder 'no'", "map 'bogus'"):
        assert key in said
    assert "protocol" not in said and "150 is shown" in said
    at.select_slider(key="multiplier").set_value("5").run()
    assert not at.warning  # another view: the link's remarks are over


def test_an_unknown_hash_falls_back_to_the_bundles(open_app):
    at = open_app(query={"hash": "foo"})
    assert shown(at)["hash"] == "latent-sigmoid"
    assert "hash 'foo'" in at.warning[0].value


@pytest.mark.slow
def test_bits_follow_the_hash_and_the_wish_comes_back(app):
    app.selectbox(key="hash").set_value("random-hyperplane").run()
    app.select_slider(key="bits").set_value(8).run()
    app.selectbox(key="hash").set_value("latent-sigmoid").run()
    assert view(app).setting.bits == 16  # its only length
    assert not [slider for slider in app.select_slider if slider.key == "bits"]
    app.selectbox(key="hash").set_value("itq").run()
    assert view(app).setting.bits == 8
    assert [int(option) for option in app.select_slider(key="bits").options] == [8, 16]


@pytest.mark.slow
def test_the_wish_outlives_other_lengths_unless_one_of_them_is_chosen(app):
    def lengths(*hashes):
        found = []
        for name in hashes:
            app.selectbox(key="hash").set_value(name).run()
            assert not app.exception
            found.append(view(app).setting.bits)
        return found

    app.selectbox(key="hash").set_value("random-hyperplane").run()
    app.select_slider(key="bits").set_value(48).run()
    assert lengths("kmeans", "itq", "rabitq", "pq", "random-hyperplane") == [7, 16, 80, 48, 48]
    assert lengths("kmeans") == [7]
    app.select_slider(key="bits").set_value(5).run()
    assert lengths("random-hyperplane", "kmeans") == [8, 5]
    app.select_slider(key="bits").set_value(6).run()
    app.select_slider(key="k").set_value(3).run()
    assert view(app).setting.bits == 6


def test_codes_of_predicted_classes_have_one_length(open_app, predicted):
    at = open_app(bundle=predicted, query={"hash": "predicted-class"})
    assert not at.exception
    assert view(at).setting.bits == 7
    assert any("7 bits (fixed)" in text.value for text in at.sidebar.markdown)


def test_k_stays_within_the_gallery_when_the_protocol_changes(app):
    assert app.select_slider(key="k").options[-1] == "59"
    app.selectbox(key="protocol").set_value("test-vs-train").run()
    app.select_slider(key="k").set_value(140).run()
    assert view(app).k == 140
    app.selectbox(key="protocol").set_value("test-vs-test").run()
    assert view(app).k == 59


def test_a_bad_bundle_is_one_message(open_app, tmp_path):
    at = open_app(bundle=tmp_path / "nothing")
    assert not at.exception
    assert len(at.error) == 1 and "no bundle in" in at.error[0].value and "nothing" in at.error[0].value
    assert at.title[0].value.startswith("What do binary hashes cost")  # there before the bundle is looked at


def test_another_bundle_of_the_session(open_app, make_bundle, tiny_bundle):
    other = make_bundle("other", seed=5)
    at = open_app(query={"hash": "pca-sign"})
    at.session_state["opened_bundles"] = [str(other.path)]
    at.run()
    at.selectbox(key="bundle_path").set_value(str(other.path)).run()
    assert view(at).bundle.version == other.version
    assert view(at).setting.hash == "pca-sign"  # it has that hash too


def test_an_opened_bundle_that_has_gone_is_dropped(open_app, tmp_path):
    at = open_app()
    at.session_state["opened_bundles"] = [str(tmp_path / "gone")]
    at.run()
    assert not at.exception and not at.error
    assert "gone" in at.warning[0].value


def test_link_notes_compare_numbers_as_numbers():
    assert link_notes({"multiplier": "2.0", "k": "050", "page": "9"}, {"multiplier": "2", "k": "50"}) == []
    assert len(link_notes({"k": "51"}, {"k": "50"})) == 1
