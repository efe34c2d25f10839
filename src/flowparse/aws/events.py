"""Floor 4: what AWS calls a Lambda function with, as sources.

Source: AWS, "Using Lambda with CloudWatch Logs", "Using Lambda with Kinesis Data Streams" (Lambda
Developer Guide), "Transform source data in Amazon Data Firehose" (Firehose Developer Guide).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["unwrap"]


def unwrap(event: Mapping[str, Any]) -> list[bytes]:
    """The flow logs in the event of a Lambda function.

    Parameters
    ----------
    event : mapping
        What the function is called with: by a CloudWatch Logs subscription (`awslogs.data`), by
        a Kinesis stream (`Records` with `kinesis.data`), or by Firehose, to transform records
        (`records` with `data`).

    Returns
    -------
    list of bytes
        A source for every function that reads, one element a record, in their order. Mostly
        gzip with JSON inside; nothing is unpacked yet but the base64.

    Raises
    ------
    ValueError
        The event is none of these, or a record's data is not base64.

    Examples
    --------
    >>> import flowparse
    >>> event = {"records": [{"recordId": "1", "data": "eyJtZXNzYWdlIjogIjIgMTkyLjAuMi4xIn0="}]}
    >>> flowparse.read_table(unwrap(event), log_format="version srcaddr")["srcaddr"].to_pylist()
    ['192.0.2.1']
    """
    if not isinstance(event, Mapping):
        raise ValueError(f"unwrap: expected the event, a dict, got {type(event).__name__}")
    return [_decode(place, data) for place, data in _find_data(event)]


def _find_data(event: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Where data stands in the event, and the data."""
    if "awslogs" in event:
        yield "awslogs.data", _look_up(event, "awslogs", "data")
    elif isinstance(event.get("Records"), list):
        for number, record in enumerate(event["Records"]):
            yield f"Records[{number}].kinesis.data", _look_up(record, "kinesis", "data")
    elif isinstance(event.get("records"), list):
        for number, record in enumerate(event["records"]):
            yield f"records[{number}].data", _look_up(record, "data")
    else:
        raise ValueError(
            "unwrap: expected awslogs (CloudWatch Logs), Records (Kinesis) or records (Firehose) "
            f"in the event, got {', '.join(map(repr, event)) or 'nothing'}"
        )


def _look_up(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _decode(place: str, data: Any) -> bytes:
    if not isinstance(data, str):
        raise ValueError(
            f"unwrap: expected {place} to be text in base64, got {type(data).__name__}: is this "
            "the event of a CloudWatch Logs subscription, a Kinesis stream or Firehose?"
        )
    try:
        return base64.b64decode(data, validate=True)
    except ValueError as error:
        raise ValueError(f"unwrap: {place} is not base64: {error}") from None
