"""moto: what the tests of AWS's other services rely on."""

from __future__ import annotations

import time

from services.servers.moto import Moto


def test_reset_forgets(moto: Moto) -> None:
    """After a reset nothing that was made is there."""
    bucket = moto.new_bucket()
    assert bucket in [each["Name"] for each in moto.client("s3").list_buckets()["Buckets"]]
    moto.reset()
    assert moto.client("s3").list_buckets()["Buckets"] == []


def test_log_events_come_in_pages(moto: Moto) -> None:
    """FilterLogEvents gives every event of a group, page by page, in the order of time."""
    logs = moto.client("logs")
    logs.create_log_group(logGroupName="/flow")
    logs.create_log_stream(logGroupName="/flow", logStreamName="eni-1-all")
    began = int(time.time() * 1000) - 60_000
    sent = [{"timestamp": began + n, "message": f"2 {n} OK"} for n in range(50)]
    logs.put_log_events(logGroupName="/flow", logStreamName="eni-1-all", logEvents=sent)
    pages = list(
        logs.get_paginator("filter_log_events").paginate(
            logGroupName="/flow", PaginationConfig={"PageSize": 20}
        )
    )
    assert [len(page["events"]) for page in pages] == [20, 20, 10]
    assert [e["message"] for page in pages for e in page["events"]] == [e["message"] for e in sent]


def test_new_objects_are_told_to_a_queue(moto: Moto) -> None:
    """S3 tells SQS of a new object, after a test event; the key in it is URL-encoded."""
    sqs, s3, bucket = moto.client("sqs"), moto.client("s3"), moto.new_bucket()
    queue = sqs.create_queue(QueueName="arrivals")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    told = {"QueueArn": arn["QueueArn"], "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [told]}
    )
    s3.put_object(Bucket=bucket, Key="AWSLogs/a b.log.gz", Body=b"x")
    found = []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert "s3:TestEvent" in found[0]
    assert "AWSLogs%2Fa+b.log.gz" in found[1]
    assert len(found) == 2


def test_a_wrong_secret_is_accepted(moto: Moto) -> None:
    """Moto checks no signature: what needs that is tested elsewhere."""
    client = moto.session(aws_secret_access_key="wrong").client("s3")
    assert client.list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
