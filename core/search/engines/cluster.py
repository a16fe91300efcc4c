"""Workers of dask.distributed: by the address of a scheduler, or processes of this machine. Work comes back in order;
what a worker that is lost had to do is done by another."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from core.search.engines.engine import EngineError
from core.search.engines.shard_worker import code_digest

Work = tuple[Callable[..., Any], tuple[Any, ...]]  # a function and its arguments
Progress = Callable[[int], object]  # hears the number of the shard that is done
_AHEAD = 3  # blocks in flight
_FETCH = 10.0  # seconds for a result, at first, until it is made anew
_LOOK = 2.0  # seconds between looks at the cluster
PATIENCE = 60.0  # seconds that the cluster may be without any worker
_MEND = "pip install -r requirements-engines.txt"


class Cluster:
    """A connection to a scheduler; many threads may use it at once. What it raises is an `EngineError`."""

    def __init__(self, client: Any, local: Any = None, patience: float = PATIENCE) -> None:
        """`local`: the cluster of this machine that ends with the connection, None where others started it."""
        self.client, self.local, self.patience = client, local, patience
        self.address = str(client.scheduler.address)
        self._checked: set[str] = set()

    @classmethod
    def connect(cls, address: str, timeout: float = 10.0) -> Cluster:
        """The cluster of the scheduler at an address such as tcp://host:8786."""
        distributed = _distributed()
        try:
            return cls(distributed.Client(address, timeout=timeout, set_as_default=False))
        except (OSError, ValueError, TypeError) as error:
            raise EngineError(
                f"no dask scheduler answers at '{address}' within {timeout:g} s: start one ('dask scheduler'), and "
                "give its address, such as tcp://127.0.0.1:8786"
            ) from error

    @classmethod
    def start(cls, workers: int) -> Cluster:
        """A cluster of so many processes of one thread each on this machine, which nobody else can reach."""
        distributed = _distributed()
        local = distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", silence_logs=logging.CRITICAL,
            dashboard_address="127.0.0.1:0", scheduler_kwargs={"dashboard": False},
            memory_limit=0,  # pages of mapped shards count as a worker's, which would be stopped for them
        )  # fmt: skip
        return cls(distributed.Client(local, set_as_default=False), local)

    def workers(self) -> list[str]:
        """The addresses of the workers that are there now, in order."""
        return sorted(self.client.scheduler_info()["workers"])

    def map(self, blocks: Iterable[Sequence[Work]], hear: Progress | None = None) -> Iterator[list[Any]]:
        """The results of each block of works, block by block; a few blocks are worked on at once.

        The work at a place of a block goes to the same worker every time, as long as that one is there: the pages of
        its shard are then in the memory of one machine alone.
        """
        left = iter(blocks)
        ahead: deque[tuple[Sequence[Work], list[Any]]] = deque()
        try:
            while True:
                while len(ahead) < _AHEAD and (block := next(left, None)) is not None:
                    workers = self._ready()
                    ahead.append((block, [self._submit(work, place, workers) for place, work in enumerate(block)]))
                if not ahead:
                    return
                yield self._results(*ahead[0], hear)
                ahead.popleft()
        finally:
            for _, futures in ahead:
                self.client.cancel(futures)

    def close(self) -> None:
        """Give the connection back; a cluster of this machine ends."""
        self.client.close()
        if self.local is not None:
            self.local.close()

    def _submit(self, work: Work, place: int, workers: Sequence[str]) -> Any:
        near = [workers[place % len(workers)]] if workers else None
        with self._told():
            return self.client.submit(work[0], *work[1], workers=near, allow_other_workers=bool(near), pure=False)

    def _ready(self) -> list[str]:
        """The workers that are there now; EngineError for one that does not have this project's code, or another version of it.

        It would die of what it cannot read, so it is asked before it is given any.
        """
        workers = self.workers()
        new = [worker for worker in workers if worker not in self._checked]
        if not new:
            return workers
        with self._told():
            answers = self.client.run(code_digest, workers=new, on_error="return")
        for worker, answer in answers.items():
            if isinstance(answer, OSError):  # it is gone
                continue
            if answer != code_digest():
                raise EngineError(
                    f"worker '{worker}' has another version of this project's code, or none ({answer}): start it in "
                    "the folder of this version"
                )
        self._checked.update(new)
        return workers

    def _results(self, block: Sequence[Work], futures: list[Any], hear: Progress | None) -> list[Any]:
        """The results of a block as soon as all are here; EngineError where nobody is left to make them."""
        results, waiting = [None] * len(block), set(range(len(block)))
        seen, patience = time.monotonic(), [_FETCH] * len(block)
        while waiting:
            with self._told(), suppress(TimeoutError), self.client.as_current():
                left = [futures[place] for place in waiting]
                _distributed().wait(left, timeout=_LOOK, return_when="FIRST_COMPLETED")
            for place in [place for place in waiting if futures[place].done()]:
                try:
                    with self._told(TimeoutError):
                        results[place] = futures[place].result(timeout=patience[place])
                except TimeoutError:  # it was lost with the worker that had it, which dask does not always notice
                    patience[place] *= 2
                    futures[place] = self._submit(block[place], place, self._ready())
                    continue
                waiting.remove(place)
                if hear:
                    hear(place)
            if self.workers():
                seen = time.monotonic()
            elif time.monotonic() - seen > self.patience:
                raise EngineError(
                    f"no worker is left at '{self.address}' for {self.patience:.0f} s: start one ('dask worker "
                    f"{self.address} --nthreads 1 --memory-limit 0') and do this again"
                )
        return results

    def _told(self, *passed: type[BaseException]) -> _Told:
        return _Told(self, passed)


class _Told:
    """Says in one line what went wrong with the cluster; errors of the kinds `passed` are left as they are."""

    def __init__(self, cluster: Cluster, passed: tuple[type[BaseException], ...]) -> None:
        self.cluster, self.passed = cluster, (EngineError, KeyboardInterrupt, GeneratorExit, MemoryError, *passed)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from distributed.scheduler import KilledWorker

        address = self.cluster.address
        if error is None or isinstance(error, self.passed):
            return
        if isinstance(error, KilledWorker):
            raise EngineError(
                f"several workers at '{address}' died over the same shard: look into their logs; perhaps they need "
                "more memory, or smaller shards"
            ) from error
        raise EngineError(
            f"the dask cluster at '{address}' did not finish ({type(error).__name__}: {str(error)[:200]}): see that "
            "its scheduler runs, and do this again"
        ) from error


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise EngineError(f"search over shards needs the package 'distributed': {_MEND}") from error
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is raised, as one line
    return distributed
