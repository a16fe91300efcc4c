"""A gallery of millions searched over shards, against the same searches in one process.

    python benchmarks/shards.py --dir FOLDER [--size 10000000] [--shards 8] [--workers 2] [--queries 1000] [--kill]
        [--out FILE]

Makes the gallery as `python -m core scale` does, from the embeddings with noise, each row rounded as a bundle's are
when they are loaded (4 GB for 10 million rows; a folder that is there is used again). Then exact, hashed and Hamming
search of all queries, first by dask workers on shards of it, then by this process alone on the same file. Prints and
writes the times, the most memory of each process (its own, and with the pages of the gallery that it has mapped), and
whether ids, scores and metrics are the same bits. `--kill` kills a worker in the middle of each search. Needs Linux.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

import numpy as np

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.figures import Figures
from core.bundle.bundle import load_bundle
from core.bundle.vectors import norms, round_to_grain
from core.engine.default_setting import choose_setting
from core.engine.engine import Engine
from core.engine.results import SearchResult
from core.metrics.accumulate import judge_rankings
from core.metrics.ideal import ideal_rows
from core.metrics.tables import Judgements
from core.runtime.parallel import check_threads
from core.scale.folder import ScaleFolder
from core.scale.rows import Source
from core.scale.subject import Subject
from core.scale.trial import CodedQueries, Trial
from core.search.door import PackedCodes, Ranking, SearchBackend, Vectors
from core.search.engines.cluster import Cluster
from core.search.engines.spread import SpreadBackend
from core.search.local import LOCAL
from core.search.searcher import Searcher

SEARCHES = ("exact", "hashed", "hamming")
MULTIPLIER = 2


@dataclass(frozen=True)
class Rounded(Source):
    """A source whose rows are rounded as a bundle's are: their inner products are then exact."""

    def block(self, number: int, count: int) -> np.ndarray:
        rows = super().block(number, count).astype(np.float64)
        return round_to_grain(rows, norms(rows))

    def described(self) -> dict[str, str | int | float]:
        return {**super().described(), "rounded": 1}


class Memory:
    """The most memory of processes while it is watched, MB: their own, and with mapped pages."""

    def __init__(self, processes: dict[str, int]) -> None:
        self.processes, self.most = processes, dict.fromkeys(processes, (0.0, 0.0))
        self.together = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            total = 0.0
            for name, pid in self.processes.items():
                own, whole = resident(pid)
                self.most[name] = (max(self.most[name][0], own), max(self.most[name][1], whole))
                total += whole
            self.together = max(self.together, total)


def resident(pid: int) -> tuple[float, float]:
    """Memory of a process itself, and with the pages that it has mapped from files, MB; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    kb = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "VmRSS"))}
    return kb.get("RssAnon", 0) / 1024, kb.get("VmRSS", 0) / 1024


def main() -> None:
    """Make the gallery, search it both ways, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", type=Path, required=True, dest="folder")
    parser.add_argument("--size", type=int, default=10_000_000)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--k", type=int, default=100)
    parser.add_argument("--bits", type=int, default=64)
    parser.add_argument("--kill", action="store_true", help="kill a worker in the middle of each search")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    engine = Engine(load_bundle())
    subject = Subject(engine, choose_setting(engine.bundle, bits=options.bits), options.queries)
    source = subject.source
    rounded = Rounded(
        source.version, source.encoder, source.split, source.rows, source.labels, source.noise, source.seed
    )
    folder, method, started = ScaleFolder(options.folder, rounded), subject.method(options.bits), perf_counter()
    folder.make_rows(options.size)
    folder.make_codes(method, options.size)
    figures = Figures()
    figures.add("gallery made", perf_counter() - started, "s")
    gallery, words = folder.embeddings(options.size), folder.words(method, options.size)
    trial = subject.trial(gallery)
    asked = subject.coded(options.bits, words).hasher.many(trial.queries)
    spread = by_shards(options, trial, words, asked, figures)
    alone = searched(LOCAL, options, trial, words, asked, figures, "one process", {"this": os.getpid()})
    same = True
    for search in SEARCHES:
        equal = np.array_equal(spread[search].ids, alone[search].ids)
        equal &= spread[search].scores.tobytes() == alone[search].scores.tobytes()
        means = [judged(engine, trial, found[search], alone["exact"], options.k) for found in (spread, alone)]
        figures.add(f"{search}: ids and scores equal bit for bit", float(equal), "")
        for place, name in enumerate(("overlap", "ap", "ahp")):
            figures.add(f"{search}: {name} at {options.k}", means[0][place], "")
        same &= bool(equal) and means[0] == means[1]
    figures.write(options.out)
    print("equal bit for bit" if same else "NOT equal")
    sys.exit(0 if same else 1)


def by_shards(
    options: argparse.Namespace, trial: Trial, words: np.ndarray, asked: np.ndarray, figures: Figures
) -> dict[str, Ranking]:
    """The searches over shards, with a worker killed in each where that is asked for."""
    started = perf_counter()
    cluster = Cluster.start(options.workers)
    figures.add("workers started", perf_counter() - started, "s")
    pids, done = list(cluster.client.run(os.getpid).values()), [0]

    def hear(shards: int, blocks: int, shard: int | None) -> None:
        done[0] = 0 if shard is None else done[0] + 1
        if options.kill and done[0] == shards * blocks // 2:
            os.kill(next(iter(cluster.client.run(os.getpid).values())), signal.SIGKILL)
            print("a worker was killed", flush=True)

    backend = SpreadBackend(cluster, options.shards, hear=hear)
    processes = {"client and scheduler": os.getpid(), **{f"worker {n}": pid for n, pid in enumerate(pids, start=1)}}
    what = f"{options.shards} shards, {options.workers} workers"
    found = searched(backend, options, trial, words, asked, figures, what, processes)
    backend.close()
    sleep(1)
    return found


def searched(
    backend: SearchBackend,
    options: argparse.Namespace,
    trial: Trial,
    words: np.ndarray,
    asked: np.ndarray,
    figures: Figures,
    what: str,
    processes: dict[str, int],
) -> dict[str, Ranking]:
    """Each search of all queries, timed, with the most memory."""
    started = perf_counter()
    vectors = backend.open_vectors(Vectors(trial.gallery, trial.longest))
    codes = CodedQueries(backend.open_codes(PackedCodes(options.bits, words)), asked)
    figures.add(f"{what}: opened", perf_counter() - started, "s")
    searcher = Searcher(
        trial.queries, trial.exclude, trial.gallery, vectors, lambda: codes, check_threads(options.workers)
    )
    found = {}
    with Memory(processes) as memory:
        for search in SEARCHES:
            started = perf_counter()
            found[search] = searcher.rank(search, slice(None), options.k, MULTIPLIER * options.k)
            figures.add(f"{what}: {search}", perf_counter() - started, "s")
    for name, (own, whole) in memory.most.items():
        figures.add(f"{what}: most memory of {name}, its own", own, "MB")
        figures.add(f"{what}: most memory of {name}, with mapped pages", whole, "MB")
    figures.add(f"{what}: most memory together, with mapped pages", memory.together, "MB")
    return found


def judged(engine: Engine, trial: Trial, found: Ranking, exact: Ranking, k: int) -> tuple[float, float, float]:
    """Means of overlap with the exact top k, ap and ahp at k."""
    similarity = engine.bundle.hierarchy(engine.bundle.defaults["hierarchy"]).similarity()
    classes = np.arange(len(similarity))
    counts = np.minimum(np.bincount(trial.labels, minlength=len(classes)), k)  # more change none of these
    ideal = ideal_rows(similarity, counts, k, classes, np.full(len(classes), -1))
    judgements = Judgements(trial.query_labels, trial.labels, similarity, ideal)
    result = SearchResult("exact", judge_rankings(found.ids, exact.ids, judgements, np.array([k]), None))
    return result.mean("overlap", k), result.mean("ap", k), result.mean("ahp", k)


if __name__ == "__main__":
    main()
