"""What a run ingests, and what it leaves alone."""

from __future__ import annotations

import gzip
import io
import os
import threading
from collections import Counter
from pathlib import Path

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import flowparse
from flowparse.errors import DestinationError, RecordError, RejectWarning, SourceError
from flowparse.ingesting.places import Folder


def log(*ports: int | str) -> bytes:
    lines = "".join(f"2 {port}\n" for port in ports)
    return gzip.compress(f"version dstport\n{lines}".encode())


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two objects: ports 1 and 2."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.gz").write_bytes(log(1))
    (folder / "b.gz").write_bytes(log(2))
    return folder


def ports(folder: Path) -> list[int]:
    found = [pq.read_table(path)["dstport"].to_pylist() for path in folder.rglob("*.parquet")]
    return sorted(port for some in found for port in some)


# ---------------------------------------------------------------- what is new


def test_all_records_of_a_delivery(delivery, options, rows_of, tmp_path):
    """The data set holds each record of each object once, as `read_table` reads them."""
    result = flowparse.ingest(delivery.folder, tmp_path / "flows", **options)
    table = flowparse.read_table(delivery.folder, columns=["source", "line", "srcaddr", "bytes"])
    wanted = Counter(tuple(row.values()) for row in table.to_pylist())
    names = ("source", "line", "srcaddr", "bytes")
    found = Counter(tuple(row[n] for n in names) for row in rows_of(tmp_path / "flows"))
    assert found == wanted
    assert (result.rows, result.objects) == (delivery.records, len(delivery.objects))
    assert result.counts.records == delivery.records


def test_nothing_is_read_twice(logs, tmp_path):
    """A second run finds all known, and leaves the files as they are."""
    flowparse.ingest(logs, tmp_path / "flows")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "flows").rglob("*")}
    again = flowparse.ingest(logs, tmp_path / "flows")
    assert (again.objects, again.known, again.rows, again.files) == (0, 2, 0, ())
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "flows").rglob("*")} == before


def test_another_way_to_the_same_file(logs, tmp_path, monkeypatch):
    """A file is known by where it is, whatever path led there."""
    flowparse.ingest(logs, tmp_path / "flows")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(logs)
    for way in ("logs", "logs/*.gz", ["logs/a.gz", "logs/b.gz", logs], "link", "./logs/../logs"):
        assert flowparse.ingest(way, tmp_path / "flows").known == 2


def test_a_name_that_is_no_text(logs, tmp_path):
    """A file whose name is not UTF-8 is ingested once, like any other."""
    name = os.fsencode(logs) + b"/\xff.gz"
    try:
        Path(os.fsdecode(name)).write_bytes(log(3))
    except OSError:
        pytest.skip("this file system wants names to be text")
    assert flowparse.ingest(logs, tmp_path / "flows").objects == 3
    assert flowparse.ingest(logs, tmp_path / "flows").known == 3
    assert ports(tmp_path / "flows") == [1, 2, 3]
    Path(os.fsdecode(name)).write_bytes(log(3)[:-4])
    result = flowparse.ingest(logs, tmp_path / "flows")
    assert result.errors["source"].to_pylist() == [f"{logs}/\\udcff.gz"]


def test_an_object_that_is_late(delivery, options, rows_of, tmp_path):
    """An object that comes an hour after later ones is ingested by the next run."""
    late = delivery.files[3]
    body = late.read_bytes()
    late.unlink()
    flowparse.ingest(delivery.folder, tmp_path / "flows", **options)
    late.write_bytes(body)
    result = flowparse.ingest(delivery.folder, tmp_path / "flows", **options)
    assert (result.objects, result.known) == (1, len(delivery.objects) - 1)
    flowparse.ingest(delivery.folder, tmp_path / "clean", **options)
    assert rows_of(tmp_path / "flows") == rows_of(tmp_path / "clean")


def test_look_back(delivery, options, tmp_path):
    """With a look-back, a late object is ingested within it, and counted as too old beyond."""
    bodies = {path: path.read_bytes() for path in (delivery.files[2], delivery.files[-3])}
    for path in bodies:
        path.unlink()
    flowparse.ingest(delivery.folder, tmp_path / "flows", **options)
    for path, body in bodies.items():
        path.write_bytes(body)
    near = flowparse.ingest(delivery.folder, tmp_path / "flows", look_back="30m", **options)
    assert (near.objects, near.too_old) == (1, 1)
    far = flowparse.ingest(delivery.folder, tmp_path / "flows", look_back="1d", **options)
    assert (far.objects, far.too_old) == (1, 0)


def test_look_back_waits_for_who_was_away(delivery, options, tmp_path):
    """The look-back counts from what was ingested, not from now: after a pause nothing is lost."""
    later = {path: path.read_bytes() for path in delivery.files[6:]}
    for path in later:
        path.unlink()
    flowparse.ingest(delivery.folder, tmp_path / "flows", look_back="5m", **options)
    for path, body in later.items():
        path.write_bytes(body)
    result = flowparse.ingest(delivery.folder, tmp_path / "flows", look_back="5m", **options)
    assert (result.objects, result.too_old) == (len(later), 0)


def test_since(delivery, options, tmp_path):
    """Objects whose window ends before `since` are left alone, and counted."""
    since = delivery.objects[10].window_start
    result = flowparse.ingest(delivery.folder, tmp_path / "flows", since=since, **options)
    assert (result.objects, result.too_old) == (len(delivery.objects) - 10, 10)


def test_dry_run(logs, tmp_path):
    """A dry run says what would be read and why, and makes nothing."""
    flowparse.ingest(logs, tmp_path / "flows")
    (logs / "b.gz").write_bytes(log(2, 3))
    (logs / "c.gz").write_bytes(log(4))
    before = sorted(tmp_path.rglob("*"))
    result = flowparse.ingest(logs, tmp_path / "flows", dry_run=True)
    why = {Path(row["object"]).name: row["why"] for row in result.planned.to_pylist()}
    assert why == {"c.gz": "new", "b.gz": "changed", "a.gz": "beside one that changed"}
    assert sorted(tmp_path.rglob("*")) == before
    flowparse.ingest(logs, tmp_path / "other", dry_run=True)
    assert sorted(tmp_path.rglob("*")) == before
    assert ports(tmp_path / "flows") == [1, 2]


# ---------------------------------------------------------------- what changes, goes, or fails


@pytest.mark.parametrize("unit_objects", [1, 2, 1000])
def test_a_changed_object(logs, tmp_path, unit_objects):
    """The new version takes the place of the old one, whatever was ingested with it."""
    flowparse.ingest(logs, tmp_path / "flows", unit_objects=unit_objects)
    (logs / "b.gz").write_bytes(log(7, 8))
    result = flowparse.ingest(logs, tmp_path / "flows", unit_objects=unit_objects)
    assert ports(tmp_path / "flows") == [1, 7, 8]
    assert result.replaced == min(unit_objects, 2)
    assert flowparse.ingest(logs, tmp_path / "flows").known == 2


def test_an_object_that_is_gone(logs, tmp_path):
    """What is no longer in the source stays in the data set."""
    flowparse.ingest(logs, tmp_path / "flows")
    (logs / "a.gz").unlink()
    result = flowparse.ingest(logs, tmp_path / "flows")
    assert (result.objects, result.known, result.failed) == (0, 1, 0)
    assert ports(tmp_path / "flows") == [1, 2]


def test_a_changed_object_beside_one_that_is_gone(logs, tmp_path):
    """It cannot be replaced without loss: it is said, and nothing changes."""
    flowparse.ingest(logs, tmp_path / "flows")
    (logs / "a.gz").unlink()
    (logs / "b.gz").write_bytes(log(7))
    result = flowparse.ingest(logs, tmp_path / "flows")
    [error] = result.errors.to_pylist()
    assert error["source"] == str(logs / "b.gz")
    assert "a.gz, which was ingested with it, is gone" in error["message"]
    assert ports(tmp_path / "flows") == [1, 2]


def test_a_changed_object_outside_of_the_listing(logs, tmp_path):
    """Those it was ingested with are looked for, though this run does not list them."""
    flowparse.ingest(logs, tmp_path / "flows")
    (logs / "b.gz").write_bytes(log(7))
    result = flowparse.ingest(logs / "b.gz", tmp_path / "flows")
    assert result.failed == 0
    assert ports(tmp_path / "flows") == [1, 7]


def test_a_changed_object_that_cannot_be_read(logs, tmp_path):
    """Its old records stay until the new ones can be read."""
    flowparse.ingest(logs, tmp_path / "flows")
    (logs / "b.gz").write_bytes(log(7, 8)[:-4])
    assert flowparse.ingest(logs, tmp_path / "flows").failed == 1
    assert ports(tmp_path / "flows") == [1, 2]
    (logs / "b.gz").write_bytes(log(7, 8))
    assert flowparse.ingest(logs, tmp_path / "flows").failed == 0
    assert ports(tmp_path / "flows") == [1, 7, 8]


FAULTS = [
    (log(5, 6)[:-4], "InflateError", "cut off"),
    (b"what is this\n", "LogFormatError", "log_format"),
    (b"PAR1xxxxPAR1", "SourceError", "Parquet"),
]


@pytest.mark.parametrize(("body", "kind", "told"), FAULTS)
def test_an_object_that_fails(logs, tmp_path, body, kind, told):
    """Nothing of it is published, the others are, and the next run tries it again."""
    bad = logs / "aa.gz"
    bad.write_bytes(body)
    for _ in range(2):
        result = flowparse.ingest(logs, tmp_path / "flows")
        [error] = result.errors.to_pylist()
        assert (error["source"], error["kind"]) == (str(bad), kind)
        assert told in error["message"]
        assert ports(tmp_path / "flows") == [1, 2]
    bad.write_bytes(log(5))
    result = flowparse.ingest(logs, tmp_path / "flows")
    assert (result.objects, result.failed) == (1, 0)
    assert ports(tmp_path / "flows") == [1, 2, 5]


def test_an_object_that_the_folders_do_not_fit(delivery, options, tmp_path):
    """An object without the time that folders are named after holds up no other one."""
    odd = delivery.folder / "odd.log"
    odd.write_bytes(b"version srcaddr\n2 192.0.2.1\n")
    result = flowparse.ingest(delivery.folder, tmp_path / "flows", partition_by=["day"])
    [error] = result.errors.to_pylist()
    assert error["source"] == str(odd)
    assert "needs the field start or end" in error["message"]
    assert str(odd) in error["message"]
    assert result.rows == delivery.records


def test_a_destination_in_the_source(logs, tmp_path):
    """What a run has made is no source of the next one."""
    for _ in range(2):
        result = flowparse.ingest(logs, logs / "flows")
        assert (result.failed, ports(logs / "flows")) == (0, [1, 2])
    assert (result.known, result.objects) == (2, 0)


def test_a_file_that_is_written_to_while_it_is_read(logs, tmp_path):
    """Its records may be of no version: it is left to the next run."""
    flowparse.ingest(logs, tmp_path / "flows")
    (logs / "c.gz").write_bytes(log(3))
    (logs / "d.gz").write_bytes(log(4))

    def write_on(done, total):
        if not (logs / "mark").exists():
            (logs / "mark").write_bytes(b"")
            (logs / "c.gz").write_bytes(log(3, 33))

    result = flowparse.ingest(logs, tmp_path / "flows", progress=write_on)
    [error] = result.errors.to_pylist()
    assert "changed while it was read" in error["message"]
    assert ports(tmp_path / "flows") == [1, 2, 4]
    flowparse.ingest(logs, tmp_path / "flows")
    assert ports(tmp_path / "flows") == [1, 2, 3, 4, 33]


def test_rejects_are_kept(logs, tmp_path):
    """Rejected lines are in the state's folder, and go when their object is replaced."""
    (logs / "b.gz").write_bytes(log(2, "x"))
    with pytest.warns(RejectWarning, match=r"1 line was rejected.*b\.gz, line 3"):
        result = flowparse.ingest(logs, tmp_path / "flows")
    assert result.counts.rejects == 1
    [kept] = (tmp_path / "flows.ingest" / "rejects").iterdir()
    [row] = pq.read_table(kept).to_pylist()
    assert (row["source"], row["text"]) == (str(logs / "b.gz"), "2 x")
    (logs / "b.gz").write_bytes(log(2))
    flowparse.ingest(logs, tmp_path / "flows")
    assert list((tmp_path / "flows.ingest" / "rejects").iterdir()) == []


def test_raise(logs, tmp_path):
    """Under "raise" the first reject ends the run; what was published before it stays."""
    (logs / "b.gz").write_bytes(log("x"))
    with pytest.raises(RecordError):
        flowparse.ingest(logs, tmp_path / "flows", unit_objects=1, on_reject="raise")
    assert ports(tmp_path / "flows") == [1]


def test_a_unit_that_is_taken_back(logs, tmp_path, monkeypatch):
    """What a run that died left of a unit goes, though its objects come back with others."""
    for name, day in (("a", 1), ("b", 2)):
        text = f"version dstport start\n2 {day} {day * 86400}\n"
        (logs / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    calls = []

    def put_one(self, path, name):
        if calls:
            raise KeyboardInterrupt
        calls.append(name)
        return put(self, path, name)

    put = Folder.put
    monkeypatch.setattr(Folder, "put", put_one)
    with pytest.raises(KeyboardInterrupt):
        flowparse.ingest(logs, tmp_path / "flows", partition_by=["day"])
    monkeypatch.setattr(Folder, "put", put)
    assert len(ports(tmp_path / "flows")) == 1
    assert flowparse.ingest(logs, tmp_path / "flows", partition_by=["day"], dry_run=True).known == 0
    (logs / "0.gz").write_bytes(gzip.compress(b"version dstport start\n2 3 0\n"))
    result = flowparse.ingest(logs, tmp_path / "flows", partition_by=["day"])
    assert (result.recovered, result.objects) == (1, 3)
    assert ports(tmp_path / "flows") == [1, 2, 3]


# ---------------------------------------------------------------- the call


def test_filters_and_objects_without_records(logs, tmp_path):
    """An object of which nothing is kept is ingested, and has no file."""
    result = flowparse.ingest(
        logs, tmp_path / "flows", unit_objects=1, filters=[("dstport", "=", 2)]
    )
    assert (result.objects, result.rows, len(result.files)) == (2, 1, 1)
    assert flowparse.ingest(logs, tmp_path / "flows", filters=[("dstport", "=", 2)]).known == 2


def test_options_stay(logs, tmp_path):
    """A run with other options than those before is refused: its records would not fit."""
    flowparse.ingest(logs, tmp_path / "flows")
    for option in (
        {"schema": "aws"},
        {"columns": ["dstport"]},
        {"filters": [("dstport", "=", 2)]},
        {"partition_by": ["account"]},
    ):
        with pytest.raises(ValueError, match=f"^{next(iter(option))}: .* in the runs before"):
            flowparse.ingest(logs, tmp_path / "flows", **option)
    with pytest.raises(ValueError, match=r"^destination: "):
        flowparse.ingest(logs, tmp_path / "other", state=tmp_path / "flows.ingest")


def test_a_log_format_that_comes_later(logs, tmp_path):
    """An object that failed for want of a format is ingested once it is given."""
    (logs / "bare.log").write_text("2 5\n")
    assert flowparse.ingest(logs, tmp_path / "flows").failed == 1
    result = flowparse.ingest(logs, tmp_path / "flows", log_format="version dstport")
    assert (result.objects, result.failed) == (1, 0)
    assert ports(tmp_path / "flows") == [1, 2, 5]


def test_a_state_that_is_lost(logs, tmp_path):
    """A destination with files that a new state does not know is refused, not doubled."""
    flowparse.ingest(logs, tmp_path / "flows")
    with pytest.raises(DestinationError, match=r"part-.*\.parquet, which the state knows nothing"):
        flowparse.ingest(logs, tmp_path / "flows", state=tmp_path / "new")
    assert ports(tmp_path / "flows") == [1, 2]


def test_what_has_no_lasting_name(logs, tmp_path):
    """Bytes and file objects are refused: nobody could tell whether they were ingested."""
    for source in (log(1), io.BytesIO(log(1)), [logs, log(1)]):
        with pytest.raises(ValueError, match="no lasting name"):
            flowparse.ingest(source, tmp_path / "flows")


def test_a_source_that_is_missing(tmp_path):
    """A source that cannot be listed is an error, not nothing to do."""
    with pytest.raises(SourceError, match="no such file"):
        flowparse.ingest(tmp_path / "none", tmp_path / "flows")


def test_destinations_that_cannot_be(logs, tmp_path):
    """A file is no data set, and a remote one needs a state that is told."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DestinationError, match="is a file"):
        flowparse.ingest(logs, tmp_path / "file")
    with pytest.raises(DestinationError, match="pass state"):
        flowparse.ingest(logs, "s3://bucket/prefix")


@pytest.mark.parametrize(
    "option",
    [{"look_back": "soon"}, {"look_back": -1}, {"unit_objects": 0}, {"unit_bytes": 1.5}],
)
def test_options_that_there_are_not(logs, tmp_path, option):
    """The message begins with the option's name."""
    with pytest.raises(ValueError, match=f"^{next(iter(option))}: "):
        flowparse.ingest(logs, tmp_path / "flows", **option)


def test_stop(delivery, options, rows_of, tmp_path):
    """A run that is asked to end keeps what it has published, and the next one does the rest."""
    stop = threading.Event()
    clean = flowparse.ingest(delivery.folder, tmp_path / "clean", **options)

    def progress(done, total):
        if done > total / 2:
            stop.set()

    first = flowparse.ingest(
        delivery.folder, tmp_path / "flows", stop=stop, progress=progress, **options
    )
    assert first.stopped
    assert 0 < first.objects < clean.objects
    second = flowparse.ingest(delivery.folder, tmp_path / "flows", **options)
    assert first.objects + second.objects == clean.objects
    assert rows_of(tmp_path / "flows") == rows_of(tmp_path / "clean")


def test_progress(delivery, options, tmp_path):
    """Progress rises to all bytes that were to be read."""
    told: list[tuple[int, int | None]] = []
    flowparse.ingest(
        delivery.folder, tmp_path / "flows", progress=lambda *both: told.append(both), **options
    )
    assert told == sorted(told)
    assert told[-1] == (delivery.file_bytes, delivery.file_bytes)


def test_readers_meet_no_other_files(delivery, options, tmp_path):
    """While a run is at work, the destination holds whole Parquet files and nothing else."""
    seen: set[str] = set()

    def look(done, total):
        for path in (tmp_path / "flows").rglob("*"):
            if path.is_file():
                pq.read_metadata(path)
                seen.add(path.suffix)
        ds.dataset(tmp_path / "flows", partitioning="hive")

    flowparse.ingest(delivery.folder, tmp_path / "flows", progress=look, **options)
    assert seen == {".parquet"}
