"""What a message says, in each of its shapes."""

from __future__ import annotations

import json

import pytest

from flowparse.following.notices import Notice, NoticeError, read_notices

S3 = {
    "Records": [
        {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {
                "bucket": {"name": "flow-logs", "arn": "arn:aws:s3:::flow-logs"},
                "object": {"key": "AWSLogs%2Fa+b%2B%C3%B6.log.gz", "size": 1, "eTag": "e"},
            },
        }
    ]
}
FOUND = [Notice("flow-logs", "AWSLogs/a b+ö.log.gz")]


def test_s3_itself() -> None:
    """Keys are URL-encoded, with a plus for a blank."""
    assert read_notices(json.dumps(S3)) == FOUND
    assert FOUND[0].url == "s3://flow-logs/AWSLogs/a b+ö.log.gz"


def test_through_sns() -> None:
    """An SNS envelope holds the message as text; a Lambda's event of SNS as well."""
    envelope = {"Type": "Notification", "Message": json.dumps(S3)}
    assert read_notices(json.dumps(envelope)) == FOUND
    assert read_notices(json.dumps({"Records": [{"Sns": envelope}]})) == FOUND


def test_eventbridge_through_sns() -> None:
    """EventBridge does not encode keys, and may come through SNS too."""
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "b"}, "object": {"key": "a%2Fb+c"}},
    }
    assert read_notices(json.dumps(event)) == [Notice("b", "a%2Fb+c")]
    assert read_notices(json.dumps({"Message": json.dumps(event)})) == [Notice("b", "a%2Fb+c")]
    assert read_notices(json.dumps(event | {"detail-type": "Object Deleted"})) == []


def test_one_object_told_twice_is_one() -> None:
    """A message that names an object twice names one."""
    assert read_notices(json.dumps({"Records": S3["Records"] * 2})) == FOUND


@pytest.mark.parametrize("name", ["ObjectRemoved:Delete", "s3:ObjectRemoved:Delete", "x"])
def test_other_events(name: str) -> None:
    """Only what was created counts."""
    record = S3["Records"][0] | {"eventName": name}
    assert read_notices(json.dumps({"Records": [record]})) == []


def test_the_prefix_of_old_events_does_not_matter() -> None:
    """`s3:ObjectCreated:Copy` is a creation."""
    record = S3["Records"][0] | {"eventName": "s3:ObjectCreated:Copy"}
    assert read_notices(json.dumps({"Records": [record]})) == FOUND


@pytest.mark.parametrize(
    "body",
    [
        "",
        "text",
        "[]",
        "1",
        "{}",
        '{"Records": [{}]}',
        '{"Records": [{"s3": {}, "eventName": "ObjectCreated:Put"}]}',
        '{"Records": [{"s3": {"bucket": {"name": 1}, "object": {"key": "k"}}, '
        '"eventName": "ObjectCreated:Put"}]}',
        '{"Message": "text"}',
        '{"Message": 5}',
        '{"Records": 5}',
        '{"source": "aws.s3", "detail-type": "Object Created", "detail": {}}',
        "[" * 100_000,
    ],
)
def test_what_is_no_notification(body: str) -> None:
    """Anything else is an error that shows its beginning."""
    with pytest.raises(NoticeError) as caught:
        read_notices(body)
    assert len(str(caught.value)) < 200


def test_an_envelope_without_end() -> None:
    """Envelopes in envelopes are opened a few times only."""
    body = json.dumps(S3)
    for _ in range(6):
        body = json.dumps({"Message": body})
    with pytest.raises(NoticeError):
        read_notices(body)
