"""Floor 3: messages of a queue in SQS: received, kept to oneself, deleted when all is done.

A message that is neither deleted nor kept comes again, and after as many times as its queue
allows it goes to the dead-letter queue: so what cannot be worked on is simply let go.

Source: Amazon SQS Developer Guide, "Visibility timeout" and "Dead-letter queues".
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from flowparse.access import Access
from flowparse.errors import SourceError
from flowparse.sources.repeating import answer_of, repeat

__all__ = ["Message", "Queue"]

#: Most that SQS takes or gives at once, and its longest wait for a message.
_BATCH: Final = 10
_LONGEST_WAIT_SECONDS: Final = 20
_REGION_IN_URL: Final = re.compile(r"https://(?:sqs\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.")
_ADVICE: Final = {
    "NonExistentQueue": "there is no such queue: check its URL and the region",
    "QueueDoesNotExist": "there is no such queue: check its URL and the region",
    "AccessDenied": "access is denied: the role needs sqs:ReceiveMessage, sqs:DeleteMessage and "
    "sqs:ChangeMessageVisibility on the queue",
    "InvalidAddress": "this is no URL of a queue",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message, as it was received this time."""

    id: str
    receipt: str
    body: str
    received: int


class Queue:
    """A queue.

    Parameters
    ----------
    url : str
    access : Access
    visibility_seconds : int
        How long a message that was received stays hidden from others, if this process dies.
    """

    def __init__(self, url: str, access: Access, visibility_seconds: int) -> None:
        self.url = url
        self.visibility_seconds = visibility_seconds
        region = _REGION_IN_URL.match(url)
        try:
            self._client = access.client("sqs", region=region[1] if region else None)
        except Exception as error:
            raise self._explain(error) from error

    def receive(
        self, most: int, wait_seconds: int, is_stopped: Callable[[], bool]
    ) -> list[Message]:
        """Up to so many messages; none where none came while it waited.

        Raises
        ------
        SourceError
            The queue cannot be asked.
        """
        found: dict[str, Message] = {}
        while len(found) < most and not is_stopped():
            wait = 0 if found else min(wait_seconds, _LONGEST_WAIT_SECONDS)
            came = self._receive_batch(min(_BATCH, most - len(found)), wait)
            found.update((message.id, message) for message in came)
            if not came:
                break
        return list(found.values())

    def _receive_batch(self, most: int, wait_seconds: int) -> list[Message]:
        answer = self._ask(
            self._client.receive_message,
            MaxNumberOfMessages=most,
            WaitTimeSeconds=wait_seconds,
            VisibilityTimeout=self.visibility_seconds,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [_as_message(one) for one in answer.get("Messages", ())]

    @contextmanager
    def kept(self, messages: Sequence[Message]) -> Iterator[None]:
        """Hide these messages from others as long as the block runs."""
        ended = threading.Event()
        thread = threading.Thread(
            target=self._keep, args=(messages, ended), name="flowparse-keep", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _keep(self, messages: Sequence[Message], ended: threading.Event) -> None:
        while not ended.wait(self.visibility_seconds / 2):
            # A message that cannot be kept comes again, and its objects are known by then.
            self._change_visibility(messages, self.visibility_seconds)

    def release(self, messages: Sequence[Message]) -> None:
        """Let others have these messages at once. It is a courtesy: errors do not matter."""
        self._change_visibility(messages, 0)

    def _change_visibility(self, messages: Sequence[Message], seconds: int) -> None:
        for batch in _batches(messages):
            entries = [
                {"Id": str(n), "ReceiptHandle": one.receipt, "VisibilityTimeout": seconds}
                for n, one in enumerate(batch)
            ]
            try:
                self._ask(self._client.change_message_visibility_batch, Entries=entries)
            except SourceError:
                return

    def delete(self, messages: Sequence[Message]) -> int:
        """Take messages off the queue for good; how many were.

        One that could not be deleted comes again.
        """
        deleted = 0
        for batch in _batches(messages):
            entries = [{"Id": str(n), "ReceiptHandle": one.receipt} for n, one in enumerate(batch)]
            answer = self._ask(self._client.delete_message_batch, Entries=entries)
            deleted += len(answer.get("Successful", ()))
        return deleted

    def _ask(self, call: Callable[..., Any], **asked: Any) -> Any:
        return repeat(lambda: call(QueueUrl=self.url, **asked), self._explain)

    def _explain(self, error: Exception, attempts: int = 1) -> SourceError:
        code, _ = answer_of(error)
        advice = _ADVICE.get(code.rpartition(".")[2])
        what = f"{advice} ({code})" if advice else (str(error) or type(error).__name__)
        tried = f", tried {attempts} times" if attempts > 1 else ""
        return SourceError(f"{self.url}: cannot be followed: {what}{tried}", source=self.url)


def _as_message(one: dict[str, Any]) -> Message:
    received = int(one.get("Attributes", {}).get("ApproximateReceiveCount", 1))
    return Message(one["MessageId"], one["ReceiptHandle"], one["Body"], received)


def _batches(messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
    return (messages[at : at + _BATCH] for at in range(0, len(messages), _BATCH))
