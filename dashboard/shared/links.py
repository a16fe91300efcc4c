"""What a link asks for, as a page may say it."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9.,+-]{1,40}")


def quoted(given: str) -> str:
    """A link's value as it may be shown: a message renders Markdown, and a stranger may have written the link."""
    return f"'{given}'" if _PLAIN.fullmatch(given) else "with characters that no name has"
