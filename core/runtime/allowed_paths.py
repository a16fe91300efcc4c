"""Reading only inside the folders that were named: every path that comes from a page, a bundle or a link goes by here.

A path is judged by where it leads: `..` is worked out and links are followed first. A root may be a link itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from core.errors import BadInput

_UNUSABLE = (OSError, ValueError, RuntimeError)  # a name too long, a NUL byte, links in a circle, an unknown ~user


class AllowedPaths:
    """The folders `roots`, and all that lies in them. A root that is no path holds nothing."""

    def __init__(self, roots: Iterable[str | Path]) -> None:
        found = (_resolved(Path(root)) for root in roots)
        self.roots = tuple(dict.fromkeys(root for root in found if root is not None))

    def inside(self, path: str | Path) -> Path | None:
        """Where `path` leads, absolute and free of links; None where that is in no root, or `path` is no path.

        A root itself is inside; what `path` leads to need not exist. A relative path is one of the working directory.
        """
        place = _resolved(Path(path))
        return place if place is not None and any(place.is_relative_to(root) for root in self.roots) else None

    def __contains__(self, path: str | Path) -> bool:
        return self.inside(path) is not None

    def find_folder(self, text: str) -> Path:
        """The folder that a person named, absolute or below a root; BadInput where no root holds it."""
        return self._find(text, "folder")

    def find_file(self, text: str) -> Path:
        """The file that a person named, absolute or below a root; BadInput where no root holds it."""
        return self._find(text, "file")

    def _find(self, text: str, kind: str) -> Path:
        try:
            named = Path(text.strip()).expanduser()
            places = [named] if named.is_absolute() else [root / named for root in self.roots]
            inside = [found for place in places if (found := place.resolve()) in self]
            existing = [place for place in inside if (place.is_dir() if kind == "folder" else place.is_file())]
        except _UNUSABLE as error:
            raise BadInput(f"'{text}' is no path: {error}") from error
        if not inside:
            roots = ", ".join(map(str, self.roots)) or "none"
            problem = f"'{text}' lies outside the folders that may be read ({roots}): "
            raise BadInput(problem, f"name a {kind} inside one of them", "outside-roots")
        if not existing:
            raise BadInput(f"there is no {kind} '{inside[0]}': check its spelling")
        return existing[0]


def stays_inside(path: str) -> bool:
    """Whether a relative path, with `/` between its parts, names something below any folder it is joined to.

    Judged by its text alone: links are not followed.

    >>> [stays_inside(path) for path in ("a/b.npy", "../b.npy", "/b.npy", "")]
    [True, False, False, False]
    """
    plain = PurePosixPath(path)
    return bool(plain.parts) and not plain.is_absolute() and ".." not in plain.parts and not {"\\", "\0"} & set(path)


def _resolved(path: Path) -> Path | None:
    try:
        return path.resolve()
    except _UNUSABLE:
        return None
