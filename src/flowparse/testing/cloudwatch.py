"""Floor 4: the same records as CloudWatch Logs, Lambda and Firehose hand them on.

Source: AWS, "Publish flow logs to CloudWatch Logs" (VPC User Guide), "Log group-level
subscription filters" and "Export log data to Amazon S3" (CloudWatch Logs User Guide).
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain
from typing import Final, TypedDict

from flowparse.logformat import LogFormat
from flowparse.testing.draws import Draws
from flowparse.testing.network import DEFAULT_START, Network, as_format, as_seconds, lines_of
from flowparse.testing.objects import gzip_member
from flowparse.testing.values import Form
from flowparse.times import Moment

__all__ = [
    "LogEvent",
    "SubscriptionDocument",
    "SubscriptionEvent",
    "cloudwatch_events",
    "export_lines",
    "firehose_lines",
    "json_bytes",
    "lambda_event",
    "subscription_documents",
]

_GROUP: Final = "/vpc/flow-logs"
_OWNER: Final = "111122223333"
_CONTROL_TEXT: Final = "CWL CONTROL MESSAGE: Checking health of destination"
_EVENTS_PER_DOCUMENT: Final = 100
_ID_DIGITS: Final = 56
# The stream's name is the first of three that is not `-`; `start` is the timestamp.
_STREAM_FIELDS: Final = ("interface-id", "tgw-attachment-id", "resource-id", "start")


class LogEvent(TypedDict):
    """An event as `GetLogEvents` returns it; times in milliseconds since 1970."""

    timestamp: int
    message: str
    ingestionTime: int


class SubscriptionEvent(TypedDict):
    """An event in a subscription document."""

    id: str
    timestamp: int
    message: str


class SubscriptionDocument(TypedDict):
    """What a subscription filter sends."""

    messageType: str
    owner: str
    logGroup: str
    logStream: str
    subscriptionFilters: list[str]
    logEvents: list[SubscriptionEvent]


def cloudwatch_events(
    network: Network,
    log_format: LogFormat | str | None = None,
    *,
    records: int,
    start: Moment = DEFAULT_START,
    seconds: int = 3600,
    stories: Iterable[str] = (),
) -> dict[str, list[LogEvent]]:
    """The events of a log group, by stream.

    Parameters
    ----------
    network, log_format, records, start, seconds, stories
        As for `Network.text`, which has the same records.

    Returns
    -------
    dict of str to list of LogEvent
        A stream for each interface, `eni-…-all`. An event's message is one record without a
        newline, its timestamp the record's `start`; a stream is in the order of timestamps.
        There is no header: CloudWatch does not know the format.

    Notes
    -----
    The streams of a transit gateway are named after its attachments, and those of a regional
    NAT gateway after its resource; AWS does not document these names.

    Examples
    --------
    >>> streams = cloudwatch_events(Network(interfaces=10, peers=50), records=100)
    >>> sum(len(events) for events in streams.values())
    100
    """
    form, begin = Form(as_format(log_format), before=_STREAM_FIELDS), as_seconds(start)
    lines = lines_of(network, form, records=records, start=begin, seconds=seconds, stories=stories)
    draws = Draws(network.seed, "ingestion", begin)
    streams: dict[str, list[LogEvent]] = defaultdict(list)
    for line in chain.from_iterable(lines):
        interface, attachment, resource, first, message = line.rstrip("\n").split(" ", 4)
        name = next((name for name in (interface, attachment, resource) if name != "-"), "-")
        timestamp = int(first) * 1000
        delay = 1000 * network.interval + draws.between(60_000, 300_000)
        streams[f"{name}-all"].append(
            {"timestamp": timestamp, "message": message, "ingestionTime": timestamp + delay}
        )
    for events in streams.values():
        events.sort(key=lambda event: event["timestamp"])
    return dict(sorted(streams.items()))


def subscription_documents(
    streams: Mapping[str, Iterable[LogEvent]],
    *,
    owner: str = _OWNER,
    log_group: str = _GROUP,
    events_per_document: int = _EVENTS_PER_DOCUMENT,
    control: bool = True,
) -> Iterator[SubscriptionDocument]:
    """What a subscription filter sends to Lambda, Kinesis or Firehose.

    Parameters
    ----------
    streams
        As `cloudwatch_events` gives them.
    owner, log_group : str
        Account and log group.
    events_per_document : int
        At most.
    control : bool
        Begin with a `CONTROL_MESSAGE`, which AWS sends to see whether anybody listens. It
        has no record.

    Returns
    -------
    iterator of SubscriptionDocument
        `json_bytes` is a document's text, `lambda_event` wraps it as Lambda gets it.

    Raises
    ------
    ValueError
        `events_per_document` is less than 1.

    Examples
    --------
    >>> streams = cloudwatch_events(Network(interfaces=10, peers=50), records=100)
    >>> [d["messageType"] for d in subscription_documents(streams)][:2]
    ['CONTROL_MESSAGE', 'DATA_MESSAGE']
    """
    if events_per_document < 1:
        raise ValueError(f"events_per_document: expected 1 or more, got {events_per_document!r}")
    every = {name: list(events) for name, events in streams.items()}
    first = min((events[0]["timestamp"] for events in every.values() if events), default=0)
    return chain(
        [_control_message(first)] if control else [],
        _data_messages(every, owner, log_group, events_per_document),
    )


def _data_messages(
    streams: dict[str, list[LogEvent]], owner: str, log_group: str, size: int
) -> Iterator[SubscriptionDocument]:
    for stream, events in streams.items():
        for at in range(0, len(events), size):
            part = events[at : at + size]
            yield {
                "messageType": "DATA_MESSAGE",
                "owner": owner,
                "logGroup": log_group,
                "logStream": stream,
                "subscriptionFilters": ["flow-logs"],
                "logEvents": [_numbered(e, stream, n) for n, e in enumerate(part, start=at)],
            }


def _control_message(timestamp: int) -> SubscriptionDocument:
    return {
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logGroup": "",
        "logStream": "",
        "subscriptionFilters": [],
        "logEvents": [{"id": "", "timestamp": timestamp, "message": f"{_CONTROL_TEXT}."}],
    }


def _numbered(event: LogEvent, stream: str, number: int) -> SubscriptionEvent:
    """An event with an id of 56 decimal digits, the same for the same place in a stream."""
    digest = sha256(f"{stream} {number}".encode()).digest()
    id_ = str(int.from_bytes(digest, "big") % 10**_ID_DIGITS).rjust(_ID_DIGITS, "3")
    return {"id": id_, "timestamp": event["timestamp"], "message": event["message"]}


def json_bytes(document: SubscriptionDocument) -> bytes:
    """The text of a document. Kinesis and Firehose join documents with nothing between them."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def lambda_event(document: SubscriptionDocument) -> dict[str, dict[str, str]]:
    """A document as a Lambda function gets it: JSON, gzip, base64.

    Examples
    --------
    >>> streams = cloudwatch_events(Network(interfaces=10, peers=50), records=1)
    >>> document = next(subscription_documents(streams))
    >>> lambda_event(document)["awslogs"]["data"][:4]
    'H4sI'
    """
    data = base64.b64encode(gzip_member(json_bytes(document))).decode("ascii")
    return {"awslogs": {"data": data}}


def export_lines(events: Iterable[LogEvent]) -> bytes:
    r"""Events of a stream as an export to S3 writes them: ISO time, space, record.

    Examples
    --------
    >>> export_lines([{"timestamp": 1537648094000, "message": "2 …", "ingestionTime": 0}])
    b'2018-09-22T20:28:14.000Z 2 \xe2\x80\xa6\n'
    """
    return "".join(f"{_iso(e['timestamp'])} {e['message']}\n" for e in events).encode()


def firehose_lines(events: Iterable[LogEvent]) -> bytes:
    r"""Events as Firehose hands them on with a newline as delimiter: `{"message":"…"}`.

    Examples
    --------
    >>> firehose_lines([{"timestamp": 0, "message": "2 - OK", "ingestionTime": 0}])
    b'{"message":"2 - OK"}\n'
    """
    records = ({"message": event["message"]} for event in events)
    lines = (json.dumps(r, separators=(",", ":"), ensure_ascii=False) for r in records)
    return "".join(f"{line}\n" for line in lines).encode()


def _iso(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"
