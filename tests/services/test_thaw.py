"""An archive of cold classes, restored from servers that freeze and thaw."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from archived import texts_below, write_month
from flowparse.archive import archive, restore
from flowparse.thawing import look, request, thaw, wait
from services.endpoint import Endpoint

#: ministack's thawing takes two seconds; its pauses are as long.
FIRST = 0.2


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_month(tmp_path_factory.mktemp("cold-logs"), days=0.03125, records=3)


@pytest.fixture(
    params=[
        pytest.param("moto", marks=pytest.mark.moto),
        pytest.param("ministack", marks=pytest.mark.ministack),
    ]
)
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    endpoint: Endpoint = request.getfixturevalue(request.param)
    for name, value in endpoint.environment().items():
        monkeypatch.setenv(name, value)
    return endpoint


@pytest.fixture
def slow(ministack: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    for name, value in ministack.environment().items():
        monkeypatch.setenv(name, value)
    return ministack


def freeze(server: Endpoint, logs: Path, storage_class: str) -> str:
    kept = f"s3://{server.new_bucket()}/kept"
    archive(logs, kept, storage_class=storage_class)
    return kept


def run(server: Endpoint, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flowparse", "restore", *map(str, arguments)]
    environment = {**os.environ, **server.environment()}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_thawed_and_restored(
    server: Endpoint, logs: Path, tmp_path: Path, storage_class: str
) -> None:
    """What is frozen is thawed once its price was told, waited for, and restored to the byte."""
    kept, prices = freeze(server, logs, storage_class), []
    when = thaw("bulk", 2, apply=True, wait_seconds=60, first=FIRST, on_price=prices.append)
    done = restore(kept, tmp_path / "back", when_frozen=when)
    assert (done.frozen, done.problems.num_rows) == ((), 0)
    assert texts_below(tmp_path / "back") == texts_below(logs)
    assert prices[0].objects > 0
    again = restore(kept, tmp_path / "back", when_frozen=when)
    assert (again.objects, again.known) == (0, done.objects)
    assert len(prices) == 1


def test_nothing_is_asked_without_apply(server: Endpoint, logs: Path, tmp_path: Path) -> None:
    """The price is told, and no object is thawed."""
    kept, prices = freeze(server, logs, "GLACIER"), []
    when = thaw("standard", on_price=prices.append)
    done = restore(kept, tmp_path / "back", when_frozen=when)
    assert done.objects == 0
    assert prices[0].objects == len(done.frozen) > 0
    assert {one.state for one in look(done.frozen)} == {"frozen"}


def test_resumed_later(slow: Endpoint, logs: Path, tmp_path: Path) -> None:
    """A run that does not wait is taken up by a later one, which asks for nothing again."""
    kept, told = freeze(slow, logs, "DEEP_ARCHIVE"), []
    when = thaw("bulk", apply=True, on_asked=lambda one: told.append(one["outcome"].to_pylist()))
    first = restore(kept, tmp_path / "back", when_frozen=when)
    second = restore(kept, tmp_path / "back", when_frozen=when)
    assert first.objects == second.objects == 0
    assert [set(one) for one in told] == [{"asked"}, {"ongoing"}]
    asked = look(first.frozen)
    assert {one.state for one in wait(asked, first=FIRST, timeout=60)} == {"thawed"}
    third = restore(kept, tmp_path / "back", when_frozen=when)
    assert (third.frozen, len(told)) == ((), 2)
    assert texts_below(tmp_path / "back") == texts_below(logs)


def test_asked_by_two(slow: Endpoint, logs: Path) -> None:
    """Who comes second is told that it is under way, not that it failed."""
    kept = freeze(slow, logs, "GLACIER")
    frozen = look(_all(slow, kept))
    assert set(request(frozen, "bulk", apply=True)["outcome"].to_pylist()) == {"asked"}
    assert set(request(frozen, "bulk", apply=True)["outcome"].to_pylist()) == {"ongoing"}


def _all(server: Endpoint, kept: str) -> list[str]:
    bucket = kept.split("/")[2]
    pages = server.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [one["Key"] for page in pages for one in page["Contents"]]
    return [f"s3://{bucket}/{key}" for key in keys if "/manifests/" not in key]


def test_a_missing_object_is_named(slow: Endpoint, logs: Path) -> None:
    """An object that went between looking and asking fails alone, under its name."""
    kept = freeze(slow, logs, "GLACIER")
    frozen = look(_all(slow, kept))
    gone = frozen[0].url
    bucket, _, key = gone.removeprefix("s3://").partition("/")
    slow.client("s3").delete_object(Bucket=bucket, Key=key)
    rows = request(frozen, "bulk", apply=True).to_pylist()
    assert [row["outcome"] for row in rows] == ["failed"] + ["asked"] * (len(rows) - 1)
    assert rows[0]["message"].startswith(f"{gone}: cannot be thawed: ")


def test_command(slow: Endpoint, logs: Path, tmp_path: Path) -> None:
    """`restore` says what thawing costs, asks with --apply, and waits with --wait."""
    kept, back = freeze(slow, logs, "DEEP_ARCHIVE"), tmp_path / "back"
    offered = run(slow, kept, back)
    assert offered.returncode == 3
    assert ", bulk: " in offered.stderr
    assert ", standard: " in offered.stderr
    assert ", expedited: " not in offered.stderr
    assert "thaw it first" in offered.stderr
    planned = run(slow, kept, back, "--thaw", "bulk", "--days", 3)
    assert planned.returncode == 3
    assert "copies for 3 days" in planned.stderr
    assert "pass --apply" in planned.stderr
    assert {one.state for one in look(_all(slow, kept))} == {"frozen"}
    refused = run(slow, kept, back, "--thaw", "expedited", "--apply")
    assert refused.returncode == 2
    assert "--thaw: " in refused.stderr
    assert "no expedited thawing" in refused.stderr
    assert run(slow, kept, back, "--apply").returncode == 2
    done = run(slow, kept, back, "--thaw", "bulk", "--apply", "--wait")
    assert done.returncode == 0, done.stderr
    assert "USD" in done.stderr
    assert "asked for" in done.stderr
    assert "waiting: " in done.stderr
    assert texts_below(back) == texts_below(logs)


def test_a_killed_wait_is_taken_up(slow: Endpoint, logs: Path, tmp_path: Path) -> None:
    """Killed while it waits, the command is simply run again, and pays nothing twice."""
    kept, back = freeze(slow, logs, "GLACIER"), tmp_path / "back"
    command = [sys.executable, "-m", "flowparse", "restore", kept, back]
    options = ["--thaw", "standard", "--apply", "--wait"]
    environment = {**os.environ, **slow.environment()}
    with subprocess.Popen(
        [*map(str, command), *options], env=environment, stderr=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stderr is not None
        for line in waiting.stderr:
            if "waiting: " in line:
                break
        waiting.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while {one.state for one in look(_all(slow, kept))} != {"thawed"}:
        assert time.monotonic() < deadline
        time.sleep(FIRST)
    done = run(slow, kept, back, *options)
    assert done.returncode == 0, done.stderr
    assert "USD" not in done.stderr
    assert texts_below(back) == texts_below(logs)


def test_waiting_for_what_was_asked_before(slow: Endpoint, logs: Path, tmp_path: Path) -> None:
    """`--wait` alone asks for nothing, and waits for what is being thawed."""
    kept, back = freeze(slow, logs, "GLACIER"), tmp_path / "back"
    first, *others = look(_all(slow, kept))
    request([first], "bulk", apply=True)
    part = run(slow, kept, back, "--wait")
    assert part.returncode == 3
    assert f"thawing {len(others):,} objects" in part.stderr
    assert {one.state for one in look(others)} == {"frozen"}
    request(others, "bulk", apply=True)
    done = run(slow, kept, back, "--wait")
    assert done.returncode == 0, done.stderr
    assert texts_below(back) == texts_below(logs)


def test_prices_of_a_file(slow: Endpoint, logs: Path, tmp_path: Path) -> None:
    """The user's own table is what the price is worked out from."""
    table = json.loads((files("flowparse.lifecycle") / "prices" / "us-east-1.json").read_text())
    table |= {"currency": "XTS", "region": "nowhere", "date": "2001-02-03"}
    table["classes"]["GLACIER"]["retrieval_per_1000"]["standard"] = 4000.0
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(table))
    kept = freeze(slow, logs, "GLACIER")
    n_objects = len(_all(slow, kept))
    told = run(slow, kept, tmp_path / "back", "--thaw", "standard", "--prices", path)
    assert told.returncode == 3
    assert f"requests {4 * n_objects:.2f}, " in told.stderr
    assert "XTS" in told.stderr
    assert "by the prices of nowhere of 2001-02-03; within 5 hours" in told.stderr
