"""--workers and --scheduler: the same bytes by whoever searches, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.cli import shards
from core.search.engines.spread import SpreadBackend
from tests.core.search.engines.dask_clusters import cluster_of_threads

pytest.importorskip("distributed")
SETTING = ("--hash", "itq", "--bits", 16)


@pytest.fixture
def threads(monkeypatch):
    """Workers in this process in place of processes, and the backends that the commands open."""
    opened = []

    class Kept(SpreadBackend):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            opened.append(self)

    monkeypatch.setattr(shards, "SpreadBackend", Kept)
    with cluster_of_threads(2) as cluster:
        monkeypatch.setattr(shards.Cluster, "start", lambda workers: cluster)
        yield opened


@pytest.mark.parametrize(
    "command",
    [
        ("evaluate", *SETTING, "--k", "1,5,20"),
        pytest.param(("sweep", *SETTING, "--k", "5", "--multiplier", "1,2"), marks=pytest.mark.slow),
        pytest.param(("export", "trade-off", *SETTING, "--k", "5"), marks=pytest.mark.slow),
    ],
    ids=["evaluate", "sweep", "export"],
)
def test_files_are_the_same_bytes_and_the_workers_are_asked(run, threads, command):
    for option, out in (((), "alone.csv"), (("--workers", 2), "spread.csv")):
        ran = run(*command, *option, "--out", out)
        assert ran.code == 0, ran.err
    assert Path("alone.csv").read_bytes() == Path("spread.csv").read_bytes()
    assert len(threads) == 1 and threads[0].asked > 0


@pytest.mark.slow
def test_scores_are_the_same_and_the_workers_are_asked(run, threads, tiny_bundle):
    made = []
    for option, name in (((), "alone"), (("--workers", 2), "spread")):
        shutil.copytree(tiny_bundle.path, name)
        ran = run("scores", "--bundle", name, "--hash", "itq,exact", "--bits", 16, *option, bundle=False)
        assert ran.code == 0, ran.err
        made.append({file.name: file.read_bytes() for file in Path(name).rglob("*.npy")})
    assert made[0] == made[1]
    assert threads[0].asked > 0


@pytest.mark.slow
def test_processes_of_this_machine_give_the_same_bytes(run):
    for option, out in (((), "alone.csv"), (("--workers", 2), "spread.csv")):
        ran = run("evaluate", *SETTING, *option, "--k", "1,5,20", "--out", out)
        assert ran.code == 0, ran.err
    assert Path("alone.csv").read_bytes() == Path("spread.csv").read_bytes()


def test_bad_input_is_one_line(refused):
    assert "not allowed with argument" in refused("evaluate", "--workers", 2, "--scheduler", "tcp://127.0.0.1:9")
    assert "--engine faiss does not search by shards" in refused("evaluate", "--workers", 2, "--engine", "faiss")
    assert "--shard-dir is for evaluation over shards" in refused("evaluate", "--shard-dir", "there")
    assert "workers 0 is out of range" in refused("evaluate", "--workers", 0)
