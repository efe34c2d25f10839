"""The events of Lambda functions, unwrapped."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

import flowparse
from flowparse.aws import unwrap
from flowparse.testing import Network
from flowparse.testing.cloudwatch import (
    cloudwatch_events,
    json_bytes,
    lambda_event,
    subscription_documents,
)

STREAMS = cloudwatch_events(Network(interfaces=4, peers=20), records=60)
MESSAGES = [event["message"] for events in STREAMS.values() for event in events]
DOCUMENTS = [d for d in subscription_documents(STREAMS) if d["messageType"] == "DATA_MESSAGE"]
WHOLE = flowparse.read_table("\n".join(MESSAGES).encode()).to_pydict()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def kinesis(*parts: bytes) -> dict[str, Any]:
    records = [
        {"eventSource": "aws:kinesis", "kinesis": {"partitionKey": "1", "data": base64_of(part)}}
        for part in parts
    ]
    return {"Records": records}


def firehose(*parts: bytes) -> dict[str, Any]:
    records = [{"recordId": str(n), "data": base64_of(part)} for n, part in enumerate(parts)]
    return {"invocationId": "1", "records": records}


PACKED = [gzip.compress(json_bytes(document)) for document in DOCUMENTS]
MESSAGE_LINES = [json.dumps({"message": message}).encode() for message in MESSAGES]


@pytest.mark.parametrize(
    ("event", "parts"),
    [
        (kinesis(*PACKED), PACKED),
        (firehose(*PACKED), PACKED),
        (firehose(*MESSAGE_LINES), MESSAGE_LINES),
    ],
)
def test_records(event: Any, parts: list[bytes]) -> None:
    """Each record of Kinesis or Firehose is one source, in order, as it was put in."""
    assert unwrap(event) == parts
    assert flowparse.read_table(unwrap(event)).to_pydict() == WHOLE


def test_awslogs() -> None:
    """A subscription calls a function with one document, which is one source."""
    events = [lambda_event(document) for document in DOCUMENTS]
    sources = [source for event in events for source in unwrap(event)]
    assert len(sources) == len(DOCUMENTS)
    assert flowparse.read_table(sources).to_pydict() == WHOLE


def test_nothing_is_lost_to_one_bad_record() -> None:
    """Under `collect`, a damaged record is an error, and the others are read."""
    event = firehose(PACKED[0], PACKED[1][:-20], *PACKED[2:])
    with flowparse.open_reader(unwrap(event), on_reject="collect") as reader:
        rows = sum(batch.num_rows for batch in reader)
    assert rows == len(MESSAGES) - len(DOCUMENTS[1]["logEvents"])
    assert reader.errors.num_rows == 1


def test_no_records() -> None:
    """An event without records is no source, and so no row."""
    assert unwrap({"Records": []}) == []
    assert flowparse.read_table(unwrap({"Records": []})).num_rows == 0


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({}, "got nothing"),
        ({"detail": 1, "id": 2}, "expected awslogs .*, got 'detail', 'id'"),
        ({"awslogs": {}}, "expected awslogs.data to be text in base64, got NoneType"),
        ({"Records": [{"s3": {}}]}, r"expected Records\[0\].kinesis.data to be text"),
        ({"records": [{"data": ""}, {"data": "%"}]}, r"records\[1\].data is not base64"),
        ("awslogs", "expected the event, a dict, got str"),
    ],
)
def test_what_is_no_such_event(event: Any, message: str) -> None:
    """Anything else is a ValueError that names what was expected where."""
    with pytest.raises(ValueError, match=message):
        unwrap(event)
