"""`python -m flowparse` is `flowparse`."""

from __future__ import annotations

from flowparse.cli import main

if __name__ == "__main__":
    main()
