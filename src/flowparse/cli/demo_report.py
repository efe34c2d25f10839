"""Floor 5: what the demo tells a person, in one screen."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rich.table import Table
from rich.text import Text

from flowparse.cli.demo_made import Made
from flowparse.cli.plain import size
from flowparse.cli.terminal import console, grid

__all__ = ["show_demo"]

_LISTED_PORTS: Final = 3


def show_demo(made: Made, folder: Path) -> None:
    """Print what was made, what was read, what stands out, and what to try next."""
    out = console()
    out.print(_steps(made, folder))
    out.print(Text("\nTop talkers by bytes", "bold"))
    out.print(_talkers(made))
    out.print(Text("\nDenied connections by source", "bold"))
    out.print(_denied(made))
    out.print(Text("\nTry next", "bold"))
    for command in _next(folder):
        out.print(f"  {command}", soft_wrap=True)


def _steps(made: Made, folder: Path) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, what in (
        ("made", _made(made)),
        *(("", line) for line in _accounts(made)),
        ("read", _read(made)),
        ("", _lines(made)),
        ("wrote", _written(made)),
        ("where", f"{folder / 'logs'}, laid out as AWS does in S3"),
        ("", str(folder / "parquet")),
    ):
        table.add_row(name, what)
    return table


def _made(made: Made) -> str:
    deliveries = made.deliveries
    records = sum(delivery.records for delivery in deliveries)
    objects = sum(len(delivery.objects) for delivery in deliveries)
    text = sum(delivery.text_bytes for delivery in deliveries)
    stored = sum(delivery.file_bytes for delivery in deliveries)
    return f"{records:,} records in {objects} objects: {size(text)} of text, {size(stored)} of gzip"


def _accounts(made: Made) -> Iterable[str]:
    for delivery in made.deliveries:
        account = delivery.objects[0].account_id
        stories = " and ".join(label.story for label in delivery.labels)
        yield f"account {account}: {len(delivery.log_format)} fields; planted: {stories}"


def _read(made: Made) -> str:
    counts = made.counts
    return (
        f"{counts.records:,} records in {made.read_seconds:.2f} s, of them "
        f"{counts.no_data} NODATA and {counts.skip_data} SKIPDATA"
    )


def _lines(made: Made) -> str:
    counts = made.counts
    return (
        f"{counts.lines:,} lines = {counts.records:,} records + {counts.rejects} rejects + "
        f"{counts.headers} headers + {counts.blank} blank"
    )


def _written(made: Made) -> str:
    written = made.written
    return (
        f"{written.rows:,} records to {len(written.files)} Parquet files by account and day, "
        f"{size(written.bytes)}, in {made.write_seconds:.2f} s"
    )


def _talkers(made: Made) -> Table:
    table = grid("source", "destination", "bytes", "records", "planted", right=("bytes", "records"))
    for row in made.talkers.to_pylist():
        story = _story(made, row["srcaddr"], row["dstaddr"])
        cells = (row["srcaddr"], row["dstaddr"], size(row["bytes"]), f"{row['records']:,}")
        table.add_row(*cells, Text(story, "yellow"))
    return table


def _denied(made: Made) -> Table:
    table = grid("source", "records", "ports", "planted", right=("records",))
    for row in made.denied.to_pylist():
        story = _story(made, row["srcaddr"])
        cells = (row["srcaddr"], f"{row['records']:,}", _ports(row["ports"]))
        table.add_row(*cells, Text(story, "yellow"))
    return table


def _story(made: Made, source: str, destination: str | None = None) -> str:
    for label in made.labels:
        if source in label.sources and destination in (None, *label.destinations):
            return label.story
    return ""


def _ports(ports: list[int]) -> str:
    if len(ports) > _LISTED_PORTS:
        return f"{len(ports)} ports, {min(ports)} to {max(ports)}"
    return ", ".join(str(port) for port in sorted(ports))


def _next(folder: Path) -> Iterable[str]:
    logs = shlex.quote(str(folder / "logs"))
    yield f"flowparse head {logs} --filter 'action = REJECT'"
    yield f"flowparse count {logs} --filter 'dstport in 22,3389'"
    yield f"flowparse format {logs}"
