"""The overview's rows: computed, stored beside a bundle, and read again only where nothing has changed."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from core.bundle.bundle import load_bundle
from core.engine.default_setting import choose_setting
from core.engine.engine import Engine
from core.metrics.intervals import compare
from core.reports import overview
from core.reports.overview import METRICS, NAME, Overview, compare_searches, store, stored
from core.runtime.kernel_folder import CORE

K = 59  # of the tiny bundle, whose gallery is smaller than the default k


@pytest.fixture
def bundle(make_bundle):
    made = make_bundle()
    store(made)
    return made


def test_rows_are_means_and_paired_differences(tiny_bundle):
    results = Engine(tiny_bundle).evaluate(choose_setting(tiny_bundle), [5])
    (row,) = compare_searches(results, ("ap_source",), 5)
    exact, hashed, hamming = (results[search].at("ap_source", 5) for search in ("exact", "hashed", "hamming"))
    assert (row.label, row.hashed) == ("mAP (÷ k)@5", hashed.mean())
    assert (row.hashed_difference, row.hamming_difference) == (compare(exact, hashed), compare(exact, hamming))


def test_what_was_stored_is_what_was_computed(bundle):
    setting = choose_setting(bundle)
    results = Engine(bundle).evaluate(setting, [K])
    assert stored(bundle, setting, K) == Overview.of(results, METRICS, K)


def test_the_file_changes_nothing_of_the_bundle(bundle):
    assert load_bundle(bundle.path, verify=True).version == bundle.version


def test_anything_else_is_computed(bundle, monkeypatch):
    setting = choose_setting(bundle)
    assert stored(bundle, setting, K - 1) is None
    assert stored(bundle, replace(setting, multiplier="3"), K) is None
    assert stored(bundle, setting, K, ("ap_source", "ahp", "overlap")) is None
    assert stored(replace(bundle, version="another"), setting, K) is None
    assert stored(bundle, setting, K) is not None
    monkeypatch.setattr(overview, "_code_version", lambda: "another")
    assert stored(bundle, setting, K) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '"made_for"'])
def test_a_damaged_file_is_as_good_as_none(bundle, text):
    (bundle.path / NAME).write_text(text)
    assert stored(bundle, choose_setting(bundle), K) is None


def test_rows_of_another_form_are_as_good_as_none(bundle):
    content = json.loads((bundle.path / NAME).read_text())
    for damaged in (content | {"rows": [{}]}, content | {"rows": 3}, {"made_for": content["made_for"]}):
        (bundle.path / NAME).write_text(json.dumps(damaged))
        assert stored(bundle, choose_setting(bundle), K) is None


def test_every_source_is_there():
    assert all(list(CORE.glob(pattern)) for pattern in overview.SOURCES)


@pytest.mark.slow
def test_what_ships_is_what_is_computed_now():
    bundle = load_bundle()
    setting = choose_setting(bundle)
    shipped = stored(bundle, setting, 100)
    assert shipped is not None, "code or bundle has changed: run 'python -m core store-overview'"
    now = Overview.of(Engine(bundle).evaluate(setting, [100]), METRICS, 100)
    assert shipped.without_relevant == now.without_relevant
    for kept, row in zip(shipped.rows, now.rows, strict=True):  # another processor may round a mean's last bit
        kept, row = asdict(kept), asdict(row)
        for search in ("hashed_difference", "hamming_difference"):
            assert kept.pop(search) == pytest.approx(row.pop(search), rel=1e-9), "run 'python -m core store-overview'"
        assert (kept.pop("label")) == row.pop("label")
        assert kept == pytest.approx(row, rel=1e-12), "run 'python -m core store-overview'"
