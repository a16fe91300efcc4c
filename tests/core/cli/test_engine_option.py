"""--engine: every command that searches reaches the engine, gives the bytes of `local`, and refuses one that fails."""

from __future__ import annotations

import re
import shutil

import pytest

from core.search.engines.engine import EngineError
from tests.core.search.engines.registered import TEXT, register
from tests.core.source_worlds import dress

SETTING = ("--hash", "random-hyperplane", "--bits", 16)
COMMANDS = {
    "evaluate": (*SETTING, "--k", "1,5,all", "--out", "out"),
    "sweep": (*SETTING, "--k", "1,5", "--out", "out"),
    "retrieve": ("--query", 3, *SETTING, "--k", 5, "--out", "out"),
    "trec": (*SETTING, "--k", 20, "--run", "out"),
    "export": ("metrics", *SETTING, "--k", "1,5", "--out", "out"),
    "source-table": ("--hash", "random-hyperplane", "--no-times", "--out", "out"),
    "bucket-study": ("--cells", 4, "--key-bits", 3, "--tables", 2, "--stored-only", "--out", "out"),
}


@pytest.fixture
def run_here(run, make_bundle):
    """`run`, on a bundle that the command can have."""
    source = ("--bundle", dress(make_bundle().path).path)

    def call(command, *given):
        other = command == "source-table"
        return run(command, *(source if other else ()), *given, bundle=not other)

    return call


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_the_engine_is_asked_and_changes_no_byte(run_here, monkeypatch, tmp_path, command):
    engine = register(monkeypatch)
    written = {}
    for name in ("local", TEXT):
        ran = run_here(command, *COMMANDS[command], "--engine", name)
        assert ran.code == 0, ran.err
        written[name] = (tmp_path / "out").read_bytes()
        (tmp_path / "out").unlink()
        assert (engine.asked > 0) == (name == TEXT)
    assert written["local"] == written[TEXT]
    answered = [line for line in ran.err.splitlines() if line.startswith("note: memory answered ")]
    assert len(answered) == 1
    assert int(answered[0].split()[3].replace(",", "")) > 0


@pytest.mark.slow
def test_scores_are_made_by_the_engine(run, monkeypatch, tmp_path, tiny_bundle):
    engine, kept = register(monkeypatch), {}
    for name in ("local", TEXT):
        folder = tmp_path / name.partition("=")[0]
        shutil.copytree(tiny_bundle.path, folder)
        asked = ("--hash", "exact,itq", "--bits", 16, "--protocol", "test-vs-train")
        ran = run("scores", "--bundle", folder, *asked, "--engine", name, bundle=False)
        assert ran.code == 0, ran.err
        assert (engine.asked > 0) == (name == TEXT)
        kept[name] = sorted(path.name for path in folder.rglob("*.npy"))  # named by content
    assert kept["local"] == kept[TEXT]
    assert "note: memory answered" in ran.err


@pytest.mark.slow
def test_searches_of_this_process_are_said(run, monkeypatch):
    register(monkeypatch)
    ran = run("evaluate", "--hash", "pq", "--bits", 16, "--k", 5, "--engine", TEXT)
    assert ran.code == 0, ran.err
    assert "note: hash 'pq' is not compared by Hamming distance: its codes are searched in this process" in ran.err
    ran = run("evaluate", "--hash", "itq", "--bits", 16, "--k", 5, "--searches", "asymmetric", "--engine", TEXT)
    assert ran.code == 0, ran.err
    assert "note: asymmetric search is made in this process\nnote: memory answered 60 queries; the times" in ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_an_engine_that_is_down_is_refused_before_anything_is_written(refused, monkeypatch, command):
    register(monkeypatch).down = True
    line = refused(command, *COMMANDS[command], "--engine", TEXT)
    assert line == "error: memory does not answer at 'nowhere': start it\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bundle_that_is_not_loaded_is_refused_with_the_mend(run_here, monkeypatch, tmp_path, command):
    register(monkeypatch, load=False)
    ran = run_here(command, *COMMANDS[command], "--engine", TEXT)
    error = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert (ran.code, ran.out, len(error)) == (2, "", 1)
    assert re.search("memory holds no collection 'bh_(semantic|source)_", error[0])
    assert "load it ('python -m core load')" in error[0]
    assert not (tmp_path / "out").exists()


def test_an_engine_lost_in_the_middle_of_a_sweep_ends_it_and_keeps_what_is_done(run, monkeypatch, tmp_path):
    engine, near = register(monkeypatch), []
    asked = ("sweep", "--hash", "itq,random-hyperplane", "--bits", 16, "--k", 5, "--out", "grid.csv")
    answer = engine.near

    def dies(collection, queries, depth):
        near.append(collection.kind)
        if near.count("codes") > 12:  # in the second hash
            raise EngineError("memory was lost: start it")
        return answer(collection, queries, depth)

    engine.near = dies
    ran = run(*asked, "--engine", TEXT)
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == "error: memory was lost: start it"
    kept = (tmp_path / "grid.csv").read_text()
    assert "exact" in kept and "random-hyperplane" not in kept
    engine.near = answer
    assert run(*asked, "--engine", TEXT).code == 0
    whole = (tmp_path / "grid.csv").read_bytes()
    (tmp_path / "grid.csv").unlink()
    assert run(*asked).code == 0
    assert (tmp_path / "grid.csv").read_bytes() == whole


def test_bad_options_are_refused_before_the_engine_is_connected_to(refused, monkeypatch):
    engine = register(monkeypatch)
    assert "memory=ADDRESS" in refused("evaluate", "--engine", "memory")
    assert "takes no address" in refused("evaluate", "--engine", "local=here")
    assert "unknown search engine 'memry'" in refused("evaluate", "--engine", "memry=x")
    refused("evaluate", "--k", "0", "--engine", TEXT)
    refused("evaluate", "--bundle", "none", "--engine", TEXT, bundle=False)
    assert engine.connections == 0


@pytest.mark.parametrize("command", ["benchmark", "scale"])
def test_commands_that_time_this_projects_own_search_take_no_engine(refused, command):
    given = ("--dir", "d") if command == "scale" else ()
    assert "unrecognized arguments: --engine" in refused(command, *given, "--engine", "local", bundle=False)


def test_other_hashes_reach_it_as_well(run, monkeypatch, tmp_path):
    engine = register(monkeypatch)
    for number, name in enumerate(("latent-sigmoid", "predicted-class", "random-codes")):
        before = engine.asked
        asked = ("evaluate", "--hash", name, "--k", "5", "--searches", "hashed,hamming", "--queries", 20)
        for engine_text in ("local", TEXT):
            assert run(*asked, "--engine", engine_text, "--out", f"{number}-{engine_text[:5]}").code == 0
        assert engine.asked > before
        assert (tmp_path / f"{number}-local").read_bytes() == (tmp_path / f"{number}-memor").read_bytes()


def test_an_engine_in_this_process_is_not_counted(run):
    ran = run("evaluate", *SETTING, "--k", 5, "--engine", "faiss")
    assert ran.code == 0
    assert "answered" not in ran.err
