"""What of the data is missing, damaged or silent."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa

import flowparse
from flowparse import aggregate

HEADER = b"version account-id region interface-id start end log-status\n"
T = 1_700_000_100  # 2023-11-14T22:15:00Z, where five minutes begin


def record(start: int, *, eni: str = "eni-1", status: str = "OK", account: str = "-") -> bytes:
    return b"5 %s us-east-1 %s %d %d %s\n" % (
        account.encode(),
        eni.encode(),
        start,
        start + 59,
        status.encode(),
    )


def found(data: object, *names: str, **options: Any) -> list[tuple[Any, ...]]:
    table = aggregate.quality(data, **options)
    for name in ("first_seen", "last_seen"):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(pa.int64()))
    columns = table.select(["what", *names]).to_pydict().values()
    return list(zip(*columns, strict=True))


def test_all_is_well() -> None:
    """Records with the status OK, without a gap, give no row."""
    log = HEADER + b"".join(record(T + 60 * n) for n in range(60))
    assert found(log) == []


def test_statuses() -> None:
    """SKIPDATA and unknown statuses are told by interface, NODATA by account."""
    log = HEADER + b"".join(
        [
            *(record(T + n, eni=f"eni-{n}", status="NODATA") for n in range(3)),
            *(record(T + n, status="SKIPDATA") for n in range(2)),
            record(T, eni="eni-2", status="INCOMPLETEDATA"),
            record(T, eni="eni-2", status="-"),
        ]
    )
    names = ("reason", "interface_id", "count", "unit", "first_seen", "last_seen")
    assert found(log, *names) == [
        ("skip-data", "SKIPDATA", "eni-1", 2, "records", T, T + 60),
        ("status", "INCOMPLETEDATA", "eni-2", 1, "records", T, T + 59),
        ("no-data", "NODATA", None, 3, "records", T, T + 61),
    ]


def test_a_silent_interface() -> None:
    """An interface is silent from silent_after on, and one that says NODATA is not."""
    log = HEADER + b"".join(
        [
            record(T, eni="eni-gone"),
            record(T + 1, eni="eni-nearly"),
            record(T, eni="eni-quiet"),
            record(T + 3600, eni="eni-quiet", status="NODATA"),
        ]
    )
    names = ("interface_id", "count", "unit", "first_seen", "last_seen")
    options = {"gap_after": None}
    silent = [row for row in found(log, *names, **options) if row[0] == "silent"]
    assert silent == [("silent", "eni-gone", 3600, "seconds", T + 59, T + 3659)]
    assert not [row for row in found(log, silent_after=None, **options) if row[0] == "silent"]


def deliver(folder: Path, flow_log: str, stamp: str, starts: list[int]) -> Path:
    account = "111122223333"  # of the flow log; that of its interfaces is another
    path = folder / (
        f"AWSLogs/{account}/vpcflowlogs/us-east-1/2023/11/14/"
        f"{account}_vpcflowlogs_us-east-1_{flow_log}_20231114T{stamp}Z_fe123456.log.gz"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    text = HEADER + b"".join(record(start, account="000000000042") for start in starts)
    path.write_bytes(gzip.compress(text))
    return path


def test_gaps_are_of_a_flow_log(tmp_path: Path) -> None:
    """Two flow logs of one account each have their own gaps, told by the objects' keys."""
    deliver(tmp_path, "fl-0a1b2c3d", "2215", [T, T + 60])
    deliver(tmp_path, "fl-0a1b2c3d", "2235", [T + 1200])
    deliver(tmp_path, "fl-00000001", "2215", [T])
    deliver(tmp_path, "fl-00000001", "2230", [T + 900])
    names = ("account_id", "flow_log_id", "count", "unit", "first_seen", "last_seen")
    unit = "windows of 5 minutes"
    assert found(tmp_path, *names) == [
        ("gap", "111122223333", "fl-0a1b2c3d", 3, unit, T + 300, T + 1200)
    ]
    shorter = found(tmp_path, *names, gap_after="10m")
    assert shorter[1] == ("gap", "111122223333", "fl-00000001", 2, unit, T + 300, T + 900)


def test_gaps_without_keys_are_of_an_account_and_region() -> None:
    """Without AWS's keys a record's own account says which flow log it is of."""
    log = HEADER + record(T, account="000000000042") + record(T + 1200, account="000000000042")
    log += record(T + 600, account="111122223333")
    names = ("account_id", "region", "flow_log_id", "count")
    gaps = [row for row in found(log, *names, silent_after=None) if row[0] == "gap"]
    assert gaps == [("gap", "000000000042", "us-east-1", None, 3)]


def test_rejects_and_failed_sources(tmp_path: Path) -> None:
    """A source that is cut off is an error; lines that are no records are told by reason."""
    cut = deliver(tmp_path, "fl-0a1b2c3d", "2215", [T])
    cut.write_bytes(cut.read_bytes()[:-4])
    bad = tmp_path / "bad.log"
    bad.write_bytes(HEADER + record(T) + b"5 x\n5 y\n" + record(T).replace(b"17000", b"x7000"))
    names = ("source", "reason", "count", "unit", "detail")
    error, *rejects = found([cut, bad], *names, on_reject="collect")
    assert error[:5] == ("error", str(cut), "InflateError", 1, "records kept")
    assert str(cut) in error[5]
    line = record(T).replace(b"17000", b"x7000").decode().rstrip("\n")
    assert rejects == [
        ("reject", str(bad), "field-count", 2, "lines", "5 x"),
        ("reject", str(bad), "not-a-number", 1, "lines", line),
    ]


def test_what_a_table_says_it_lost() -> None:
    """A table read before tells how many lines were no records, and the first one's fault."""
    table = flowparse.read_table(HEADER + record(T) + b"5 x\n5 y\n", on_reject="collect")
    [row] = aggregate.quality(table).to_pylist()
    assert (row["what"], row["count"], row["source"]) == ("reject", 2, None)
    assert "expected 7 fields, got 2" in row["detail"]
