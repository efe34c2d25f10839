"""Floor 5: `flowparse lifecycle`: the group of its commands."""

from __future__ import annotations

import click

from flowparse.cli.lifecycle_cost import cost
from flowparse.cli.lifecycle_rules import apply, plan, remove, show

__all__ = ["lifecycle"]


@click.group()
def lifecycle() -> None:
    """Rules for how flow logs in a bucket grow old, and go.

    Rules of others stay as they are. What changes a bucket needs --apply.
    """


for _command in (show, plan, apply, remove, cost):
    lifecycle.add_command(_command)
