"""What a table is asked for: a setting, and the choices that a page has controls for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from core.engine.engine import Engine
from core.errors import BadInput
from core.settings import ALL, Setting, check_k

Timer = Callable[[Setting, int], Mapping[str, float]]
SUPERCLASS, CLASS = LEVELS = ("superclass", "class")
RANK_1, MAJORITY = JUDGES = ("rank-1", "majority")


@dataclass(frozen=True)
class Request:
    """A setting and what a page chooses beside it. Which fields a table reads, `Export.reads` says.

    `ks` are the k, `all` for the whole gallery; `map_metric` and `mahp_metric` the definitions of the sidebar;
    `metrics` several, `metric` one, None for the table's usual one. `timer` gives the median milliseconds of one query
    by search, at a setting and a k; None leaves times empty. `times` asks for a timed grid, `stored` for scores that
    the bundle holds alone; `say` is told what is left out. `pins` are texts such as `itq-48-2`, `beside` other
    bundles, NAME=DIR.
    """

    engine: Engine
    setting: Setting
    ks: tuple[int | str, ...]
    map_metric: str = "ap"
    mahp_metric: str = "ahp"
    metrics: tuple[str, ...] | None = None
    metric: str | None = None
    search: str | None = None
    level: str = CLASS
    judge: str = RANK_1
    pins: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    ties: bool = False
    asymmetric: bool = False
    reference: str | None = None
    loss: float = 1.0
    memory: int = 64
    encoders: tuple[str, ...] | None = None
    times: bool = False
    stored: bool = False
    timer: Timer | None = None
    say: Callable[[str], object] | None = None

    @property
    def k(self) -> int:
        """The one k, a number within the gallery; BadInput for a list, for `all` and for one out of range."""
        if self.one_k == ALL:
            raise BadInput("k 'all' is not defined for this table: give a number")
        return check_k(int(self.one_k), self.size)

    @property
    def one_k(self) -> int | str:
        """The one k, a number or `all`; BadInput for a list."""
        if len(self.ks) != 1:
            raise BadInput(f"k '{','.join(map(str, self.ks))}' is a list: this table takes one k")
        return self.ks[0]

    @property
    def size(self) -> int:
        """How many images a query searches."""
        return self.engine.at(self.setting).task.size

    @property
    def key(self) -> tuple[Any, ...]:
        """What the table follows from, beside the bundle: to keep tables by."""
        unkept = ("engine", "timer", "say")
        return tuple(getattr(self, field.name) for field in fields(self) if field.name not in unkept)


def fitting_ks(ks: Sequence[int | str], size: int) -> tuple[list[int | str], list[int]]:
    """The k of a list that the gallery can answer, and those above it."""
    above = [k for k in ks if k != ALL and int(k) > size]
    return [k for k in ks if k not in above], [int(k) for k in above]
