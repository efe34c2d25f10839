"""Floor 4: how much noise there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ["NOISE", "Level"]


class Level(NamedTuple):
    """How much of each benign habit an account has.

    Attributes
    ----------
    sessions : int
        Of users and services at each machine in the busiest hour, about.
    scanners : int
        Strangers an hour who try a port, about.
    reach : int
        Public addresses that one of them tries at most, in per cent.
    ntp_every : int
        One machine in so many asks for the time every 64 seconds, the others every 1024.
    check_seconds, monitor_seconds, agent_seconds, ssh_seconds, denied_seconds : int
        Between health checks, scrapes and pings of every machine, reports to AWS, SSH connections
        of automation to one machine, and attempts of a client that is never let in; 0 is never.
    jobs : int
        Machines that call somebody once an hour.
    backup_bytes : int
        Of a night.
    downloads, typos, many_ports, crawls, late_answers, visitors, skips : int
        A day: large downloads, SSH passwords mistyped, services of many ports, crawls of hundreds
        of sites, answers that come after a security group forgot the connection, machines that live
        for an hour or two, lone SKIPDATA.
    offsite : bool
        Backups, jobs and agents also go to the internet, not to AWS alone.
    """

    sessions: int
    scanners: int
    reach: int
    ntp_every: int
    check_seconds: int
    monitor_seconds: int
    agent_seconds: int
    ssh_seconds: int
    denied_seconds: int
    jobs: int
    backup_bytes: int
    downloads: int
    typos: int
    many_ports: int
    crawls: int
    late_answers: int
    visitors: int
    skips: int
    offsite: bool


#: The levels of noise, by name.
NOISE: Final[Mapping[str, Level]] = {
    "quiet": Level(
        sessions=6,
        scanners=2,
        reach=20,
        ntp_every=4,
        check_seconds=0,
        monitor_seconds=0,
        agent_seconds=0,
        ssh_seconds=0,
        denied_seconds=0,
        jobs=1,
        backup_bytes=200_000_000,
        downloads=1,
        typos=1,
        many_ports=0,
        crawls=0,
        late_answers=0,
        visitors=0,
        skips=0,
        offsite=False,
    ),
    "usual": Level(
        sessions=24,
        scanners=12,
        reach=50,
        ntp_every=2,
        check_seconds=30,
        monitor_seconds=300,
        agent_seconds=300,
        ssh_seconds=900,
        denied_seconds=120,
        jobs=3,
        backup_bytes=3_000_000_000,
        downloads=4,
        typos=4,
        many_ports=2,
        crawls=1,
        late_answers=3,
        visitors=4,
        skips=1,
        offsite=False,
    ),
    "loud": Level(
        sessions=70,
        scanners=60,
        reach=100,
        ntp_every=1,
        check_seconds=10,
        monitor_seconds=60,
        agent_seconds=60,
        ssh_seconds=120,
        denied_seconds=20,
        jobs=8,
        backup_bytes=12_000_000_000,
        downloads=20,
        typos=16,
        many_ports=8,
        crawls=6,
        late_answers=20,
        visitors=24,
        skips=6,
        offsite=True,
    ),
}
