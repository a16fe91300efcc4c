"""argparse with errors of one line, and converters of option values whose errors say what was expected."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

from core.cli.refusals import worded
from core.errors import BadInput

Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


class Parser(argparse.ArgumentParser):
    """A parser that prints one line for a bad option and exits with 2; options cannot be abbreviated."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, exit_on_error=True, **options
        )

    def error(self, message: str) -> NoReturn:
        """One line instead of the usage and a line."""
        text = " ".join(message.split())
        self.exit(2, f"error: {text} (see {self.prog} --help)\n")


def checked(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    """A converter for argparse that keeps the message of BadInput."""

    def converter(text: str) -> Any:
        try:
            return convert(text)
        except BadInput as error:
            raise argparse.ArgumentTypeError(worded(error)) from error

    return converter


def whole_number(name: str, low: int, high: int | None = None, other: str = "") -> Callable[[str], int]:
    """A converter to a whole number from `low` to `high`; `other` ends the message with another choice."""
    expected = f"a whole number from {low} " + ("up" if high is None else f"to {high}") + other

    def convert(text: str) -> int:
        if not (text.lstrip("-").isdecimal() and len(text) < 19):
            raise BadInput(f"{name} '{text}' is no whole number: give {expected}")
        value = int(text)
        if value < low or (high is not None and value > high):
            raise BadInput(f"{name} {value} is out of range: give {expected}")
        return value

    return checked(convert)


def whole_numbers(name: str, low: int, high: int) -> Callable[[str], list[int]]:
    """A converter of a comma-separated list of whole numbers from `low` to `high`: ascending, without repeats."""
    number = whole_number(name, low, high)
    return lambda text: sorted({number(part) for part in words(name)(text)})


def words(name: str, check: Callable[[str], object] | None = None) -> Callable[[str], list[str]]:
    """A converter of a comma-separated list, without repeats, in the order given; `check` raises BadInput."""

    def convert(text: str) -> list[str]:
        parts = [part.strip() for part in text.split(",")]
        if not all(parts):
            raise BadInput(f"{name} '{text}' has an empty entry: give a list such as a,b")
        for part in parts:
            if check is not None:
                check(part)
        return list(dict.fromkeys(parts))

    return checked(convert)
