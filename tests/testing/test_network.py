"""What a network promises: the same bytes everywhere, and clear words for wrong arguments."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from flowparse import LogFormatError
from flowparse.testing import STORIES, Network

SMALL = Network(seed=7, interfaces=10, peers=50)

# Recorded with CPython 3.11 on x86-64 Linux; 3.12 and 3.13 gave the same. It changes only
# when the generator does, and then numbers measured before are no longer comparable.
FIRST_STORIES = ("port-scan", "denied-ssh", "exfiltration", "beacon")
RECORDED = "9f3e3e86aa215a213608b713449ce1f2de4cf36d9a983cf81cb20ea0b8421b66"


def digest(network: Network) -> str:
    return hashlib.sha256(network.text(records=500, stories=FIRST_STORIES)).hexdigest()


def test_text_is_the_same_on_every_machine() -> None:
    """A seed gives the bytes that it gave when they were recorded."""
    assert digest(SMALL) == RECORDED


def test_text_is_the_same_in_another_process() -> None:
    """The hash seed of the process has no say; `import flowparse` does not load the package."""
    code = (
        "import sys, flowparse, hashlib\n"
        "assert not [name for name in sys.modules if name.startswith('flowparse.testing')]\n"
        "from flowparse.testing import STORIES, Network\n"
        "text = Network(seed=7, interfaces=10, peers=50).text(records=500, stories=STORIES)\n"
        "print(hashlib.sha256(text).hexdigest())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    text = SMALL.text(records=500, stories=STORIES)
    assert ran.stdout.strip() == hashlib.sha256(text).hexdigest()


def test_another_seed_is_another_network() -> None:
    """Two seeds share no interface."""
    texts = [Network(seed=seed, interfaces=10, peers=50).text("interface-id", records=200)
             for seed in (1, 2)]  # fmt: skip
    first, second = (set(text.splitlines()[1:]) for text in texts)
    assert first.isdisjoint(second)


def test_blocks_are_the_text() -> None:
    """Joined blocks are the text; each is whole lines, and there are several."""
    blocks = list(SMALL.blocks(records=50_000))
    assert len(blocks) > 2
    assert all(block.endswith(b"\n") for block in blocks)
    assert b"".join(blocks) == SMALL.text(records=50_000)


def test_start_is_taken_in_every_form() -> None:
    """A datetime, ISO text and epoch seconds of one moment give the same text."""
    forms: list[Any] = [
        datetime(2026, 11, 24, 13, tzinfo=UTC),
        datetime(2026, 11, 24, 13),
        "2026-11-24T13:00:00Z",
        "2026-11-24T14:00:00+01:00",
        1795525200,
    ]
    assert len({SMALL.text(records=20, start=form) for form in forms}) == 1


def test_nothing_asked_for_is_a_header() -> None:
    """Zero records are a header, or nothing at all."""
    assert SMALL.text("start end", records=0) == b"start end\n"
    assert SMALL.text("start end", records=0, header=False) == b""


def test_accounts_take_turns_and_keep_their_zeros() -> None:
    """Records of every account occur, with leading zeros."""
    accounts = ("000000000042", "111122223333")
    network = Network(accounts=accounts, interfaces=10, peers=50)
    found = set(network.text("account-id", records=500, header=False).decode().split())
    assert set(accounts) <= found


@pytest.mark.parametrize(
    ("region", "zone", "partition"),
    [
        ("us-east-1", "use1-az", "arn:aws:"),
        ("ap-southeast-2", "apse2-az", "arn:aws:"),
        ("us-gov-east-1", "usge1-az", "arn:aws-us-gov:"),
        ("cn-north-1", "cnn1-az", "arn:aws-cn:"),
    ],
)
def test_zones_and_arns_follow_the_region(region: str, zone: str, partition: str) -> None:
    """Zone IDs and ARNs are spelled as AWS spells them in that region."""
    network = Network(region=region, interfaces=12, peers=50)
    text = network.text("az-id ecs-cluster-arn", records=500, header=False).decode()
    pairs = {tuple(line.split()) for line in text.splitlines()}
    assert {az[: len(zone)] for az, _ in pairs if az != "-"} == {zone}
    assert {arn[: len(partition)] for _, arn in pairs if arn != "-"} == {partition}


@pytest.mark.parametrize(
    "mix",
    [
        {"ipv6": 0.0},
        {"ipv6": 1.0},
        {"rejects": 0.0, "no_data": 0.0, "skip_data": 0.0},
        {"rejects": 1.0, "no_data": 0.0, "skip_data": 0.0},
        {"rejects": 0.0, "no_data": 1.0, "skip_data": 0.0},
        {"rejects": 0.0, "no_data": 0.0, "skip_data": 1.0},
        {"interfaces": 1, "rejects": 0.0, "no_data": 1.0, "skip_data": 0.0},
        {"interfaces": 1, "peers": 4},
    ],
)
def test_extreme_mixes_still_give_every_record(mix: dict[str, Any]) -> None:
    """Shares of nothing and of all, and the smallest network, give the records asked for."""
    network = Network(**({"interfaces": 10, "peers": 50} | mix))
    rows = [r.split() for r in network.text("type action log-status", records=200).splitlines()]
    assert len(rows) == 201
    if mix.get("ipv6") is not None:
        other = b"IPv4" if mix["ipv6"] else b"IPv6"
        assert other not in {row[0] for row in rows}
    if mix.get("rejects") == 1.0:
        assert {row[1] for row in rows[1:]} == {b"REJECT"}
    if mix.get("skip_data") == 1.0:
        assert {row[2] for row in rows[1:]} == {b"SKIPDATA"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"seed": 1.0}, "seed: expected a whole number, got 1.0"),
        ({"accounts": ("1234",)}, "accounts: expected twelve digits, got '1234'"),
        ({"accounts": ()}, "accounts: expected 1 to 200"),
        ({"accounts": ("111122223333",) * 2}, "none of them twice"),
        ({"region": "moon"}, "region: expected one such as 'us-east-1', got 'moon'"),
        ({"interfaces": 0}, "interfaces: expected 1 to 16000, got 0"),
        ({"peers": 3}, "peers: expected 4 to 131072, got 3"),
        ({"peers": 131073}, "peers: expected 4 to 131072"),
        ({"ipv6": 1.1}, "ipv6: expected 0 to 1, got 1.1"),
        ({"rejects": 0.9, "no_data": 0.2}, "together at most 1"),
        ({"interval": 61}, "interval: AWS knows 60 and 600 seconds, got 61"),
    ],
)
def test_wrong_parameter_is_named(arguments: dict[str, Any], words: str) -> None:
    """A parameter out of range is a ValueError that names it, and what it may be."""
    with pytest.raises(ValueError, match=words):
        Network(**arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"records": -1}, "records: expected 0 or more"),
        ({"seconds": 0}, "seconds: expected 1 or more"),
        ({"start": "soon"}, "start: expected a time"),
        ({"start": 0.5}, "start: expected whole seconds"),
        ({"stories": ["gossip"]}, "stories: 'gossip' is none of port-scan, denied-ssh"),
        ({"stories": ["beacon"], "seconds": 299}, "stories need 300 seconds or more, got 299"),
    ],
)
def test_wrong_argument_is_named(arguments: dict[str, Any], words: str) -> None:
    """An argument out of range is a ValueError that names it, before a line is made."""
    with pytest.raises(ValueError, match=words):
        SMALL.blocks(**({"records": 1} | arguments))


def test_wrong_format_is_a_log_format_error() -> None:
    """A log format that cannot be read is the same error as anywhere."""
    with pytest.raises(LogFormatError, match="position 0 is not closed"):
        SMALL.text("${version", records=1)
