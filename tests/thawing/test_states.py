"""What S3 answers to HEAD and RestoreObject, by botocore's own stubber."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

boto3 = pytest.importorskip("boto3")
stub = pytest.importorskip("botocore.stub")

from flowparse.access import Access  # noqa: E402
from flowparse.thawing import ThawState, asking, look, request, states, wait, waiting  # noqa: E402

URL = "s3://kept/a/b.parquet"
PLACE = {"Bucket": "kept", "Key": "a/b.parquet"}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    client = boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    for module in (states, asking, waiting):
        monkeypatch.setattr(module, "client_of", lambda access: client)
    with stub.Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def head(stubber: Any, **answer: Any) -> None:
    stubber.add_response("head_object", {"ContentLength": 5, **answer}, PLACE)


@pytest.mark.parametrize(
    ("answer", "kind", "state", "until"),
    [
        ({}, "STANDARD", "readable", None),
        ({"StorageClass": "GLACIER_IR"}, "GLACIER_IR", "readable", None),
        ({"StorageClass": "GLACIER"}, "GLACIER", "frozen", None),
        (
            {"StorageClass": "DEEP_ARCHIVE", "Restore": 'ongoing-request="true"'},
            "DEEP_ARCHIVE",
            "ongoing",
            None,
        ),
        (
            {
                "StorageClass": "GLACIER",
                "Restore": 'ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"',
            },
            "GLACIER",
            "thawed",
            datetime(2012, 12, 21, tzinfo=UTC),
        ),
        ({"StorageClass": "INTELLIGENT_TIERING"}, "INTELLIGENT_TIERING", "readable", None),
        (
            {"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"},
            "ARCHIVE_ACCESS",
            "frozen",
            None,
        ),
        (
            {
                "StorageClass": "INTELLIGENT_TIERING",
                "ArchiveStatus": "DEEP_ARCHIVE_ACCESS",
                "Restore": 'ongoing-request="true"',
            },
            "DEEP_ARCHIVE_ACCESS",
            "ongoing",
            None,
        ),
    ],
)
def test_look(
    s3: Any, answer: dict[str, str], kind: str, state: str, until: datetime | None
) -> None:
    """An object's state is what the headers of HEAD mean in AWS's documentation."""
    head(s3, **answer)
    assert look([URL]) == [ThawState(URL, 5, kind, state, until)]  # type: ignore[arg-type]


def ask(kind: str = "GLACIER") -> list[dict[str, Any]]:
    return request([ThawState(URL, 5, kind, "frozen")], "bulk", 3, apply=True).to_pylist()


def test_what_is_asked_for(s3: Any) -> None:
    """GLACIER takes days and tier; INTELLIGENT_TIERING refuses days, and gets none."""
    asked: dict[str, Any] = {"GlacierJobParameters": {"Tier": "Bulk"}}
    s3.add_response("restore_object", {}, {**PLACE, "RestoreRequest": {**asked, "Days": 3}})
    s3.add_response("restore_object", {}, {**PLACE, "RestoreRequest": asked})
    assert ask()[0]["outcome"] == "asked"
    assert ask("ARCHIVE_ACCESS")[0]["outcome"] == "asked"


@pytest.mark.parametrize(
    ("code", "status", "outcome", "message"),
    [
        ("RestoreAlreadyInProgress", 409, "ongoing", None),
        ("ObjectAlreadyInActiveTierError", 403, "readable", None),
        ("AccessDenied", 403, "failed", "s3:RestoreObject"),
        ("GlacierExpeditedRetrievalNotAvailable", 503, "failed", "take the tier standard"),
        ("NoSuchKey", 404, "failed", "cannot be thawed: the object is gone"),
        ("Odd", 400, "failed", "S3 answers Odd"),
    ],
)
def test_answers(s3: Any, code: str, status: int, outcome: str, message: str | None) -> None:
    """A thaw that is under way is no error; others are told with their object, and stop no run."""
    s3.add_client_error("restore_object", code, "so it is", status)
    (row,) = ask()
    assert row["outcome"] == outcome
    if message is None:
        assert row["message"] is None
    else:
        assert row["message"].startswith(f"{URL}: cannot be thawed: ")
        assert message in row["message"]


def test_nothing_is_sent_for_others(s3: Any) -> None:
    """Without `apply`, and for objects that are not frozen, no request is made."""
    states_ = [ThawState(URL, 5, "GLACIER", state) for state in ("ongoing", "thawed")]  # type: ignore[arg-type]
    done = request(states_, "bulk", apply=True)
    assert done["outcome"].to_pylist() == ["ongoing", "thawed"]
    would = request([ThawState(URL, 5, "GLACIER", "frozen")], "bulk")
    assert would["outcome"].to_pylist() == ["would-ask"]


def test_pauses_grow(s3: Any) -> None:
    """It is looked ever less often, and never less often than `longest`."""
    for _ in range(5):
        head(s3, StorageClass="GLACIER", Restore='ongoing-request="true"')
    head(s3, StorageClass="GLACIER", Restore='ongoing-request="false"')
    pauses: list[float] = []

    class Clock(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(timeout or 0)
            return False

    (found,) = wait([URL], first=4, longest=10, stop=Clock())
    assert found.state == "thawed"
    assert pauses == [4, 6, 9, 10, 10]


def test_a_wait_ends_where_nobody_asked(s3: Any) -> None:
    """What is frozen and was never asked for is not waited for."""
    head(s3, StorageClass="GLACIER")
    assert wait([URL])[0].state == "frozen"


def test_a_wait_ends_in_time(s3: Any) -> None:
    """A timeout, or `stop`, gives back what is known by then."""
    for _ in range(2):
        head(s3, StorageClass="GLACIER", Restore='ongoing-request="true"')
    assert wait([URL], timeout=0)[0].state == "ongoing"
    stop = threading.Event()
    stop.set()
    assert wait([URL], stop=stop)[0].state == "ongoing"


def test_a_payer_is_named(s3: Any) -> None:
    """A bucket whose reader pays is told so."""
    s3.add_response("head_object", {"ContentLength": 5}, {**PLACE, "RequestPayer": "requester"})
    assert look([URL], session=Access(requester_pays=True))[0].can_be_read
