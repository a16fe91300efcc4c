"""Types that many modules name."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]  # an object of a JSON file; whoever reads the file checks what it needs of it
