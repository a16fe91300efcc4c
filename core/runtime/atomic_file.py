"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.errors import BadInput


def write_whole(data: bytes, path: str | Path) -> None:
    """Replace a file by these bytes in one step; BadInput where it cannot be written."""
    with whole_file(path) as file:
        file.write(data)


def check_replaceable(path: str | Path) -> None:
    """BadInput for a folder, and for a device or a pipe, which a replacement would destroy."""
    path = Path(path)
    if path.is_dir() or not path.name:
        raise BadInput(f"cannot write '{path}': it is a folder, give the name of a file")
    if path.exists() and not path.is_file():
        raise BadInput(f"cannot write '{path}': it is a device or a pipe, give the name of a file")


@contextmanager
def whole_file(path: str | Path) -> Iterator[BinaryIO]:
    """A file to write to that takes the place of `path` once all is written, and is gone if anything fails."""
    check_replaceable(path)
    path = Path(path).resolve()  # a link stays one: what it points to is replaced
    hidden = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with hidden.open("xb") as file:
            yield file
        hidden.replace(path)
    except OSError as error:
        raise BadInput(
            f"cannot write '{path}' ({error.strerror}): name a file in a folder with room to write"
        ) from error
    finally:
        hidden.unlink(missing_ok=True)
