"""Floor 4: a bucket after weeks: accounts, regions and flow logs, an object every five minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import product
from os import PathLike
from pathlib import Path
from typing import Final, NamedTuple

from flowparse.logformat import LogFormat
from flowparse.testing.draws import Draws
from flowparse.testing.flowlog import FlowLog
from flowparse.testing.keys import WINDOW_SECONDS, Place, object_key
from flowparse.testing.moved import MovedLines
from flowparse.testing.network import DEFAULT_START, Network, as_format, as_seconds, traffic_of
from flowparse.testing.objects import gzip_member, parquet_file
from flowparse.testing.traffic import Traffic, slices
from flowparse.testing.values import Form
from flowparse.times import Moment

__all__ = ["Tree", "TreeObject", "write_tree"]

_HOUR: Final = 3600
_DAY: Final = 86400


@dataclass(frozen=True, slots=True)
class TreeObject:
    """One object of a tree.

    Attributes
    ----------
    key : str
        In the bucket, with `/`.
    account_id, region, flow_log_id : str
    window_start : datetime
        In UTC. The `end` of each record is in the five minutes from here.
    records, no_data, skip_data : int
        Records in all, and those whose log-status is NODATA or SKIPDATA as far as the format
        shows it.
    text_bytes : int
        Of the text, header included, before it is compressed.
    file_bytes : int
        Of the object.
    """

    key: str
    account_id: str
    region: str
    flow_log_id: str
    window_start: datetime
    records: int
    no_data: int
    skip_data: int
    text_bytes: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Tree:
    """What `write_tree` wrote.

    Attributes
    ----------
    objects : tuple of TreeObject
        In the order of their keys.
    """

    objects: tuple[TreeObject, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Key of each object."""
        return tuple(written.key for written in self.objects)

    @property
    def records(self) -> int:
        """Records in all objects."""
        return sum(written.records for written in self.objects)

    @property
    def file_bytes(self) -> int:
        """Bytes of all objects."""
        return sum(written.file_bytes for written in self.objects)


def write_tree(
    destination: str | PathLike[str] | Callable[[str, bytes], object],
    networks: Network | Iterable[Network],
    *,
    flow_logs: FlowLog | Iterable[FlowLog] = FlowLog(),  # noqa: B008 - frozen
    start: Moment = DEFAULT_START,
    days: float = 1,
    records: int = 10,
    bodies: int | None = None,
    busy_hour: Moment | None = None,
    busy_records: int = 10_000,
    level: int = 6,
) -> Tree:
    """Write what a bucket holds after weeks: an object of each flow log every five minutes.

    Parameters
    ----------
    destination : path or callable
        A folder that stands for the bucket, made if it is missing; or `put(key, body)`, which is
        called once an object.
    networks : Network or iterable of Network
        One of each region. All of its accounts have the flow logs.
    flow_logs : FlowLog or iterable of FlowLog
        What each account has in each region. A transit gateway's is of the first account only.
    start : datetime, ISO text or epoch seconds
        A multiple of five minutes.
    days : float
        Whole five minutes, such as 0.25 or 30.
    records : int
        Of each object, 1 or more; the network's noise comes on top.
    bodies : int or None
        None draws the records of every object. A number draws that many sets of records for
        each flow log, which come again and again with the times of each window.
    busy_hour : datetime, ISO text or epoch seconds, or None
        The records of one hour from here on are all drawn, `busy_records` of each flow log.
        A multiple of five minutes, inside the tree.
    busy_records : int
        At least twelve, one for each object.
    level : int
        Of gzip, 1 to 9.

    Returns
    -------
    Tree
        Keys, places and counts of all objects.

    Raises
    ------
    ValueError
        An argument is out of its range, or two networks share an account and a region.

    Notes
    -----
    Keys and texts are a pure function of the arguments. There are `288 * days` objects for each
    flow log, and windows are never split. With `bodies`, an object costs little more than gzip
    and one call of `put`; drawing records, and writing Parquet, takes many times as long.

    Examples
    --------
    >>> bucket = {}
    >>> regions = ("eu-west-1", "us-east-1")
    >>> networks = [Network(region=name, interfaces=5, peers=50) for name in regions]
    >>> hourly = FlowLog(layout="hourly")
    >>> tree = write_tree(bucket.__setitem__, networks, flow_logs=hourly, bodies=4)
    >>> len(bucket), tree.records
    (576, 5760)
    >>> tree.keys[0][:56]
    'AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/01/01/00'
    """
    span = _Span(as_seconds(start), round(days * _DAY), _busy(busy_hour))
    amounts = _Amounts(records, bodies, busy_records, level)
    span.check()
    amounts.check()
    put = destination if callable(destination) else _Folder(destination).put
    written = [
        _put_object(put, flow_log, at, lines, level)
        for flow_log in _placed(networks, flow_logs)
        for at, lines in _windows(flow_log, span, amounts)
    ]
    return Tree(tuple(sorted(written, key=lambda each: each.key)))


class _Span(NamedTuple):
    """From when, how long, and the begin of the busy hour, in seconds."""

    start: int
    seconds: int
    busy: int | None

    def check(self) -> None:
        if self.start % WINDOW_SECONDS or (self.busy or 0) % WINDOW_SECONDS:
            raise ValueError("start and busy_hour: objects begin at a multiple of five minutes")
        if self.seconds < WINDOW_SECONDS or self.seconds % WINDOW_SECONDS:
            raise ValueError("days: expected whole five minutes, such as 0.25 or 30")
        last = self.start + self.seconds - _HOUR
        if self.busy is not None and not self.start <= self.busy <= last:
            raise ValueError("busy_hour: expected an hour inside the tree")


class _Amounts(NamedTuple):
    """How much of everything."""

    records: int
    bodies: int | None
    busy_records: int
    level: int

    def check(self) -> None:
        if self.records < 1 or (self.bodies is not None and self.bodies < 1):
            raise ValueError("expected records >= 1, bodies >= 1 or None")
        if self.busy_records < _HOUR // WINDOW_SECONDS or not 1 <= self.level <= 9:
            raise ValueError("expected busy_records >= 12, level 1 to 9")


class _Placed(NamedTuple):
    """A flow log of one account in one region."""

    settings: FlowLog
    log_format: LogFormat
    network: Network
    account_id: str
    flow_log_id: str
    traffic: Traffic


def _placed(
    networks: Network | Iterable[Network], flow_logs: FlowLog | Iterable[FlowLog]
) -> Iterator[_Placed]:
    """Each flow log of each account in each region."""
    networks = [networks] if isinstance(networks, Network) else list(networks)
    flow_logs = [flow_logs] if isinstance(flow_logs, FlowLog) else list(flow_logs)
    _check_places(networks)
    for network, (number, settings) in product(networks, enumerate(flow_logs)):
        log_format = as_format(settings.log_format)
        form = Form(log_format)
        for account in network.accounts[:1] if form.transit else network.accounts:
            names = (network.seed, "tree", account, network.region, number, log_format.header)
            traffic = traffic_of(network, form, None if form.transit else account)
            id_ = Draws(*names, settings.file_format).id("fl")
            yield _Placed(settings, log_format, network, account, id_, traffic)


def _windows(flow_log: _Placed, span: _Span, amounts: _Amounts) -> Iterator[tuple[int, MovedLines]]:
    """The begin of each window, and its lines."""
    busy = {} if span.busy is None else _busy_windows(amounts.busy_records, span.busy)
    shared = [
        _draw(flow_log, amounts.records, span.start, number)
        for number in range(amounts.bodies or 0)
    ]
    for at in range(span.start, span.start + span.seconds, WINDOW_SECONDS):
        if at in busy or not shared:
            yield at, _draw(flow_log, busy.get(at, amounts.records), at)
        else:
            yield at, shared[int(_hash(flow_log.flow_log_id, at), 16) % len(shared)]


def _busy_windows(records: int, start: int) -> dict[int, int]:
    return {at: count for at, _, count in slices(records, start, _HOUR, WINDOW_SECONDS)}


def _draw(flow_log: _Placed, records: int, at: int, *names: int) -> MovedLines:
    """Records of the flow log that end in the window."""
    draws = Draws(flow_log.network.seed, flow_log.flow_log_id, at, *names)
    blocks = flow_log.traffic.blocks(draws, records, at, WINDOW_SECONDS, ())
    return MovedLines([line for block in blocks for line in block], flow_log.log_format, at)


def _put_object(
    put: Callable[[str, bytes], object], flow_log: _Placed, at: int, lines: MovedLines, level: int
) -> TreeObject:
    settings = flow_log.settings
    place = Place(flow_log.account_id, flow_log.network.region, flow_log.flow_log_id, at)
    key = object_key(
        place,
        _hash(flow_log.flow_log_id, at),
        layout=settings.layout,
        prefix=settings.prefix,
        file_format=settings.file_format,
    )
    records = lines.text(at)
    text = f"{flow_log.log_format.header}\n{records}".encode()
    body = (
        gzip_member(text, level)
        if settings.file_format == "text"
        else parquet_file(records.splitlines(), flow_log.log_format, level)
    )
    put(key, body)
    return TreeObject(
        key=key,
        account_id=place.account_id,
        region=place.region,
        flow_log_id=place.flow_log_id,
        window_start=datetime.fromtimestamp(at, UTC),
        records=lines.count,
        no_data=text.count(b"NODATA"),
        skip_data=text.count(b"SKIPDATA"),
        text_bytes=len(text),
        file_bytes=len(body),
    )


class _Folder:
    """A folder that stands for a bucket."""

    def __init__(self, folder: str | PathLike[str]) -> None:
        self._folder = Path(folder)
        self._made: dict[str, Path] = {}

    def put(self, key: str, body: bytes) -> None:
        parent, _, name = key.rpartition("/")
        folder = self._made.get(parent)
        if folder is None:
            folder = self._made[parent] = self._folder / parent
            folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)


def _hash(flow_log_id: str, at: int) -> str:
    """Eight digits that tell objects of the same window apart."""
    return sha256(f"{flow_log_id} {at}".encode()).hexdigest()[:8]


def _busy(moment: Moment | None) -> int | None:
    return None if moment is None else as_seconds(moment)


def _check_places(networks: list[Network]) -> None:
    places = [(account, network.region) for network in networks for account in network.accounts]
    for account, region in places:
        if places.count((account, region)) > 1:
            raise ValueError(f"networks: account {account} comes twice in {region}")
