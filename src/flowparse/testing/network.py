"""Floor 4: the made-up network, the one thing that callers make first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from flowparse.logformat import LogFormat
from flowparse.testing.addresses import HOSTS_PER_SUBNET, MAX_PEERS
from flowparse.testing.cast import Cast, Mix, make_cast
from flowparse.testing.draws import Draws
from flowparse.testing.interfaces import SUBNETS
from flowparse.testing.levels import NOISE
from flowparse.testing.noise import Noise
from flowparse.testing.stories import Label, Story, check_stories, plant
from flowparse.testing.traffic import Traffic
from flowparse.testing.values import Form
from flowparse.times import Moment, read_time

__all__ = [
    "DEFAULT_START",
    "Network",
    "as_format",
    "as_seconds",
    "cast_of",
    "lines_of",
    "stories_of",
    "traffic_of",
]

#: When the traffic begins unless told otherwise.
DEFAULT_START: Final = "2026-01-01T00:00:00Z"

NoiseLevel = Literal["quiet", "usual", "loud"]

_MAX_ACCOUNTS: Final = 200
_MAX_INTERFACES: Final = SUBNETS * HOSTS_PER_SUBNET  # of one account
_MIN_PEERS: Final = 4
_INTERVALS: Final = (60, 600)
_REGION: Final = re.compile(r"[a-z]+(-[a-z]+)+-[0-9]+")


@dataclass(frozen=True)
class Network:
    """A made-up network that talks all day: accounts, interfaces, peers and their habits.

    Everything that it writes is a pure function of its parameters and of the arguments of the
    call: the same lines on every machine and Python.

    Parameters
    ----------
    seed : int
        Another seed gives another network.
    accounts : tuple of str
        Twelve digits each, at most 200. Each has one VPC and one flow log.
    region : str
        Such as `us-east-1`. The zone IDs and ARNs follow it.
    interfaces : int
        In all accounts together. A few are busy; of each account's, one in ten has no traffic.
    peers : int
        Outside, 4 to 131,072, each with an IPv4 and an IPv6 address. A few are busy, and every
        fourth one is a stranger whose traffic is rejected.
    ipv6, rejects, no_data, skip_data : float
        Shares: of IPv6 in the traffic, and among all records of action REJECT and of
        log-status NODATA and SKIPDATA. Stories come on top.
    interval : {60, 600}
        Aggregation interval in seconds: the longest time from `start` to `end`.
    noise : {"quiet", "usual", "loud"} or None
        Benign traffic on top of the records asked for, in pairs of request and answer. It is the
        same in an hour whatever is asked for around it.

    Raises
    ------
    ValueError
        A parameter is out of its range.

    Notes
    -----
    Addresses are private or set aside for documentation and benchmarks, so that no record
    names a real host. NODATA needs an account with two interfaces or more.

    Examples
    --------
    >>> network = Network(seed=7, interfaces=10, peers=50)
    >>> text = network.text("${srcaddr} ${dstport}", records=2)
    >>> text.splitlines()[0]
    b'srcaddr dstport'
    >>> text == Network(seed=7, interfaces=10, peers=50).text("srcaddr dstport", records=2)
    True
    """

    seed: int = 0
    accounts: tuple[str, ...] = ("111122223333",)
    region: str = "us-east-1"
    interfaces: int = 40
    peers: int = 5000
    ipv6: float = 0.1
    rejects: float = 0.1
    no_data: float = 0.005
    skip_data: float = 0.001
    interval: int = 60
    noise: NoiseLevel | None = None

    def __post_init__(self) -> None:
        """Check every parameter."""
        if not isinstance(self.seed, int) or isinstance(self.seed, bool):
            raise ValueError(f"seed: expected a whole number, got {self.seed!r}")
        object.__setattr__(self, "accounts", _check_accounts(self.accounts))
        if not _REGION.fullmatch(self.region):
            raise ValueError(f"region: expected one such as 'us-east-1', got {self.region!r}")
        self._check_counts()
        for name in ("ipv6", "rejects", "no_data", "skip_data"):
            _check_range(name, getattr(self, name), 0, 1)
        if self.rejects + self.no_data + self.skip_data > 1:
            raise ValueError("rejects, no_data and skip_data are shares: together at most 1")
        if self.interval not in _INTERVALS:
            raise ValueError(f"interval: AWS knows 60 and 600 seconds, got {self.interval!r}")
        if self.noise is not None and self.noise not in NOISE:
            raise ValueError(f"noise: expected one of {', '.join(NOISE)}, got {self.noise!r}")

    def _check_counts(self) -> None:
        most = len(self.accounts) * _MAX_INTERFACES
        _check_range("interfaces", self.interfaces, len(self.accounts), most)
        _check_range("peers", self.peers, _MIN_PEERS, MAX_PEERS)

    def text(
        self,
        log_format: LogFormat | str | None = None,
        *,
        records: int,
        start: Moment = DEFAULT_START,
        seconds: int = 3600,
        stories: Iterable[str] = (),
        header: bool = True,
    ) -> bytes:
        """The text of a flow log.

        Parameters
        ----------
        log_format : LogFormat, str or None
            Any fields; None is AWS's default format. A format with a field that only transit
            gateways have gives a transit gateway's flow log. A name that flowparse does not
            know has `-` in every line.
        records : int
            Lines, apart from the header, the stories and the noise.
        start : datetime, ISO text or epoch seconds
        seconds : int
            The `end` of every record is in [start, start + seconds); its `start` may be up to
            an `interval` before. Lines come in the order of time, minute by minute.
        stories : iterable of str
            Names from `STORIES` to plant; `labels` tells what was planted.
        header : bool
            Begin with the line that names the fields, as objects in S3 do.

        Returns
        -------
        bytes
            Every line ends in a newline.

        Raises
        ------
        ValueError
            A number is negative, a story is not known or has less than 300 seconds.
        LogFormatError
            `log_format` cannot be read.

        Notes
        -----
        Two formats give the same records in the same order, whichever fields they choose.

        Examples
        --------
        >>> network = Network(interfaces=10, peers=50)
        >>> len(network.text(records=100).splitlines())
        101
        """
        given = self.blocks(
            log_format,
            records=records,
            start=start,
            seconds=seconds,
            stories=stories,
            header=header,
        )
        return b"".join(given)

    def blocks(
        self,
        log_format: LogFormat | str | None = None,
        *,
        records: int,
        start: Moment = DEFAULT_START,
        seconds: int = 3600,
        stories: Iterable[str] = (),
        header: bool = True,
    ) -> Iterator[bytes]:
        """The same text as `text` gives, in blocks of some ten thousand whole lines.

        For hundreds of megabytes: memory stays that of one block.

        Examples
        --------
        >>> network = Network(interfaces=10, peers=50)
        >>> blocks = network.blocks(records=100, header=False)
        >>> b"".join(blocks) == network.text(records=100, header=False)
        True
        """
        format_ = as_format(log_format)
        lines = lines_of(
            self,
            Form(format_),
            records=records,
            start=as_seconds(start),
            seconds=seconds,
            stories=stories,
        )
        return _encode(format_ if header else None, lines)

    def labels(
        self, stories: Iterable[str], *, start: Moment = DEFAULT_START, seconds: int = 3600
    ) -> tuple[Label, ...]:
        """What `text`, `blocks` and `cloudwatch_events` plant for the same arguments.

        Examples
        --------
        >>> (scan,) = Network(interfaces=10, peers=50).labels(["port-scan"])
        >>> scan.records, scan.action, len(scan.ports)
        (300, 'REJECT', 300)
        """
        told = stories_of(self, stories, as_seconds(start), seconds)
        return tuple(story.label for story in told)


@lru_cache(maxsize=4)
def cast_of(network: Network) -> Cast:
    """Everybody in the network, made when first asked for."""
    mix = Mix(network.ipv6, network.rejects, network.no_data, network.skip_data, network.interval)
    return make_cast(
        network.seed,
        network.accounts,
        network.region,
        network.interfaces,
        network.peers,
        mix,
    )


def stories_of(network: Network, names: Iterable[str], start: int, seconds: int) -> list[Story]:
    """The stories with their records, from `start` in epoch seconds."""
    busy = [interface for interface, _, _ in cast_of(network).busy]
    told = check_stories(names, seconds)
    return plant(network.seed, busy, told, start, seconds, network.interval)


def lines_of(
    network: Network, form: Form, *, records: int, start: int, seconds: int, stories: Iterable[str]
) -> Iterator[list[str]]:
    """Lists of lines with their newlines, of all accounts."""
    _check_amounts(records, seconds)
    told = stories_of(network, stories, start, seconds)
    events = [event for story in told for event in story.events]
    draws = Draws(network.seed, "lines", start, seconds)
    return traffic_of(network, form).blocks(draws, records, start, seconds, events)


def traffic_of(network: Network, form: Form, owner: str | None = None) -> Traffic:
    """What a flow log of the owner writes; None sees all accounts."""
    cast, noise = cast_of(network), None
    if network.noise is not None:
        owners = network.accounts if owner is None else (owner,)
        noise = Noise(cast, NOISE[network.noise], network.seed, owners, form.transit)
    return Traffic(cast, form, owner, noise)


def as_format(log_format: LogFormat | str | None) -> LogFormat:
    """A log format as callers write it."""
    return log_format if isinstance(log_format, LogFormat) else LogFormat.parse(log_format)


def as_seconds(start: Moment) -> int:
    """Whole epoch seconds of a start."""
    seconds = read_time(start, "start")
    if seconds.denominator != 1 or seconds < 0:
        raise ValueError(f"start: expected whole seconds since 1970, got {start!r}")
    return int(seconds)


def _encode(header: LogFormat | None, blocks: Iterable[list[str]]) -> Iterator[bytes]:
    if header is not None:
        yield f"{header.header}\n".encode()
    for lines in blocks:
        yield "".join(lines).encode()


def _check_accounts(accounts: Iterable[str]) -> tuple[str, ...]:
    accounts = (accounts,) if isinstance(accounts, str) else tuple(accounts)
    if not 1 <= len(accounts) <= _MAX_ACCOUNTS or len(set(accounts)) < len(accounts):
        raise ValueError(f"accounts: expected 1 to {_MAX_ACCOUNTS}, none of them twice")
    for account in accounts:
        if not re.fullmatch(r"[0-9]{12}", account):
            raise ValueError(f"accounts: expected twelve digits, got {account!r}")
    return accounts


def _check_range(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name}: expected {least} to {most}, got {value!r}")


def _check_amounts(records: int, seconds: int) -> None:
    if records < 0:
        raise ValueError(f"records: expected 0 or more, got {records!r}")
    if seconds < 1:
        raise ValueError(f"seconds: expected 1 or more, got {seconds!r}")
