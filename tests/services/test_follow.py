"""Notifications of S3 in a queue become a data set: on moto's S3, SQS, SNS and EventBridge."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import flowparse
from flowparse import SourceError
from services.endpoint import Endpoint
from services.test_s3 import STAMP, Bucket, key_of, log_of


class Notified(Bucket):
    """A bucket that tells a queue of its objects, with a dead-letter queue behind that."""

    def __init__(self, server: Endpoint) -> None:
        super().__init__(server)
        self.sqs = server.client("sqs")
        self.dead = self._make_queue("dead", {})
        policy = {"deadLetterTargetArn": self.arn(self.dead), "maxReceiveCount": "2"}
        self.queue = self._make_queue("live", {"RedrivePolicy": json.dumps(policy)})

    def _make_queue(self, name: str, attributes: dict[str, str]) -> str:
        made = self.sqs.create_queue(QueueName=f"{self.name}-{name}", Attributes=attributes)
        return str(made["QueueUrl"])

    def arn(self, queue: str) -> str:
        asked = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        return str(asked["Attributes"]["QueueArn"])

    def notify(self, target: dict[str, Any]) -> None:
        self.server.client("s3").put_bucket_notification_configuration(
            Bucket=self.name, NotificationConfiguration=target
        )

    def notify_queue(self) -> None:
        to = {"QueueArn": self.arn(self.queue), "Events": ["s3:ObjectCreated:*"]}
        self.notify({"QueueConfigurations": [to]})

    def send(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=body)

    def waiting(self, queue: str) -> tuple[int, int]:
        """Messages that are there, and those that are hidden."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        asked = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return int(asked[names[0]]), int(asked[names[1]])

    def follow(self, folder: Path, **options: Any) -> flowparse.FollowResult:
        asked = {"once": True, "wait_seconds": 0, "session": self.server.session()}
        return flowparse.follow(self.queue, folder, **asked | options)


@pytest.fixture
def notified(moto: Endpoint) -> Notified:
    return Notified(moto)


def ports_in(folder: Path) -> list[int]:
    return sorted(pq.read_table(folder)["dstport"].to_pylist())


def put_some(bucket: Bucket, n: int = 3) -> None:
    for port in range(n):
        stamp = STAMP + timedelta(minutes=5 * port)
        bucket.put(key_of(stamp), log_of(stamp, rows=1, port=port))


def test_objects_come_into_the_data_set_and_their_messages_go(
    notified: Notified, tmp_path: Path
) -> None:
    """What S3 tells the queue of is in the data set, and the queue is empty."""
    notified.notify_queue()
    put_some(notified)
    result = notified.follow(tmp_path / "flows")
    assert ports_in(tmp_path / "flows") == [0, 1, 2]
    assert (result.objects, result.rows, result.left.num_rows) == (3, 3, 0)
    assert result.messages == result.deleted >= 3
    assert notified.waiting(notified.queue) == (0, 0)


def test_notifications_through_sns(notified: Notified, tmp_path: Path, moto: Endpoint) -> None:
    """Messages that SNS has wrapped are read like those of S3."""
    sns = moto.client("sns")
    topic = sns.create_topic(Name=notified.name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=notified.arn(notified.queue))
    notified.notify(
        {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}
    )
    put_some(notified)
    notified.follow(tmp_path / "flows")
    assert ports_in(tmp_path / "flows") == [0, 1, 2]


def test_notifications_of_eventbridge(notified: Notified, tmp_path: Path) -> None:
    """Events of EventBridge are read as well; their keys are not encoded."""
    notified.put("with space+plus.log.gz", log_of(rows=1, port=7))
    event = {
        "version": "0",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": notified.name},
            "object": {"key": "with space+plus.log.gz", "size": 1, "etag": "x"},
            "reason": "PutObject",
        },
    }
    notified.send(json.dumps(event))
    notified.follow(tmp_path / "flows")
    assert ports_in(tmp_path / "flows") == [7]


def test_keys_in_messages_of_s3_are_decoded(notified: Notified, tmp_path: Path) -> None:
    """A key with a blank, a plus and a letter beyond ASCII is found."""
    notified.notify_queue()
    notified.put("a b+c/größe=1.log.gz", log_of(rows=1, port=8))
    assert notified.follow(tmp_path / "flows").objects == 1
    assert ports_in(tmp_path / "flows") == [8]


def test_a_message_that_comes_twice_doubles_nothing(notified: Notified, tmp_path: Path) -> None:
    """The same notification again finds its object in the data set."""
    put_some(notified, 1)
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": notified.name}, "object": {"key": key_of()}},
    }
    for _ in range(2):
        notified.send(json.dumps({"Records": [record, record]}))
    first = notified.follow(tmp_path / "flows", batch_messages=1)
    assert (first.messages, first.objects, first.known) == (2, 1, 1)
    assert ports_in(tmp_path / "flows") == [0]


def test_poison_goes_to_the_dead_letter_queue(notified: Notified, tmp_path: Path) -> None:
    """What cannot be read is left, says why, and is dead-lettered; the others are ingested."""
    notified.notify_queue()
    put_some(notified, 1)
    notified.put("bad.log.gz", b"\x1f\x8b is no gzip")
    notified.send("not JSON")
    notified.send(json.dumps({"Records": [_record(notified, "gone.log.gz")]}))
    result = notified.follow(tmp_path / "flows", visibility_seconds=10)
    assert ports_in(tmp_path / "flows") == [0]
    left = {row["object"]: row["reason"] for row in result.left.to_pylist()}
    assert set(left) == {None, notified.url("bad.log.gz"), notified.url("gone.log.gz")}
    assert "not a notification of S3" in left[None]
    assert notified.waiting(notified.queue) == (0, 3)
    for _ in range(3):
        _make_visible(notified)
        notified.follow(tmp_path / "flows", visibility_seconds=10)
    _make_visible(notified)
    assert notified.waiting(notified.queue) == (0, 0)
    assert sum(notified.waiting(notified.dead)) == 3


def _record(bucket: Bucket, key: str, name: str = "ObjectCreated:Put") -> dict[str, Any]:
    return {
        "eventName": name,
        "s3": {"bucket": {"name": bucket.name}, "object": {"key": key}},
    }


def _make_visible(notified: Notified) -> None:
    """Wait for the messages that were left."""
    import time

    deadline = time.monotonic() + 30
    while notified.waiting(notified.queue)[1] and time.monotonic() < deadline:
        time.sleep(0.2)
        notified.sqs.receive_message(QueueUrl=notified.queue, VisibilityTimeout=0)


def test_removals_and_markers_tell_of_nothing(notified: Notified, tmp_path: Path) -> None:
    """A removal, a folder marker and S3's test are done with at once."""
    notified.send(json.dumps({"Records": [_record(notified, "x.log.gz", "ObjectRemoved:Delete")]}))
    notified.send(json.dumps({"Records": [_record(notified, "folder/")]}))
    notified.send(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}))
    result = notified.follow(tmp_path / "flows")
    assert (result.messages, result.deleted, result.objects) == (3, 3, 0)
    assert notified.waiting(notified.queue) == (0, 0)


def test_messages_are_kept_while_they_are_worked_on(
    notified: Notified, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work that takes longer than the time a message is hidden keeps it hidden."""
    import time

    from flowparse import notified as module

    put_some(notified, 1)
    notified.send(json.dumps({"Records": [_record(notified, key_of())]}))
    seen: list[tuple[int, int]] = []
    ingest = module.ingest

    def slow(*arguments: Any, **options: Any) -> Any:
        time.sleep(13)
        seen.append(notified.waiting(notified.queue))
        return ingest(*arguments, **options)

    monkeypatch.setattr(module, "ingest", slow)
    notified.follow(tmp_path / "flows", visibility_seconds=10)
    assert seen == [(0, 1)]
    assert notified.waiting(notified.queue) == (0, 0)


def test_a_data_set_that_cannot_be_written_gives_the_messages_back(
    notified: Notified, tmp_path: Path
) -> None:
    """An error of the destination ends the run, and its messages can be received at once."""
    put_some(notified, 1)
    notified.send(json.dumps({"Records": [_record(notified, key_of())]}))
    (tmp_path / "flows").write_text("a file")
    with pytest.raises(flowparse.DestinationError):
        notified.follow(tmp_path / "flows")
    assert notified.waiting(notified.queue) == (1, 0)


def test_it_ends_when_it_is_told_to(notified: Notified, tmp_path: Path) -> None:
    """Once stop is set it ends after the batch; reports came for each."""
    notified.notify_queue()
    put_some(notified, 4)
    stop, reports = threading.Event(), []

    def report(result: flowparse.FollowResult) -> None:
        reports.append(result)
        if sum(one.objects for one in reports) >= 2:
            stop.set()

    notified.follow(
        tmp_path / "flows", once=False, stop=stop, report=report, batch_messages=1, wait_seconds=1
    )
    assert 2 <= len(ports_in(tmp_path / "flows")) <= 3


def test_a_missing_queue_says_so(moto: Endpoint, tmp_path: Path) -> None:
    """A queue that does not exist is an error that names it and says what to check."""
    url = f"{moto.endpoint}/123456789012/none"
    with pytest.raises(SourceError, match=r"/none: cannot be followed: there is no such queue"):
        flowparse.follow(url, tmp_path / "flows", session=moto.session())


@pytest.mark.parametrize(
    "option", [{"batch_messages": 0}, {"visibility_seconds": 1}, {"wait_seconds": 21}]
)
def test_options_out_of_range(option: dict[str, int], tmp_path: Path) -> None:
    """An option out of its range is a ValueError that says what the range is."""
    with pytest.raises(ValueError, match=rf"{next(iter(option))}: expected \d+\.\.\d+"):
        flowparse.follow("https://sqs.us-east-1.amazonaws.com/1/q", tmp_path, **option)
