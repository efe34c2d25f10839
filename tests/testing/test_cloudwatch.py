"""What CloudWatch Logs, Lambda and Firehose hand on."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import datetime
from itertools import chain
from typing import Any

import pytest

from flowparse.logformat import LogFormat
from flowparse.testing import (
    LogEvent,
    Network,
    cloudwatch_events,
    export_lines,
    firehose_lines,
    json_bytes,
    lambda_event,
    subscription_documents,
)

NETWORK = Network(seed=5, interfaces=40, peers=100, no_data=0.05)
STREAMS = cloudwatch_events(NETWORK, records=1000, stories=["beacon"])
EVENTS = list(chain.from_iterable(STREAMS.values()))


@pytest.mark.parametrize("text", [None, "version dstaddr bytes"])
def test_messages_are_the_records_of_the_text(text: str | None) -> None:
    """The messages are the lines of `Network.text` without header and newline."""
    streams = cloudwatch_events(NETWORK, text, records=300)
    messages = [event["message"] for events in streams.values() for event in events]
    lines = NETWORK.text(text, records=300, header=False).decode().splitlines()
    assert sorted(messages) == sorted(lines)


def test_stream_is_an_interface() -> None:
    """A stream holds the records of one interface and is named after it."""
    for name, events in STREAMS.items():
        interfaces = {event["message"].split()[2] for event in events}
        if interfaces == {"-"}:
            assert name.startswith("nat-")
        else:
            assert {f"{interface}-all" for interface in interfaces} == {name}
    assert len(STREAMS) > 20


def test_timestamp_is_the_start_in_milliseconds() -> None:
    """An event has the record's `start` as timestamp, in order, and is taken in later."""
    for events in STREAMS.values():
        stamps = [event["timestamp"] for event in events]
        assert stamps == sorted(stamps)
    for event in EVENTS:
        assert event["timestamp"] == int(event["message"].split()[10]) * 1000
        assert event["ingestionTime"] > event["timestamp"]
        assert set(event) == {"timestamp", "message", "ingestionTime"}


def test_gateway_stream_is_an_attachment() -> None:
    """The streams of a transit gateway are its attachments."""
    streams = cloudwatch_events(NETWORK, LogFormat.transit_gateway(), records=50)
    for name, events in streams.items():
        assert {f"{event['message'].split()[4]}-all" for event in events} == {name}


def test_documents_hold_every_event_once() -> None:
    """A control message comes first; the data messages hold all events, at most as many each."""
    documents = list(subscription_documents(STREAMS, events_per_document=40))
    assert [d["messageType"] for d in documents[:2]] == ["CONTROL_MESSAGE", "DATA_MESSAGE"]
    data = documents[1:]
    assert {d["messageType"] for d in data} == {"DATA_MESSAGE"}
    assert max(len(d["logEvents"]) for d in data) == 40
    found = [(d["logStream"], e["timestamp"], e["message"]) for d in data for e in d["logEvents"]]
    given = [(name, e["timestamp"], e["message"]) for name in STREAMS for e in STREAMS[name]]
    assert found == given
    ids = [event["id"] for d in data for event in d["logEvents"]]
    assert len(set(ids)) == len(ids)
    assert {len(id_) for id_ in ids} == {56}
    assert all(id_.isdigit() for id_ in ids)


def test_document_has_the_members_that_aws_sends() -> None:
    """The JSON of a document has AWS's members, and owner and group as given."""
    control, first = list(
        subscription_documents(
            {"eni-1-all": [{"timestamp": 5, "message": "2 -", "ingestionTime": 9}]},
            owner="012345678901",
            log_group="flows",
        )
    )
    assert json.loads(json_bytes(control))["owner"] == "CloudwatchLogs"
    document = json.loads(json_bytes(first))
    (event,) = document.pop("logEvents")
    assert document == {
        "messageType": "DATA_MESSAGE",
        "owner": "012345678901",
        "logGroup": "flows",
        "logStream": "eni-1-all",
        "subscriptionFilters": ["flow-logs"],
    }
    assert (event["timestamp"], event["message"]) == (5, "2 -")
    assert b"\n" not in json_bytes(first)


def test_control_message_can_be_left_out() -> None:
    """`control=False` gives data messages only; no events give none."""
    documents = subscription_documents(STREAMS, control=False)
    assert {d["messageType"] for d in documents} == {"DATA_MESSAGE"}
    assert list(subscription_documents({}, control=False)) == []


def test_size_of_documents_is_checked_at_once() -> None:
    """No events in a document is a ValueError."""
    with pytest.raises(ValueError, match="events_per_document: expected 1 or more, got 0"):
        subscription_documents(STREAMS, events_per_document=0)


def test_lambda_gets_base64_of_gzip() -> None:
    """A Lambda event unwraps to the document."""
    for document in subscription_documents(STREAMS):
        event: Any = lambda_event(document)
        text = gzip.decompress(base64.b64decode(event["awslogs"]["data"], validate=True))
        assert json.loads(text) == document


def test_export_line_has_the_time_in_front() -> None:
    """An exported line is the timestamp as ISO 8601 with milliseconds, a blank, the record."""
    lines = export_lines(EVENTS).decode().splitlines()
    assert len(lines) == len(EVENTS)
    for line, event in zip(lines, EVENTS, strict=True):
        stamp, record = line.split(" ", 1)
        assert len(stamp) == len("2018-09-22T20:28:14.000Z")
        assert stamp.endswith(".000Z")
        assert datetime.fromisoformat(stamp).timestamp() * 1000 == event["timestamp"]
        assert record == event["message"]


def test_export_line_by_hand() -> None:
    """1537648094007 ms is 2018-09-22T20:28:14.007Z."""
    event: LogEvent = {"timestamp": 1537648094007, "message": "2 - OK", "ingestionTime": 0}
    assert export_lines([event]) == b"2018-09-22T20:28:14.007Z 2 - OK\n"


def test_firehose_line_is_an_object_with_a_message() -> None:
    """Each Firehose line is a JSON object whose only member is the record."""
    lines = firehose_lines(EVENTS).splitlines()
    assert [json.loads(line) for line in lines] == [{"message": e["message"]} for e in EVENTS]
