"""Floor 5: `flowparse demo`: the whole way, with made-up flow logs and no network."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

import click
import pyarrow as pa

from flowparse.cli.demo_folder import own_folder
from flowparse.cli.demo_made import Made
from flowparse.fields import FIELDS
from flowparse.logformat import LogFormat

if TYPE_CHECKING:
    from flowparse.testing import Delivery

__all__ = ["Made", "demo"]

_START: Final = "2026-01-15T12:00:00Z"
_RECORDS: Final = 20_000  # of each account
_TOP: Final = 5


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default="flowparse-demo")
def demo(folder: Path) -> None:
    """Make flow logs up, read them, and write them as Parquet, in FOLDER.

    Two accounts with two log formats, laid out as AWS delivers them to S3, with a port scan,
    knocking at SSH, a beacon and an upload hidden in them. Needs no network. FOLDER is
    flowparse-demo unless given; run again, the demo replaces its own files there.
    """
    from flowparse.cli.demo_report import show_demo

    with own_folder(folder):
        made = make_demo(folder)
    show_demo(made, folder)


def make_demo(folder: Path) -> Made:
    """Write flow logs to `folder/logs`, and what is read of them to `folder/parquet`."""
    from flowparse.aggregate import Denied, TopTalkers, run
    from flowparse.write import to_parquet

    logs = folder / "logs"
    deliveries = _deliver(logs)
    began = perf_counter()
    answers = run(logs, {"talkers": TopTalkers(limit=_TOP), "denied": Denied(limit=None)})
    read = perf_counter()
    written = to_parquet(logs, folder / "parquet", partition_by=["account", "day"])
    return Made(
        deliveries=deliveries,
        counts=answers.counts,
        written=written,
        talkers=answers["talkers"],
        denied=top_denied(answers["denied"]),
        read_seconds=read - began,
        write_seconds=perf_counter() - read,
    )


def _deliver(logs: Path) -> tuple[Delivery, ...]:
    from flowparse.testing import Network, write_delivery

    plan = (
        ("111122223333", LogFormat.default(), ("port-scan", "denied-ssh")),
        ("444455556666", _version_5(), ("exfiltration", "beacon")),
    )
    return tuple(
        write_delivery(
            logs,
            Network(seed=seed, accounts=(account,), interfaces=12, peers=400, rejects=0.01),
            log_format=log_format,
            start=_START,
            records=_RECORDS,
            stories=stories,
        )
        for seed, (account, log_format, stories) in enumerate(plan)
    )


def _version_5() -> LogFormat:
    """Every VPC field through version 5: 29, a usual choice."""
    return LogFormat(
        tuple(f.name for f in FIELDS.values() if "vpc" in f.services and f.version <= 5)
    )


def top_denied(denied: pa.Table) -> pa.Table:
    """The sources with most rejected records, and the ports that they tried."""
    sums = denied.group_by("srcaddr").aggregate([("records", "sum"), ("dstport", "distinct")])
    named = sums.rename_columns(["srcaddr", "records", "ports"])
    return named.sort_by([("records", "descending"), ("srcaddr", "ascending")]).slice(0, _TOP)
