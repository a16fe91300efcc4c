"""Which points are measured: cost as N grows, and at one N as bits, multiplier and k grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, takewhile

from core.bundle.hierarchy import Hierarchy
from core.scale.measure import Effort, time_batch, time_queries
from core.scale.points import EXACT_SIDES, Point
from core.scale.trial import Coded, Trial

SMALLEST = 10_000  # the curve of N begins here
OTHERS_AT = 1_000_000  # the other curves are measured at the largest size up to here
BITS = (8, 16, 32, 48, 64, 96, 128)
MULTIPLIERS = ("1", "2", "5", "10", "20")
KS = (10, 50, 100, 250, 500, 1000)
Progress = Callable[[int, int, str], object]  # steps done, of so many, what comes next
_ALL = (*EXACT_SIDES, "hashed")


@dataclass(frozen=True)
class Plan:
    """Sizes in ascending order, the setting in the middle of all curves, and the lengths of the curve of bits."""

    sizes: tuple[int, ...]
    bits: int
    multiplier: str
    k: int
    lengths: tuple[int, ...]
    threads: int
    effort: Effort

    @property
    def counts(self) -> list[int]:
        """The N of the curve: the sizes, and below the largest one 1 and 3 of every power of ten."""
        steps = takewhile(lambda n: n < self.sizes[-1], (m * 10**p for p in count(4) for m in (1, 3)))
        return sorted({*steps, *self.sizes})

    @property
    def others_at(self) -> int:
        """The N of the curves of bits, multiplier and k."""
        return max((n for n in self.sizes if n <= OTHERS_AT), default=self.sizes[0])

    def steps(self) -> Iterator[tuple[str, str, int, int, str, int]]:
        """Curve, work, N, bits, multiplier and k of everything that is measured, in order."""
        for n in self.counts:
            yield "n", "query", n, self.bits, self.multiplier, self.k
            if n in self.sizes or n <= OTHERS_AT:  # beyond, a batch of exact search takes minutes
                yield "n", "batch", n, self.bits, self.multiplier, self.k
        n = self.others_at
        for bits in self.lengths:
            yield "bits", "query", n, bits, self.multiplier, self.k
        for multiplier in MULTIPLIERS:
            yield "multiplier", "query", n, self.bits, multiplier, self.k
        for k in KS:
            if k <= n:
                yield "k", "query", n, self.bits, self.multiplier, k


def measure(
    plan: Plan,
    trial: Trial,
    coded: Callable[[int, int], Coded],
    hierarchy: Hierarchy,
    progress: Progress = lambda done, total, what: None,
    keep: Callable[[list[Point]], None] = lambda points: None,
) -> list[Point]:
    """Measure the plan on a trial of its largest size; `coded(bits, n)` gives the codes of the first n rows.

    `keep` is given all points so far after each size of each curve, so that a stop loses no more than one size.
    """
    steps = list(plan.steps())
    points: list[Point] = []
    codes: tuple[int, Coded] | None = None
    for done, (curve, work, n, bits, multiplier, k) in enumerate(steps):
        progress(done, len(steps), f"{curve}: {work} at N = {n:,}, {bits} bits, multiplier {multiplier}, k = {k}")
        if codes is None or codes[0] != bits:
            codes = (bits, coded(bits, plan.sizes[-1] if curve == "n" else n))
        part, near = trial.first(n), codes[1].first(n)
        if work == "query":
            sides = ("hashed",) if curve in ("bits", "multiplier") else _ALL
            points += time_queries(part, near, curve, k, multiplier, sides, plan.effort)
        else:
            points += time_batch(part, near, k, multiplier, plan.threads, hierarchy, plan.effort)
        if done + 1 == len(steps) or (steps[done + 1][0], steps[done + 1][2]) != (curve, n):
            keep(points)
    progress(len(steps), len(steps), "done")
    return points
