"""Facts made by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from flowparse.detect import Facts
from flowparse.detect.facts import DENIALS, STATUS, TALKS

BEGIN = 1_767_225_600  # 2026-01-01T00:00Z
HOUR = 3600
DAY = 24 * HOUR

_TALK = {
    "account_id": "111122223333",
    "interface_id": "eni-1",
    "client": "10.0.0.9",
    "server": "10.0.0.1",
    "port": 443,
    "protocol": 6,
    "is_answer": False,
    "action": "ACCEPT",
    "records": 1,
    "packets": 10,
    "bytes": 1000,
    "flags": 0,
    "minutes": 1,
}
_DENIAL = {"account_id": "111122223333", "interface_id": "eni-1", "packets": 1, "bytes": 60}
_STATUS = {"account_id": "111122223333", "interface_id": "eni-1", "log_status": "OK", "records": 1}


def talk(hour: int, **about: Any) -> dict[str, Any]:
    """A row of talks, so many hours after BEGIN; an accepted HTTPS request but for `about`."""
    at = BEGIN + HOUR * hour
    return {"hour": at, "first_seen": at, "last_seen": at + 59, **_TALK, **about}


def both(hour: int, **about: Any) -> list[dict[str, Any]]:
    """A request and its answer."""
    return [talk(hour, **about), talk(hour, **{**about, "is_answer": True})]


def denial(window: int, srcaddr: str, records: int, **about: Any) -> dict[str, Any]:
    """A row of denials, so many times five minutes after BEGIN."""
    at = BEGIN + 300 * window
    seen = {"window": at, "first_seen": at, "last_seen": at + 299}
    return {**seen, "srcaddr": srcaddr, "records": records, **_DENIAL, **about}


def status(window: int, **about: Any) -> dict[str, Any]:
    """A row of status, so many times ten minutes after BEGIN."""
    return {"window": BEGIN + 600 * window, **_STATUS, **about}


def facts(
    talks: Iterable[dict[str, Any]] = (),
    denials: Iterable[dict[str, Any]] = (),
    status: Iterable[dict[str, Any]] = (),
) -> Facts:
    """Facts of such rows."""
    made = [
        pa.Table.from_pylist(list(rows), schema)
        for rows, schema in ((talks, TALKS), (denials, DENIALS), (status, STATUS))
    ]
    return Facts.made(*made)


def until(whole: Facts, seconds: int) -> Facts:
    """Those of the windows that begin before so many seconds after BEGIN."""
    import pyarrow.compute as pc

    end = pa.scalar(BEGIN + seconds, pa.timestamp("s", "UTC"))
    tables = (
        table.filter(pc.less(table[name], end))
        for table, name in (
            (whole.talks, "hour"),
            (whole.denials, "window"),
            (whole.status, "window"),
        )
    )
    return Facts(*tables, whole.columns)
