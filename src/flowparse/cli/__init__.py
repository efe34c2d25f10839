"""Floor 5: the command line. Each command calls the library and formats what it gives."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run `flowparse` with the arguments of this process, and exit with its code."""
    try:
        from flowparse.cli.app import app

        app.main(prog_name="flowparse")
    except KeyboardInterrupt:  # while it is still being loaded
        raise SystemExit(130) from None
