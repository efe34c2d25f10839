"""Floor 4: what AWS delivers to a bucket, written to a local folder."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from math import fsum
from os import PathLike
from pathlib import Path
from typing import Final, NamedTuple

from flowparse.logformat import LogFormat
from flowparse.testing.delivered import DeliveredObject, Delivery
from flowparse.testing.draws import Draws, shares
from flowparse.testing.flowlog import FileFormat, Layout
from flowparse.testing.keys import (
    LAYOUTS,
    SUFFIXES,
    WINDOW_SECONDS,
    Place,
    check_choice,
    check_prefix,
    object_key,
)
from flowparse.testing.network import (
    DEFAULT_START,
    Network,
    as_format,
    as_seconds,
    cast_of,
    stories_of,
    traffic_of,
)
from flowparse.testing.objects import gzip_member, parquet_file
from flowparse.testing.scene import Event
from flowparse.testing.traffic import slices
from flowparse.testing.values import Form
from flowparse.times import Moment

__all__ = ["write_delivery"]

# AWS begins another object after 75 MB of gzip, which is about seven times as much text.
_MAX_TEXT_BYTES: Final = 525_000_000


def write_delivery(
    folder: str | PathLike[str],
    network: Network,
    *,
    log_format: LogFormat | str | None = None,
    start: Moment = DEFAULT_START,
    hours: float = 1,
    records: int = 10_000,
    layout: Layout = "plain",
    prefix: str = "",
    file_format: FileFormat = "text",
    stories: Iterable[str] = (),
    max_text_bytes: int = _MAX_TEXT_BYTES,
    level: int = 6,
) -> Delivery:
    """Write what AWS would deliver to a bucket: one flow log of each account.

    Parameters
    ----------
    folder : path
        Stands for the bucket; made if it is missing. Files of the same name are replaced,
        others are left alone.
    network : Network
    log_format : LogFormat, str or None
        As for `Network.text`. A transit gateway's flow log is delivered to the account that
        owns the gateway, which is the first.
    start : datetime, ISO text or epoch seconds
        A multiple of five minutes.
    hours : float
        Whole five minutes, such as 0.25 or 24.
    records : int
        Of all objects together; stories come on top, and the network's noise.
    layout : {"plain", "hourly", "hive", "hive-hourly"}
        The folders of the keys.
    prefix : str
        Folders before `AWSLogs`.
    file_format : {"text", "parquet"}
        Gzip members with a header line, or Parquet with AWS's names and types and gzip inside.
    stories : iterable of str
        Names from `STORIES` to plant.
    max_text_bytes : int
        An object is closed before its text grows beyond this, and the window goes on in
        another. AWS closes at 75 MB of gzip; here it is the text that counts, so that the same
        records lie in the same objects whatever zlib compresses them.
    level : int
        Of gzip, 1 to 9. AWS's objects are about as small as level 6 makes them.

    Returns
    -------
    Delivery
        Objects, counts and labels. A window without records has no object.

    Raises
    ------
    ValueError
        An argument is out of its range.
    LogFormatError
        `log_format` cannot be read.

    Notes
    -----
    Keys, texts and labels are a pure function of the arguments. Compressed bytes also depend
    on the zlib, and Parquet bytes on the pyarrow, that this Python has. Memory: the lines of
    one object.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> delivery = write_delivery(folder, Network(peers=50), records=1000, layout="hive")
    >>> len(delivery.objects), delivery.records
    (12, 1000)
    >>> delivery.keys[0][:71]
    'AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region='
    """
    order = _Order(
        folder=Path(folder),
        network=network,
        log_format=as_format(log_format),
        start=as_seconds(start),
        seconds=round(hours * 3600),
        records=records,
        layout=layout,
        prefix=check_prefix(prefix),
        file_format=file_format,
        max_text_bytes=max_text_bytes,
        level=level,
    )
    order.check()
    told = stories_of(network, stories, order.start, order.seconds)
    events = [event for story in told for event in story.events]
    objects = sorted(order.deliver(events), key=lambda delivered: delivered.key)
    labels = tuple(story.label for story in told)
    return Delivery(order.folder, order.log_format, tuple(objects), labels)


class _Order(NamedTuple):
    """The arguments of `write_delivery`, read."""

    folder: Path
    network: Network
    log_format: LogFormat
    start: int
    seconds: int
    records: int
    layout: str
    prefix: str
    file_format: str
    max_text_bytes: int
    level: int

    def check(self) -> None:
        """Raise a ValueError for what AWS could not deliver."""
        check_choice("layout", self.layout, LAYOUTS)
        check_choice("file_format", self.file_format, SUFFIXES)
        if self.start % WINDOW_SECONDS:
            raise ValueError("start: objects begin at a multiple of five minutes")
        if self.seconds < WINDOW_SECONDS or self.seconds % WINDOW_SECONDS:
            raise ValueError("hours: expected whole five minutes, such as 0.25 or 24")
        if self.records < 0 or self.max_text_bytes < 1 or not 1 <= self.level <= 9:
            raise ValueError("expected records >= 0, max_text_bytes >= 1, level 1 to 9")

    def deliver(self, events: list[Event]) -> Iterator[DeliveredObject]:
        """Write the objects of every flow log."""
        form = Form(self.log_format)
        for account, owner, records in self._flow_logs(form.transit):
            traffic = traffic_of(self.network, form, owner)
            seen = [e for e in events if owner in (None, e.flow.interface.owner)]
            seen.sort(key=_end)
            for at, until, count in slices(records, self.start, self.seconds, WINDOW_SECONDS):
                draws = Draws(self.network.seed, "delivery", account, at)
                ending = seen[bisect_left(seen, at, key=_end) : bisect_left(seen, until, key=_end)]
                blocks = traffic.blocks(draws, count, at, until - at, ending)
                yield from self._write_window(account, at, blocks)

    def _flow_logs(self, transit: bool) -> Iterator[tuple[str, str | None, int]]:
        """Of each flow log: its account, whose interfaces it sees, and its records."""
        accounts = self.network.accounts
        if transit:
            yield accounts[0], None, self.records
            return
        busy = cast_of(self.network).busy
        weights = [fsum(w for i, w, _ in busy if i.owner == account) for account in accounts]
        for account, part in zip(accounts, shares(self.records, weights), strict=True):
            yield account, account, part

    def _write_window(
        self, account: str, at: int, blocks: Iterable[list[str]]
    ) -> Iterator[DeliveredObject]:
        """Write the objects of five minutes of one flow log."""
        seed, header = self.network.seed, self.log_format.header
        flow_log_id = Draws(seed, account, header, self.file_format).id("fl")
        place = Place(account, self.network.region, flow_log_id, at)
        header_bytes = len(header) + 1
        for number, lines in enumerate(_split(blocks, self.max_text_bytes - header_bytes)):
            hash_ = Draws(seed, flow_log_id, at, number).digits(8)
            yield self._write_object(place, hash_, lines)

    def _write_object(self, place: Place, hash_: str, lines: list[str]) -> DeliveredObject:
        key = object_key(
            place, hash_, layout=self.layout, prefix=self.prefix, file_format=self.file_format
        )
        text = f"{self.log_format.header}\n{''.join(lines)}".encode()
        body = (
            gzip_member(text, self.level)
            if self.file_format == "text"
            else parquet_file(lines, self.log_format, self.level)
        )
        path = self.folder.joinpath(*key.split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        return DeliveredObject(
            key=key,
            path=path,
            account_id=place.account_id,
            window_start=datetime.fromtimestamp(place.window_start, UTC),
            records=len(lines),
            no_data=text.count(b"NODATA"),
            skip_data=text.count(b"SKIPDATA"),
            text_bytes=len(text),
            file_bytes=len(body),
        )


def _end(event: Event) -> int:
    return event.end


def _split(blocks: Iterable[list[str]], limit: int) -> Iterator[list[str]]:
    """Lists of lines of at most `limit` characters, but of one line at least."""
    lines: list[str] = []
    size = 0
    for block in blocks:
        for line in block:
            if lines and size + len(line) > limit:
                yield lines
                lines, size = [], 0
            lines.append(line)
            size += len(line)
    if lines:
        yield lines
