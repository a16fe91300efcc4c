"""Workers of dask.distributed: by the address of a scheduler, or processes of this machine. Work comes back in order;
what a worker that is lost had to do is done by another."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.search.engines.engine import EngineError
from core.search.engines.shard_worker import code_digest

Work = tuple[Callable[..., Any], tuple[Any, ...]]  # a function and its arguments
Progress = Callable[[int], object]  # hears the number of the shard that is done
_AHEAD = 3  # blocks in flight
_FETCH = 5.0  # seconds for a result to come here, after which it is made anew
_TRIES = 5  # of a job: whatever ends five workers ends the next one
_LOOK = 2.0  # seconds between looks at the cluster
PATIENCE = 60.0  # seconds that the cluster may be without any worker
_MEND = "pip install -r requirements-engines.txt"


@dataclass(eq=False)
class _Job:
    """The work at a place of a block, the worker that it is meant for (None: any) and how often it was given out."""

    place: int
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    worker: str | None = None
    future: Any = None
    tries: int = 0


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
        ahead: deque[list[_Job]] = deque()
        try:
            while True:
                while len(ahead) < _AHEAD and (block := next(left, None)) is not None:
                    ahead.append([_Job(place, *work) for place, work in enumerate(block)])
                    self._submit(ahead[-1])
                if not ahead:
                    return
                yield self._results(ahead[0], hear)
                ahead.popleft()
        finally:
            for jobs in ahead:
                self.client.cancel([job.future for job in jobs])

    def close(self) -> None:
        """Give the connection back; a cluster of this machine ends."""
        self.client.close()
        if self.local is not None:
            self.local.close()

    def _submit(self, jobs: Sequence[_Job]) -> None:
        """Give jobs to the workers that are there now."""
        if not jobs:
            return
        workers = self._ready()
        for job in jobs:
            job.tries += 1
            if job.tries > _TRIES:
                raise EngineError(self._deaths())
            # The next try goes to the next worker: the first may be cut off, and still be thought to be there.
            job.worker = workers[(job.place + job.tries - 1) % len(workers)] if workers else None
            with self._told():
                job.future = self.client.submit(
                    job.function, *job.arguments, workers=job.worker, allow_other_workers=bool(workers), pure=False
                )

    def _ready(self) -> list[str]:
        """The workers that are there now; EngineError for one with other code than this project's.

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

    def _results(self, jobs: Sequence[_Job], hear: Progress | None) -> list[Any]:
        """The results of a block as soon as all are here; EngineError where nobody is left to make them."""
        results, left, seen = [None] * len(jobs), list(jobs), time.monotonic()
        while left:
            with self._told(), suppress(TimeoutError), self.client.as_current():
                _distributed().wait([job.future for job in left], timeout=_LOOK, return_when="FIRST_COMPLETED")
            lost = []
            for job in [job for job in left if job.future.done()]:
                try:
                    with self._told(TimeoutError):
                        results[job.place] = job.future.result(timeout=_FETCH)
                except TimeoutError:  # it went with the worker that had it
                    lost.append(job)
                    continue
                left.remove(job)
                if hear:
                    hear(job.place)
            workers = self.workers()
            if workers:
                seen = time.monotonic()
                # dask leaves work that was meant for a worker which is gone, even where others may do it.
                lost += [job for job in left if job not in lost and job.worker not in workers]
                self._submit(lost)
            elif time.monotonic() - seen > self.patience:
                raise EngineError(
                    f"no worker is left at '{self.address}' for {self.patience:.0f} s: start one ('dask worker "
                    f"{self.address}') and do this again"
                )
        return results

    def _deaths(self) -> str:
        return (
            f"several workers at '{self.address}' died over the same shard: look into their logs; perhaps they need "
            "more memory, or smaller shards"
        )

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

        cluster, address = self.cluster, self.cluster.address
        if error is None or isinstance(error, self.passed):
            return
        if isinstance(error, KilledWorker):
            raise EngineError(cluster._deaths()) from error
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
