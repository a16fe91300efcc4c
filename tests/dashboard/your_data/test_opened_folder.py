"""The page 'Your data': bundles are opened from folders that were named at the start, and from no others."""

from __future__ import annotations

from pathlib import Path

from tests.dashboard.your_data.typed import press, view


def test_without_a_root_it_says_how_to_name_one(open_app):
    page = open_app("your_data")
    assert "No folder was named" in page.info[0].value
    assert "--root /folder/with/bundles" in page.code[-1].value
    assert not page.text_input or all(field.key != "your_data_folder" for field in page.text_input)


def test_a_bundle_inside_a_root_opens(open_app, make_bundle, tmp_path):
    make_bundle("other", seed=3)
    at = open_app("your_data", options=["--root", str(tmp_path)])
    at.text_input(key="your_data_folder").set_value("other")
    press(at, "Open")
    assert not at.exception and not at.error
    assert view(at).bundle.name == "other"
    assert [Path(path).name for path in at.session_state["opened_bundles"]] == ["other"]
    at.text_input(key="your_data_folder").set_value(str(tmp_path / "other"))
    press(at, "Open")
    assert len(at.session_state["opened_bundles"]) == 1


def test_one_outside_or_bad_is_refused_in_place(open_app, tiny_bundle, tmp_path):
    at = open_app("your_data", options=["--root", str(tmp_path)])
    (tmp_path / "empty").mkdir()
    for text, said in (
        (str(tiny_bundle.path), "outside"),
        ("../", "outside"),
        ("nothing", "no folder"),
        ("empty", "no bundle"),
    ):
        at.text_input(key="your_data_folder").set_value(text)
        press(at, "Open")
        assert not at.exception and said in at.error[0].value
    assert view(at).bundle.name == "tiny"
