"""An evaluation over workers of which one is cut off the network in the middle, against one process.

    unshare --net python benchmarks/shards_network.py [--out FILE]

Three dask workers as processes in three network namespaces, joined by a bridge; the scheduler and this process stand at
the bridge. Half way through exact search the link of one worker goes down, without a word to anybody: the scheduler
notices it by its silence. Ids and scores have to be the same bits as those of one process. Needs Linux, `ip` and root;
`unshare` gives the bridge a network of its own, which nothing outside can reach.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.figures import Figures
from core.search.door import PackedCodes, Ranking, Vectors, no_exclusion
from core.search.engines import spread
from core.search.engines.cluster import Cluster
from core.search.engines.spread import SpreadBackend
from core.search.local import LOCAL

WORKERS = 3
NETWORK = "10.213.77"
ADDRESS = f"tcp://{NETWORK}.1:8786"
# How soon silence counts as a lost connection; dask's own limits are half a minute and five.
LIMITS = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "12s", "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "20s"}


def main() -> None:
    """Build the network, search, cut, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if sys.platform != "linux" or os.geteuid() != 0:
        sys.exit("network namespaces need Linux and root: nothing was run")
    os.environ.update(LIMITS)
    spread._QUERIES = 50  # many blocks, so that there is a middle
    figures = Figures()
    with ExitStack() as stack:
        build(stack)
        stack.enter_context(process(["-m", "dask", "scheduler", "--host", f"{NETWORK}.1", "--no-dashboard"]))
        for number in range(WORKERS):
            asked = ["-m", "dask", "worker", ADDRESS, "--host", f"{NETWORK}.{number + 10}", "--nthreads", "1"]
            asked += ["--memory-limit", "0", "--no-nanny", "--no-dashboard"]
            stack.enter_context(process(asked, name(number)))
        cluster = Cluster.connect(ADDRESS, timeout=90)
        while len(cluster.workers()) < WORKERS:
            time.sleep(0.2)
        same = compare(cluster, options.rows, options.queries, figures)
    figures.write(options.out)
    print("equal bit for bit" if same else "NOT equal")
    sys.exit(0 if same else 1)


def compare(cluster: Cluster, rows: int, queries: int, figures: Figures) -> bool:
    """Both searches over the workers, one of which is cut off in the first, against one process."""
    random = np.random.default_rng(0)
    gallery = np.round(random.normal(size=(rows, 64)) * 8).astype(np.float32)  # whole numbers: sums are exact, many tie
    words = random.integers(0, 2**30, (1, rows)).astype(np.uint64)
    done = [0]

    def hear(shards: int, blocks: int, shard: int | None) -> None:
        done[0] += shard is not None
        if done[0] == shards * blocks // 2 and shard is not None:
            shell(f"ip link set {link(1)} down")
            print(f"worker 2 of {WORKERS} was cut off at {done[0]} of {shards * blocks}", flush=True)

    backend = SpreadBackend(cluster, 2 * WORKERS, hear=hear)
    index, codes = backend.open_vectors(Vectors(gallery)), backend.open_codes(PackedCodes(30, words))
    asked, own = gallery[:queries], no_exclusion(queries)
    started = time.perf_counter()
    exact = index.rank(asked, own, 100)
    figures.add("exact search, one of three workers cut off in the middle", time.perf_counter() - started, "s")
    figures.add("workers that are left", len(cluster.workers()), "")
    started = time.perf_counter()
    near = codes.rank(words[:, :queries], own, 100)
    figures.add("Hamming search by those that are left", time.perf_counter() - started, "s")
    same = equal(exact, LOCAL.open_vectors(Vectors(gallery)).rank(asked, own, 100))
    same &= equal(near, LOCAL.open_codes(PackedCodes(30, words)).rank(words[:, :queries], own, 100))
    backend.close()
    return same


def equal(found: Ranking, right: Ranking) -> bool:
    """Whether ids and scores are the same bits."""
    return np.array_equal(found.ids, right.ids) and found.scores.tobytes() == right.scores.tobytes()


def build(stack: ExitStack) -> None:
    """A bridge, and a namespace with one link to it for each worker; removed when the stack is left."""
    shell("ip link set lo up")
    shell("ip link add bridge0 type bridge", f"ip addr add {NETWORK}.1/24 dev bridge0", "ip link set bridge0 up")
    for number in range(WORKERS):
        space, inside = name(number), f"inside{number}"
        shell(f"ip netns add {space}")
        stack.callback(shell, f"ip netns del {space}")
        shell(
            f"ip link add {link(number)} type veth peer name {inside} netns {space}",
            f"ip link set {link(number)} master bridge0",
            f"ip link set {link(number)} up",
            f"ip -n {space} addr add {NETWORK}.{number + 10}/24 dev {inside}",
            f"ip -n {space} link set {inside} up",
            f"ip -n {space} link set lo up",
        )


def name(number: int) -> str:
    """The namespace of a worker."""
    return f"shards-{os.getpid()}-{number}"


def link(number: int) -> str:
    """The bridge's end of a worker's link."""
    return f"outside{number}"


def shell(*commands: str) -> None:
    """Run commands; the first that fails ends the script."""
    for command in commands:
        subprocess.run(command.split(), check=True)


class process:  # noqa: N801  # read as a function
    """A Python process in a namespace, ended when the block is left."""

    def __init__(self, arguments: list[str], space: str | None = None) -> None:
        self.command = [*(["ip", "netns", "exec", space] if space else []), sys.executable, *arguments]

    def __enter__(self) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        environment = {**os.environ, "PYTHONPATH": str(HOME)}
        self.started = subprocess.Popen(self.command, cwd=HOME, env=environment, **quiet)

    def __exit__(self, *error: object) -> None:
        self.started.kill()
        self.started.wait()


if __name__ == "__main__":
    main()
