"""Stage lay out: JSON envelopes, beside Python's own JSON reader alone, and beside their text."""

from __future__ import annotations

import json

import pytest

import flowparse
from corpus import DEFAULT, Corpora
from race import Race

_EVENTS_PER_DOCUMENT = 500
Documents = list[dict[str, object]]


def subscription(messages: list[str]) -> Documents:
    """As a subscription filter sends them."""
    return [
        {
            "messageType": "DATA_MESSAGE",
            "owner": "111122223333",
            "logGroup": "/vpc/flow-logs",
            "logStream": "eni-0a1b2c3d4e5f60718-all",
            "subscriptionFilters": ["flow-logs"],
            "logEvents": [
                {"id": f"{number:056d}", "timestamp": 1795528800000 + number, "message": message}
                for number, message in enumerate(messages[at : at + _EVENTS_PER_DOCUMENT])
            ],
        }
        for at in range(0, len(messages), _EVENTS_PER_DOCUMENT)
    ]


def firehose(messages: list[str]) -> Documents:
    """As Firehose stores them, a line each."""
    return [{"message": message} for message in messages]


def load(text: str) -> int:
    """The documents alone, by the standard library."""
    scan, at, n_documents = json.JSONDecoder().raw_decode, 0, 0
    while at < len(text):
        _, at = scan(text, at)
        at += 1
        n_documents += 1
    return n_documents


@pytest.mark.parametrize("wrap", [subscription, firehose], ids=["subscription", "firehose"])
def bench_envelope(race: Race, corpora: Corpora, wrap: object) -> None:
    log = corpora.stage_log(DEFAULT)
    lines = log.text.read_text("ascii").splitlines()[1:]
    documents = wrap(lines)  # type: ignore[operator]
    text = "".join(f"{json.dumps(document)}\n" for document in documents)
    envelope, plain = text.encode(), "\n".join(lines).encode()
    assert load(text) == len(documents)
    assert flowparse.read_table(envelope).equals(flowparse.read_table(plain))
    race.stage(
        f"JSON, {wrap.__name__}",  # type: ignore[attr-defined]
        "",
        log,
        lambda: flowparse.read_table(envelope, threads=1),
        {
            "Python's json alone": lambda: load(text),
            "the same as text": lambda: flowparse.read_table(plain, threads=1),
        },
        beside=True,
        rounds=5,
    )
