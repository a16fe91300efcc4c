"""`load`: a search engine then answers what the other commands ask, and the same bytes come out."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core import cli
from core.building.gallery_parts import all_parts, choose_parts
from core.engine.engine import Engine
from core.search import registry
from core.search.engines.engine import EngineError
from tests.core.search.engines import memory_engine
from tests.core.search.engines.file_engine import FileEngine
from tests.core.search.engines.memory_engine import MemoryEngine

ROOT = Path(cli.__file__).resolve().parents[2]
TO = ("--engine", "memory=here")
SEVERAL = ("--hash", "itq,predicted-class,pq", "--bits", "8,16")


@pytest.fixture
def memory(monkeypatch):
    """The one engine that every connection to `memory=here` leads to."""
    one = MemoryEngine()

    class Shared(MemoryEngine):
        @classmethod
        def connect(cls, address):
            assert address == "here"
            return one

    monkeypatch.setattr(memory_engine, "ENGINE", Shared, raising=False)
    monkeypatch.setitem(registry.ENGINES, "memory", memory_engine.__name__)
    return one


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train"])
@pytest.mark.parametrize("code", [("itq", 8), ("itq", 16), ("predicted-class", 8), ("latent-sigmoid", 16)])
def test_an_engine_that_was_loaded_gives_the_same_bytes(run, memory, protocol, code):
    names = ("--hash", code[0], "--bits", code[1], "--protocol", protocol)
    loaded = run("load", *TO, *names)
    assert loaded.code == 0, loaded.err
    asked = ("--k", "1,5,20", *names)
    assert run("evaluate", *asked, "--out", "local.csv").code == 0
    ran = run("evaluate", *asked, *TO, "--out", "memory.csv")
    assert ran.code == 0, ran.err
    assert Path("memory.csv").read_bytes() == Path("local.csv").read_bytes()
    assert memory.asked > 0


def test_without_a_load_the_engine_is_refused(run, refused, memory):
    assert "holds no collection 'bh_semantic_test_" in refused("evaluate", "--k", "5", *TO)
    assert run("load", *TO, "--hash", "itq", "--bits", "8").code == 0
    assert "holds no collection 'bh_semantic_test_itq_16_" in refused(
        "evaluate", "--k", "5", "--hash", "itq", "--bits", "16", *TO
    )


def test_another_seed_and_left_out_near_duplicates_are_found_too(run, memory, doubled_bundle):
    names = (
        "--bundle", doubled_bundle.path, "--hash", "random-hyperplane", "--bits", 16, "--seed", 3,
        "--near-duplicates", "leave-out", "--protocol", "test-vs-test",
    )  # fmt: skip
    assert run("load", *TO, *names, bundle=False).code == 0
    ran = run("evaluate", "--k", "5", *TO, *names, "--out", "memory.csv", bundle=False)
    assert ran.code == 0, ran.err
    assert memory.asked > 0


def test_it_says_what_it_loaded_and_what_it_left_out(run, memory):
    ran = run("load", *TO, *SEVERAL)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert len(lines) == len(memory.stored) == 8
    assert lines[0].endswith(": semantic test, 60 vectors of 16 dimensions; 60 loaded, 0 were there already")
    assert lines[1].endswith(": semantic test itq 8, 60 codes of 8 bits; 60 loaded, 0 were there already")
    assert "note: hash 'pq' is compared by" in ran.err
    again = run("load", *TO, *SEVERAL)
    assert all("; 0 loaded, " in line for line in again.out.splitlines())


def test_listing_and_dropping_are_of_the_setting_alone(run, memory):
    assert run("load", *TO, *SEVERAL).code == 0
    before = dict(memory.stored)
    del before[next(iter(before))][1][7]
    listed = run("load", *TO, "--hash", "itq", "--bits", "16", "--protocol", "test-vs-test", "--list")
    assert [line.split("; ")[1] for line in listed.out.splitlines()] == ["59 are there", "60 are there"]
    assert memory.stored == before
    assert run("load", *TO, "--hash", "itq", "--bits", "24", "--list").code == 2
    dropped = run("load", *TO, "--hash", "itq", "--bits", "16", "--protocol", "test-vs-test", "--drop")
    assert [line.split(": ")[1] for line in dropped.out.splitlines()] == ["dropped", "dropped"]
    assert len(memory.stored) == 6
    again = run("load", *TO, "--hash", "itq", "--bits", "16", "--protocol", "test-vs-test", "--drop")
    assert again.code == 0
    assert [line.split(": ")[1] for line in again.out.splitlines()] == ["is not there", "is not there"]


def test_a_server_that_goes_away_costs_one_line_and_the_same_command_goes_on(run, memory, monkeypatch):
    real, left = MemoryEngine.insert, [2]

    def insert(self, collection, ids, rows):
        if left[0] == 0:
            raise EngineError("memory does not answer at 'here': start it")
        left[0] -= 1
        real(self, collection, ids, rows)

    monkeypatch.setattr(MemoryEngine, "insert", insert)
    ran = run("load", *TO, "--hash", "itq", "--bits", "16")
    assert ran.code == 2
    assert [line for line in ran.err.splitlines() if line.startswith("error: ")] == [ran.err.splitlines()[-1]]
    assert "start it; the rows of 'bh_semantic_test_" in ran.err
    assert sum(len(rows) for _, rows in memory.stored.values()) == 32
    left[0] = 1000
    ran = run("load", *TO, "--hash", "itq", "--bits", "16")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0].endswith("; 28 loaded, 32 were there already")


def test_a_load_that_is_interrupted_says_how_to_go_on(run, memory, monkeypatch):
    monkeypatch.setattr(MemoryEngine, "finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    ran = run("load", *TO)
    assert ran.code == 130
    assert ran.err.splitlines()[-1] == "stopped: give the same command again, and it goes on"


@pytest.mark.slow
def test_a_load_whose_process_is_killed_again_and_again_ends_with_every_row_once(tiny_bundle, tmp_path):
    """By a process of its own each, killed outright before or after the batch is in the file."""
    script = (
        "import sys; from core.cli import main; from core.search.registry import ENGINES; "
        "ENGINES['file'] = 'tests.core.search.engines.file_engine'; sys.exit(main(sys.argv[1:]))"
    )
    names = ("--engine", f"file={tmp_path / 'rows'}", "--hash", "itq", "--bits", "16", "--bundle", tiny_bundle.path)

    def run_until(kill_at):
        return subprocess.run(
            [sys.executable, "-c", script, "load", *names], cwd=ROOT, capture_output=True, text=True, timeout=120,
            env={**os.environ, "KILL_AT": kill_at},
        )  # fmt: skip

    for kill_at in ("1 before", "1 after", "3 before", "4 after", "2 after", "9 before"):
        assert run_until(kill_at).returncode == -signal.SIGKILL
    ran = run_until("0 ")
    assert ran.returncode == 0, ran.stderr
    sizes = [
        tuple(int(number) for number in re.search(r"; (\d+) loaded, (\d+) were", line).groups())
        for line in ran.stdout.splitlines()
    ]
    assert [sum(pair) for pair in sizes] == [60, 60, 150, 150]
    assert [kept for _, kept in sizes][:2] == [60, 60]
    assert 0 < sizes[2][1] < 150
    engine = FileEngine(str(tmp_path / "rows"))
    for part in all_parts(Engine(tiny_bundle, 1), choose_parts(tiny_bundle, print, hashes=["itq"], bits=[16])):
        np.testing.assert_array_equal(engine.present(part.collection, 0, 1000), np.arange(part.collection.count))
        np.testing.assert_array_equal(engine.read(part.collection, np.arange(part.collection.count)), part.rows)


def test_files_for_elasticsearch(run):
    ran = run("load", "--engine", "elasticsearch-bulk", "--protocol", "test-vs-test", "--out", "all.ndjson", *SEVERAL)
    assert ran.code == 0, ran.err
    assert "wrote all.ndjson and all.mapping.json: 60 documents for an index 'bh_semantic_test_" in ran.out
    first = [json.loads(line) for line in Path("all.ndjson").read_text().splitlines()[:2]]
    assert first[0] == {"index": {"_id": "0"}}
    fields = {"code_itq_8": 2, "code_itq_16": 4, "code_predicted_class_4": 2}
    assert {name: len(first[1][name]) for name in fields} == fields


def test_each_gallery_has_files_of_its_own(run, tmp_path):
    assert run("load", "--engine", "elasticsearch-bulk", "--out", "all.ndjson").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "all.test-vs-test.mapping.json",
        "all.test-vs-test.ndjson",
        "all.test-vs-train.mapping.json",
        "all.test-vs-train.ndjson",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--engine", "milwus=x"], ["unknown search engine 'milwus'", "milvus"]),
        (["--engine", "memory"], ["needs an address", "memory=ADDRESS"]),
        (["--engine", "local"], ["'local' holds no data of its own", "milvus"]),
        (["--engine", "elasticsearch-bulk"], ["--out FILE"]),
        ([*TO, "--out", "x.ndjson"], ["--out FILE", "elasticsearch-bulk"]),
        (["--engine", "elasticsearch-bulk", "--out", "x", "--drop"], ["--drop", "writes files"]),
        (["--engine", "elasticsearch-bulk", "--out", "no/x"], ["no folder 'no'"]),
        ([*TO, "--drop", "--list"], ["--list", "--drop"]),
        ([*TO, "--protocol", "test-vs-rest"], ["unknown protocol 'test-vs-rest'"]),
        ([*TO, "--hash", "itk"], ["unknown hash 'itk'", "itq"]),
        ([*TO, "--bits", "7", "--hash", "itq"], ["bits 7", "itq"]),
        ([*TO, "--near-duplicates", "leave-out"], ["no near-duplicates"]),
        ([], ["--engine"]),
    ],
)
def test_bad_use_is_one_line(refused, memory, arguments, words):
    said = refused("load", *arguments)
    assert all(word in said for word in words), said
    assert memory.stored == {}
