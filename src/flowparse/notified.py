"""Floor 3: objects into a data set as a queue tells of them. The public face of `following`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from flowparse.access import Access, read_access
from flowparse.counts import Counts
from flowparse.errors import FlowparseError
from flowparse.following.notices import Notice, NoticeError, read_notices
from flowparse.following.queue import Message, Queue
from flowparse.incremental import ingest
from flowparse.sources.s3 import Bucket, ObjectSource

__all__ = ["LEFT_SCHEMA", "FollowResult", "follow"]

#: Schema of `FollowResult.left`.
LEFT_SCHEMA: Final = pa.schema(
    [
        ("message", pa.string()),
        ("received", pa.int64()),
        ("object", pa.string()),
        ("kind", pa.string()),
        ("reason", pa.string()),
    ]
)
_VISIBILITY_SECONDS: Final = 300
_VISIBILITY_MAX: Final = 43_200
_BATCH_MESSAGES: Final = 100


@dataclass(frozen=True, slots=True)
class FollowResult:
    """What a batch of messages has led to, or all of them.

    Attributes
    ----------
    messages : int
        Received.
    deleted : int
        Of them: all that they told of is in the data set.
    objects : int
        Added to the data set.
    known : int
        Objects that were there already: SQS may deliver a message twice.
    rows : int
        Records added.
    counts : Counts
        What became of the lines of these objects.
    left : pyarrow.Table
        What was left to come again, and to go to the dead-letter queue at last: message,
        received (how often by now), object (null where none could be read), kind, reason.

    Examples
    --------
    >>> import flowparse
    >>> total = flowparse.FollowResult(messages=2) + flowparse.FollowResult(messages=1, rows=9)
    >>> total.messages, total.rows
    (3, 9)
    """

    messages: int = 0
    deleted: int = 0
    objects: int = 0
    known: int = 0
    rows: int = 0
    counts: Counts = field(default_factory=Counts)
    left: pa.Table = field(default_factory=LEFT_SCHEMA.empty_table, repr=False)

    def __add__(self, other: FollowResult) -> FollowResult:
        """The sums; `left` is the other's, so that years do not fill the memory."""
        return FollowResult(
            self.messages + other.messages,
            self.deleted + other.deleted,
            self.objects + other.objects,
            self.known + other.known,
            self.rows + other.rows,
            self.counts + other.counts,
            other.left if other.left.num_rows else self.left,
        )


def follow(
    queue: str,
    destination: str | os.PathLike[str],
    *,
    once: bool = False,
    stop: threading.Event | None = None,
    report: Callable[[FollowResult], object] | None = None,
    batch_messages: int = _BATCH_MESSAGES,
    visibility_seconds: int = _VISIBILITY_SECONDS,
    wait_seconds: int = 20,
    session: Any = None,
    **options: Any,
) -> FollowResult:
    """Add objects to a data set as S3 notifies a queue of them, each exactly once.

    Parameters
    ----------
    queue : str
        URL of an SQS queue that S3 notifies, itself, through an SNS topic or through
        EventBridge.
    destination : str or path
        As in `ingest`.
    once : bool
        End when the queue has nothing more to give; else go on for ever.
    stop : threading.Event, optional
        Once it is set, end after the batch.
    report : callable, optional
        Called with the `FollowResult` of each batch.
    batch_messages : int
        Messages worked on together, at most.
    visibility_seconds : int
        So long after this process died its messages come again, 10 to 43,200.
    wait_seconds : int
        How long one question to the queue waits for an answer, 0 to 20.
    session : boto3.Session or flowparse.aws.Access, optional
        For the queue, the objects, and a destination in S3.
    **options
        As in `ingest`: `state`, `partition_by`, `filters` and so on.

    Returns
    -------
    FollowResult
        Of all batches; `left` is that of the last batch that left something.

    Raises
    ------
    SourceError
        The queue cannot be asked.
    DestinationError
        The data set cannot be written. Its messages come again.
    ValueError
        An option that there is not.

    Notes
    -----
    A message is hidden from others while it is worked on, and deleted when every object that it
    tells of is in the data set. What cannot be read (no notification, an object that is gone or
    no flow log) is left to the queue: it comes again, and goes to the dead-letter queue in the
    end. A message that comes twice changes nothing, for `ingest` knows its objects. Messages
    that tell of nothing new (S3's test, removals) are deleted.

    Examples
    --------
    >>> import flowparse
    >>> flowparse.follow("https://sqs.us-east-1.amazonaws.com/1/flow-logs", "flows",
    ...                  once=True)  # doctest: +SKIP
    FollowResult(messages=12, deleted=12, objects=12, ...)
    """
    _check(batch_messages, 1, 10_000, "batch_messages")
    _check(visibility_seconds, 10, _VISIBILITY_MAX, "visibility_seconds")
    _check(wait_seconds, 0, 20, "wait_seconds")
    access = read_access(session)
    asked = Queue(queue, access, visibility_seconds)
    is_stopped = (stop or threading.Event()).is_set
    worker = _Worker(destination, access, {**options, "stop": stop})
    total = FollowResult()
    while not is_stopped():
        messages = asked.receive(batch_messages, wait_seconds, is_stopped)
        if not messages:
            if once:
                break
            continue
        result = _work_on(asked, messages, worker)
        total += result
        if report is not None:
            report(result)
    return total


def _check(value: object, least: int, most: int, name: str) -> None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:  # type: ignore[operator]
        raise ValueError(f"{name}: expected {least}..{most}, got {value!r}")


def _work_on(queue: Queue, messages: Sequence[Message], worker: _Worker) -> FollowResult:
    try:
        with queue.kept(messages):
            result, done = worker.work(messages)
            deleted = queue.delete(done)
    except BaseException:
        queue.release(messages)
        raise
    return result + FollowResult(deleted=deleted)


class _Worker:
    """Ingests what messages tell of."""

    def __init__(
        self, destination: str | os.PathLike[str], access: Access, options: dict[str, Any]
    ) -> None:
        self.destination = destination
        self.access = access
        self.options = {"on_reject": "collect", "session": access, **options}
        self._buckets: dict[str, Bucket] = {}

    def work(self, messages: Sequence[Message]) -> tuple[FollowResult, list[Message]]:
        """What came of them, and those that are done with."""
        told, left = _read_all(messages)
        sources, failed = self._find({notice for notices in told.values() for notice in notices})
        result = ingest(sources, self.destination, **self.options) if sources else None
        if result is not None:
            for row in result.errors.to_pylist():
                failed[row["source"]] = (row["kind"], row["message"])
        done: list[Message] = []
        for message in messages:
            notices = told.get(message.id)
            bad = [one.url for one in notices or () if one.url in failed]
            left += [_left(message, url, *failed[url]) for url in bad]
            if notices is not None and not bad and not (result and result.stopped):
                done.append(message)
        table = pa.Table.from_pylist(left, schema=LEFT_SCHEMA)
        if result is None:
            return FollowResult(len(messages), left=table), done
        added = (result.objects, result.known, result.rows, result.counts)
        return FollowResult(len(messages), 0, *added, table), done

    def _find(self, notices: set[Notice]) -> tuple[list[ObjectSource], dict[str, tuple[str, str]]]:
        """The objects as they are now, and what is wrong with the others."""
        failed: dict[str, tuple[str, str]] = {}
        sources: list[ObjectSource] = []
        with ThreadPoolExecutor(self.access.connections, "flowparse-find") as pool:
            asked = [(notice, pool.submit(self._find_one, notice)) for notice in sorted(notices)]
        for notice, answer in asked:
            error = answer.exception()
            if isinstance(error, FlowparseError):
                failed[notice.url] = (type(error).__name__, str(error))
            else:
                sources.append(answer.result())
        return sources, failed

    def _find_one(self, notice: Notice) -> ObjectSource:
        bucket = self._buckets.setdefault(notice.bucket, Bucket(notice.bucket, self.access))
        return ObjectSource(bucket, notice.key, *bucket.find(notice.key))


def _read_all(
    messages: Sequence[Message],
) -> tuple[dict[str, list[Notice]], list[dict[str, Any]]]:
    """What each message tells of; and those that tell nothing that is understood."""
    told: dict[str, list[Notice]] = {}
    left: list[dict[str, Any]] = []
    for message in messages:
        try:
            told[message.id] = list(_of_flow_logs(read_notices(message.body)))
        except NoticeError as error:
            left.append(_left(message, None, type(error).__name__, str(error)))
    return told, left


def _of_flow_logs(notices: Sequence[Notice]) -> Iterator[Notice]:
    """Without folder markers."""
    return (notice for notice in notices if not notice.key.endswith("/"))


def _left(message: Message, url: str | None, kind: str, reason: str) -> dict[str, Any]:
    return {
        "message": message.id,
        "received": message.received,
        "object": url,
        "kind": kind,
        "reason": reason,
    }
