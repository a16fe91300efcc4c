"""`python -m core COMMAND`: everything the pages do, without a browser."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        from core.cli import main

        code = main()
    except KeyboardInterrupt:  # while the modules are still being imported
        code = 130
    sys.exit(code)
