"""Tables of Delta Lake and Apache Iceberg, read back by their own packages."""

from __future__ import annotations

import gzip
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowparse
from flowparse.errors import DestinationError

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of pyiceberg's SQL catalog
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@dataclass
class Table:
    """A table of one kind, in a folder of the test."""

    sink: Any
    folder: Path

    @property
    def destination(self) -> str:
        return str(self.folder / "table") if self.sink == "delta" else "local/net.flows"

    @property
    def sink_options(self) -> dict[str, str]:
        if self.sink == "delta":
            return {}
        database = f"sqlite:///{self.folder / 'catalog.db'}"
        return {"type": "sql", "uri": database, "warehouse": f"file://{self.folder}/warehouse"}

    def ingest(self, source: object, **options: Any) -> flowparse.IngestResult:
        given = {"state": self.folder / "state", "unit_objects": 2, **options}
        return flowparse.ingest(
            source, self.destination, sink=self.sink, sink_options=self.sink_options, **given
        )

    def read(self) -> pa.Table:
        if self.sink == "delta":
            import deltalake

            return deltalake.DeltaTable(self.destination).to_pyarrow_table()
        return self._catalog().load_table("net.flows").scan().to_arrow()

    def commits(self) -> int:
        """How many appends the table tells of."""
        if self.sink == "delta":
            import deltalake

            return len(deltalake.DeltaTable(self.destination).history())
        return len(self._catalog().load_table("net.flows").metadata.snapshots)

    def _catalog(self) -> Any:
        from pyiceberg.catalog import load_catalog

        return load_catalog("local", **self.sink_options)


@pytest.fixture(params=["delta", "iceberg"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Table:
    package = "deltalake" if request.param == "delta" else "pyiceberg.catalog.sql"
    pytest.importorskip(package, reason=f"{package} is not installed")
    return Table(request.param, tmp_path)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """8 objects of one record each."""
    folder = tmp_path / "logs"
    folder.mkdir()
    for port in range(8):
        write(folder, port)
    return folder


def write(folder: Path, port: int, name: str = "", fields: str = "", values: str = "") -> None:
    text = f"version account-id dstport start action{fields}\n"
    text += f"2 000000000042 {port} {port % 2 * 86400 + 5} ACCEPT{values}\n"
    (folder / f"{name or f'{port:02}'}.gz").write_bytes(gzip.compress(text.encode()))


def ports(table: Table) -> list[int]:
    return sorted(table.read()["dstport"].to_pylist())


def test_appended_once(table, logs):
    """Each unit is one commit; a later run adds what is new, and nothing twice."""
    result = table.ingest(logs)
    assert (result.rows, result.units, result.files) == (8, 4, ())
    assert ports(table) == list(range(8))
    assert table.commits() == 4
    write(logs, 50)
    assert table.ingest(logs).objects == 1
    assert table.ingest(logs).objects == 0
    assert ports(table) == [*range(8), 50]
    assert table.commits() == 5


def test_values(table, logs):
    """Texts are text, times are instants, leading zeros survive."""
    table.ingest(logs)
    rows = table.read().select(["account_id", "start", "action", "version"]).to_pylist()
    assert {row["account_id"] for row in rows} == {"000000000042"}
    assert {row["start"].isoformat() for row in rows} == {
        "1970-01-01T00:00:05+00:00",
        "1970-01-02T00:00:05+00:00",
    }
    assert {(row["action"], row["version"]) for row in rows} == {("ACCEPT", 2)}


def test_a_format_with_more_fields(table, logs):
    """A column that later objects bring is added to the table; it is null before."""
    table.ingest(logs)
    write(logs, 50, fields=" region tcp-flags", values=" us-east-1 3")
    table.ingest(logs)
    rows = table.read().select(["dstport", "region", "tcp_flags"]).to_pylist()
    assert {"dstport": 50, "region": "us-east-1", "tcp_flags": 3} in rows
    assert {"dstport": 1, "region": None, "tcp_flags": None} in rows
    write(logs, 51)
    table.ingest(logs)
    assert ports(table) == [*range(8), 50, 51]


def test_a_changed_object_is_said(table, logs):
    """A table's records are not replaced: the change is a failure, and all stays."""
    table.ingest(logs)
    write(logs, 99, name="03")
    result = table.ingest(logs)
    [error] = result.errors.to_pylist()
    assert "cannot be replaced" in error["message"]
    assert ports(table) == list(range(8))


def test_a_state_that_is_lost(table, logs, tmp_path):
    """A table with records that a new state does not know is refused."""
    table.ingest(logs)
    with pytest.raises(DestinationError, match="knows nothing of"):
        table.ingest(logs, state=tmp_path / "new")
    assert ports(table) == list(range(8))


def test_units_without_records(table, logs):
    """A unit of which nothing is kept leaves the table alone, and is known."""
    kept = {"filters": [("dstport", "=", 3)], "unit_objects": 1}
    assert table.ingest(logs, **kept).rows == 1
    assert table.commits() == 1
    assert table.ingest(logs, **kept).known == 8


@pytest.mark.parametrize("when", ["before", "after"])
def test_stopped_beside_the_commit(table, logs, monkeypatch, when):
    """Stopped just before the commit or just after, the next run asks the table."""
    from flowparse.ingesting import delta, iceberg

    sink = delta.DeltaSink if table.sink == "delta" else iceberg.IcebergSink
    publish, calls = sink.publish, []

    def stop(self, unit, staged):
        calls.append(unit)
        if len(calls) == 2 and when == "before":
            raise KeyboardInterrupt
        publish(self, unit, staged)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(sink, "publish", stop)
    with pytest.raises(KeyboardInterrupt):
        table.ingest(logs)
    result = table.ingest(logs)
    assert result.recovered == 1
    assert result.known == (4 if when == "after" else 2)
    assert ports(table) == list(range(8))
    assert table.commits() == 4


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed(table, logs, tmp_path):
    """Killed at random moments and run again, the table holds each record once."""
    moments, killed = random.Random(7), 0
    seconds = 1.5
    for number in range(60):
        one = Table(table.sink, tmp_path / f"run-{number}")
        one.folder.mkdir()
        command = [sys.executable, "-m", "flowparse", "ingest", str(logs), one.destination]
        command += ["--sink", one.sink, "--state", str(one.folder / "state")]
        command += ["--unit-objects", "1"]
        for name, value in one.sink_options.items():
            command += ["--sink-option", f"{name}={value}"]
        with subprocess.Popen(command, stdout=-3, stderr=-3) as process:
            while not (one.folder / "state" / "state.db").exists() and process.poll() is None:
                time.sleep(0.001)
            time.sleep(moments.uniform(0, seconds))
            process.send_signal(signal.SIGKILL)
        if process.returncode != -signal.SIGKILL:
            assert process.returncode == 0
            seconds *= 0.9
            continue
        killed += 1
        one.ingest(logs, unit_objects=1)
        assert ports(one) == list(range(8)), f"run {number}"
        if killed == 10:
            break
    assert killed == 10


def test_delta_folders(logs, tmp_path):
    """Folders of a Delta table have types: a day is a date."""
    pytest.importorskip("deltalake", reason="deltalake is not installed")
    table = Table("delta", tmp_path)
    table.ingest(logs, partition_by=["day", "account"])
    rows = table.read().select(["dstport", "day", "account"]).to_pylist()
    days = {(row["dstport"] % 2, row["day"].isoformat(), row["account"]) for row in rows}
    assert days == {(0, "1970-01-01", "000000000042"), (1, "1970-01-02", "000000000042")}
    import deltalake

    assert deltalake.DeltaTable(table.destination).metadata().partition_columns == [
        "day",
        "account",
    ]


def test_wrong_uses(logs, tmp_path):
    """What does not go with a sink is refused, by its name."""
    pytest.importorskip("pyiceberg.catalog", reason="pyiceberg is not installed")
    state = {"state": tmp_path / "state"}
    with pytest.raises(ValueError, match=r"^sink: expected one of parquet, delta, iceberg"):
        flowparse.ingest(logs, tmp_path / "x", sink="hudi")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^sink_options: "):
        flowparse.ingest(logs, tmp_path / "x", sink_options={"a": "b"})
    with pytest.raises(ValueError, match=r"^partition_by: "):
        flowparse.ingest(logs, "c/n.t", sink="iceberg", partition_by=["day"], **state)
    with pytest.raises(DestinationError, match="CATALOG/NAMESPACE"):
        flowparse.ingest(logs, "flows", sink="iceberg", **state)
    with pytest.raises(DestinationError, match="pass state"):
        flowparse.ingest(logs, "c/n.t", sink="iceberg")
