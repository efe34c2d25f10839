"""Floor 3: what the messages of a queue say about new objects in S3.

A notification comes from S3 itself, from S3 through an SNS topic, or from EventBridge, and any
of them may hold another.

Source: Amazon S3 User Guide, "Event message structure" and "Using EventBridge"; Amazon SNS
Developer Guide, "Message format".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_plus

__all__ = ["Notice", "NoticeError", "read_notices"]

#: An envelope in an envelope is not unheard of; more is no message that anyone means.
_DEEPEST: Final = 4
_CREATED: Final = "ObjectCreated:"
_EVENTBRIDGE_CREATED: Final = "Object Created"
_SHOWN_CHARACTERS: Final = 80


class NoticeError(ValueError):
    """A message is none of the kinds that are known."""


class Notice(NamedTuple):
    """An object has come."""

    bucket: str
    key: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.key}"


def read_notices(body: str) -> list[Notice]:
    """The objects that a message tells of.

    Parameters
    ----------
    body : str
        Of a message of SQS.

    Returns
    -------
    list of Notice
        Empty where the message tells of nothing that was created: S3's test when notifications
        are set up, or an object that was removed.

    Raises
    ------
    NoticeError
        It is no notification of S3.

    Examples
    --------
    >>> read_notices('{"Service": "Amazon S3", "Event": "s3:TestEvent"}')
    []
    >>> read_notices(
    ...     '{"source": "aws.s3", "detail-type": "Object Created",'
    ...     ' "detail": {"bucket": {"name": "flow-logs"}, "object": {"key": "a b"}}}'
    ... )
    [Notice(bucket='flow-logs', key='a b')]
    """
    try:
        return list(dict.fromkeys(_read(json.loads(body), _DEEPEST)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, NoticeError):
            raise
        raise _unknown(body) from error


def _read(event: Any, depth: int) -> Iterator[Notice]:
    if not isinstance(event, Mapping) or depth == 0:
        raise _unknown(json.dumps(event))
    if "Records" in event:
        for record in event["Records"]:
            yield from _read_record(record, depth)
    elif event.get("Event") == "s3:TestEvent":
        return
    elif event.get("source") == "aws.s3" and "detail-type" in event:
        if event["detail-type"] == _EVENTBRIDGE_CREATED:  # its keys are not encoded
            detail = event["detail"]
            yield _notice(detail["bucket"]["name"], detail["object"]["key"])
    elif "Message" in event:  # of SNS
        yield from _read(json.loads(event["Message"]), depth - 1)
    else:
        raise _unknown(json.dumps(event))


def _read_record(record: Any, depth: int) -> Iterator[Notice]:
    if "s3" in record:
        if record["eventName"].removeprefix("s3:").startswith(_CREATED):
            s3 = record["s3"]
            yield _notice(s3["bucket"]["name"], unquote_plus(s3["object"]["key"]))
    elif "Sns" in record:
        yield from _read(json.loads(record["Sns"]["Message"]), depth - 1)
    else:
        raise _unknown(json.dumps(record))


def _notice(bucket: Any, key: Any) -> Notice:
    if not (isinstance(bucket, str) and isinstance(key, str) and bucket and key):
        raise NoticeError(f"a notification names no object: {bucket!r}, {key!r}")
    return Notice(bucket, key)


def _unknown(text: str) -> NoticeError:
    shown = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
    return NoticeError(f"not a notification of S3: {shown}")
