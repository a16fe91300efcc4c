"""`approximate`: its table and file, indexes of vectors and codes together, and what it refuses."""

from __future__ import annotations

import sys
from types import ModuleType

import pandas as pd
import pytest

from core.engine.engine import Engine
from core.search import registry
from core.settings import Setting
from tests.core.studies.approximate.loaded import KnownEngine, load

SETTING = Setting("semantic", "itq", 16, "2", "test-vs-test", "wordnet")
ASKED = ("approximate", "--engine", "memory=here", "--hash", "itq", "--bits", 16, "--k", 5, "--requests", 5)


@pytest.fixture
def server(tiny_bundle, monkeypatch):
    """An engine named `memory` that holds the tiny bundle."""
    loaded = load(KnownEngine(), Engine(tiny_bundle, 1).at(SETTING))
    module = ModuleType("memory_of_a_test")
    module.ENGINE = type("Known", (), {"connect": staticmethod(lambda address: loaded)})
    monkeypatch.setitem(sys.modules, "memory_of_a_test", module)
    monkeypatch.setitem(registry.ENGINES, "memory", "memory_of_a_test")
    loaded.closed = 0
    loaded.close = lambda: setattr(loaded, "closed", loaded.closed + 1)
    return loaded


def test_a_table_and_a_file(run, server):
    ran = run(
        *ASKED, "--index", "ALL", "--index", "FEW:M=4:found=3", "--index", "FEW:M=4:found=5", "--clients", "1,2",
        "--out", "a.csv",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    rows = pd.read_csv("a.csv")
    assert rows["search"].tolist() == ["exact", "hashed", "hamming", "approximate", "approximate", "approximate"]
    assert rows["parameters"].fillna("").tolist()[3:] == ["", "found=3", "found=5"]
    assert rows["recall"].iloc[3] == 1
    assert rows["queries_per_s_2"].iloc[3:].gt(0).all()
    assert "recall of the exact top k@5" in ran.out
    assert "found=3" in ran.out
    assert "note: approximate by FEW:M=4:found=3: fewer than 5 items for 60 queries" in ran.err
    assert [kind for _, kind, _ in server.built] == ["ALL", "FEW"]
    assert server.closed == 1


def test_codes_are_chosen_by_name_or_by_the_kind(run, server):
    ran = run(*ASKED, "--index", "HALF", "--of", "codes", "--clients", 1, "--map", "ap_source", "--out", "c.csv")
    assert ran.code == 0, ran.err
    rows = pd.read_csv("c.csv")
    assert rows["search"].tolist()[3:] == ["approximate-hamming", "approximate-hashed"]
    assert {"ap_source", "ap_source_p", "ahp"} <= set(rows)
    server.kinds = {"vectors": ("ALL",), "codes": ("HALF",)}
    ran = run(*ASKED, "--index", "HALF", "--index", "ALL", "--clients", 1, "--out", "d.csv")
    assert ran.code == 0, ran.err
    found = pd.read_csv("d.csv")["search"].tolist()[3:]
    assert found == ["approximate", "approximate-hamming", "approximate-hashed"]


def test_bad_input_is_one_line(refused, server):
    assert "--index" in refused("approximate", "--engine", "memory=here")
    assert "has another form: write KIND:BUILD:SEARCH" in refused(*ASKED, "--index", "M=16")
    assert "unknown index in memory 'HALFF'" in refused(*ASKED, "--index", "HALFF")
    assert "'local' holds no data of its own" in refused(*ASKED[:1], "--engine", "local", *ASKED[3:], "--index", "ALL")
    assert "needs an address" in refused(*ASKED[:1], "--engine", "memory", *ASKED[3:], "--index", "ALL")
    assert "k 'all' is not defined" in refused(*ASKED, "--k", "all", "--index", "ALL")
    assert "nowhere" in refused(*ASKED, "--index", "ALL", "--out", "nowhere/a.csv")
    assert "holds no collection" in refused(*ASKED, "--protocol", "test-vs-train", "--index", "ALL")
    assert "clients 0" in refused(*ASKED, "--index", "ALL", "--clients", "0")
    server.down = True
    assert "does not answer" in refused(*ASKED, "--index", "ALL")
