"""What is said to a person: a line that names the value, what was expected and the mend, and data beside it.

A front end whose words differ (options of a command, controls of a page) puts its own mend for a code in place of the
core's, which names neither: `core.cli.refusals` and `dashboard.shared.refusals`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping

Fields = Mapping[str, object]
Mends = Mapping[str, Callable[[Fields], str]]  # by code: how a front end says what to do


class Message(str):
    """One line: `problem`, then how to mend it in neutral words. Equal to its text, so it is used as any string.

    `code` says which message it is (kebab-case, stable; empty where no front end words it), `fields` what it is about.
    """

    problem: str
    code: str
    fields: Fields

    def __new__(cls, problem: str, mend: str = "", code: str = "", **fields: object) -> Message:
        """`problem` ends with what parts it from the mend, such as ': '."""
        line = super().__new__(cls, f"{problem}{mend}")
        line.problem, line.code, line.fields = str(problem), code, fields
        return line


class BadInput(ValueError):
    """Input that cannot be used. Its message is one clear line, fit for a page or for stderr.

    Arguments are those of `Message`; a message as the first is kept with its code and fields.
    """

    def __init__(self, problem: str, mend: str = "", code: str = "", **fields: object) -> None:
        self.message = problem if isinstance(problem, Message) else Message(problem, mend, code, **fields)
        super().__init__(self.message)

    @property
    def code(self) -> str:
        """Which refusal it is; empty where no front end words it."""
        return self.message.code

    @property
    def fields(self) -> Fields:
        """What it is about, by name."""
        return self.message.fields


def worded(said: str | BadInput, mends: Mends) -> str:
    """The line of a message or refusal, with a front end's own mend where it has one for the code."""
    line = said.message if isinstance(said, BadInput) else said
    if isinstance(line, Message) and line.code in mends:
        return line.problem + mends[line.code](line.fields)
    return str(line)


def unknown_name(kind: str, name: object, known: Iterable[str]) -> BadInput:
    """The error for a name that is not in a registry, with the nearest known name suggested."""
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return BadInput(
        f"unknown {kind} '{name}': ", f"expected one of {', '.join(names) or '(none)'}{hint}",
        "unknown-name", kind=kind, name=str(name), known=tuple(names), near=near[0] if near else None,
    )  # fmt: skip
