"""The house drawn by its imports: rooms, floors, arrows, circles. Run it with `python benchmarks/imports.py`.

A room is a package below `core/` or `dashboard/`, or a module at their roots. An arrow is an import of one room by
another. A room's floor is one above the highest room that it imports.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import grimp

PACKAGES = ("core", "dashboard")


def room_of(module: str) -> str:
    """The room that a module stands in: `core.search.exact` is in `core.search`."""
    return ".".join(module.split(".")[:2])


def main() -> None:
    """Print the floors from the top down, then the counts."""
    graph = grimp.build_graph(*PACKAGES)
    below: dict[str, set[str]] = defaultdict(set)
    files: dict[str, set[str]] = {}
    for module in graph.modules:
        files[module] = graph.find_modules_directly_imported_by(module)
        if "." in module:
            below[room_of(module)] |= {room_of(other) for other in files[module]} - {room_of(module)}
    floors = floors_of(below)
    for floor in sorted(set(floors.values()), reverse=True):
        print(f"floor {floor:2}  " + "  ".join(sorted(room for room in floors if floors[room] == floor)))
    arrows = [(room, other) for room, others in below.items() for other in others]
    upwards = [arrow for arrow in arrows if floors[arrow[0]] <= floors[arrow[1]]]
    print(
        f"{len(floors)} rooms, {max(floors.values())} floors, {len(arrows)} arrows, {len(upwards)} upwards, "
        f"{'a circle' if has_circle(files) else 'no circle'} of files"
    )
    for package in PACKAGES:
        children = graph.find_children(package)
        rooms = [child for child in children if graph.find_children(child)]
        print(f"{package}/: {len(children) - len(rooms) + 1} modules and {len(rooms)} packages at its root")


def floors_of(below: dict[str, set[str]]) -> dict[str, int]:
    """The floor of each room, 1 for those that import no other; raises CycleError where rooms import in a circle."""
    floors: dict[str, int] = {}
    for room in TopologicalSorter(below).static_order():
        floors[room] = 1 + max((floors[other] for other in below.get(room, ())), default=0)
    return floors


def has_circle(files: dict[str, set[str]]) -> bool:
    """Whether files import each other in a circle."""
    try:
        TopologicalSorter(files).prepare()
    except CycleError:
        return True
    return False


if __name__ == "__main__":
    main()
