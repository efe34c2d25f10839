"""Parquet files: what is in them, read by pyarrow's own readers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import flowparse

HEADER = b"version account-id srcaddr dstport bytes start end action\n"
#: 2026-11-24 13:00:00 UTC, by `date -u -d @1795525200`.
START = 1795525200


def line(n: int, *, start: int = START) -> bytes:
    action = b"ACCEPT" if n % 2 else b"REJECT"
    return b"2 011122223333 192.0.2.%d %d %d %d %d %s\n" % (
        n % 256, n % 65536, n, start + n, start + n + 60, action
    )  # fmt: skip


def log(rows: int) -> bytes:
    return HEADER + b"".join(line(n) for n in range(rows))


def row_groups(path: Path) -> list[int]:
    about = pq.read_metadata(path)
    return [about.row_group(n).num_rows for n in range(about.num_row_groups)]


# ---------------------------------------------------------------- values


def test_values(tmp_path: Path) -> None:
    """The file holds the records; only the unit of times differs, for Parquet has no seconds."""
    flowparse.to_parquet(log(3), tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.schema.field("start").type == pa.timestamp("ms", "UTC")
    assert table.set_column(5, "start", table["start"].cast(pa.int64())).drop_columns(
        ["end"]
    ).to_pylist() == [
        {"version": 2, "account_id": "011122223333", "srcaddr": f"192.0.2.{n}", "dstport": n,
         "bytes": n, "start": 1795525200000 + 1000 * n, "action": ("REJECT", "ACCEPT")[n % 2]}
        for n in range(3)
    ]  # fmt: skip


def test_dictionaries_are_kept(tmp_path: Path) -> None:
    """Text columns come back as dictionaries, and are dictionary-encoded in the file."""
    flowparse.to_parquet([log(3)] * 20, tmp_path / "a.parquet")
    schema = pq.read_schema(tmp_path / "a.parquet")
    assert schema.field("action").type == pa.dictionary(pa.int32(), pa.string())
    assert schema.field("srcaddr").type == pa.string()
    group = pq.read_metadata(tmp_path / "a.parquet").row_group(0)
    for n in range(group.num_columns):
        if group.column(n).physical_type == "BYTE_ARRAY":
            assert "RLE_DICTIONARY" in group.column(n).encodings


def test_dictionary_survives_many_batches(tmp_path: Path) -> None:
    """A row group of several sources, with other texts each, is dictionary-encoded throughout."""
    logs = [b"version region type\n" + b"2 r%d IPv%d\n" % (n, n) * 1000 for n in range(5)]
    flowparse.to_parquet(logs, tmp_path / "a.parquet")
    [group] = row_groups(tmp_path / "a.parquet")
    assert group == 5000
    region = pq.read_metadata(tmp_path / "a.parquet").row_group(0).column(1)
    # Five values of one to three bits a row take far less than 5000 texts of 6 bytes.
    assert region.total_uncompressed_size < 5000
    assert pq.read_table(tmp_path / "a.parquet")["region"].to_pylist()[::1000] == [
        "r0", "r1", "r2", "r3", "r4"
    ]  # fmt: skip


def test_statistics(tmp_path: Path) -> None:
    """Every column chunk tells its least and greatest value and its nulls."""
    flowparse.to_parquet(
        b"version region dstport\n2 b 80\n2 - 443\n2 a 22\n", tmp_path / "a.parquet"
    )
    group = pq.read_metadata(tmp_path / "a.parquet").row_group(0)
    port, region = group.column(2).statistics, group.column(1).statistics
    assert (port.min, port.max, port.null_count) == (22, 443, 0)
    assert (region.min, region.max, region.null_count) == ("a", "b", 1)


@pytest.mark.parametrize(
    ("compression", "stored"), [("zstd", "ZSTD"), ("snappy", "SNAPPY"), (None, "UNCOMPRESSED")]
)
def test_compression(tmp_path: Path, compression: str | None, stored: str) -> None:
    """The compression asked for is the file's; zstd is the default."""
    options = {} if compression == "zstd" else {"compression": compression}
    flowparse.to_parquet(log(1), tmp_path / "a.parquet", **options)  # type: ignore[arg-type]
    column = pq.read_metadata(tmp_path / "a.parquet").row_group(0).column(0)
    assert column.compression == stored


def test_aws_schema(tmp_path: Path) -> None:
    """schema="aws" gives AWS's own Parquet types, milliseconds as they stand."""
    flowparse.to_parquet(
        b"version start end region\n2 1700000000999 1700000060 us-east-1\n",
        tmp_path / "a.parquet",
        schema="aws",
    )
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.schema.types == [pa.int32(), pa.int64(), pa.int64(), pa.string()]
    assert table["start"].to_pylist() == [1700000000999]


def test_reading_options(tmp_path: Path) -> None:
    """Columns, filters, times and format do what they do in read_table."""
    text = b"".join(line(n) for n in range(10))
    result = flowparse.to_parquet(
        text,
        tmp_path / "a.parquet",
        log_format=HEADER.decode(),
        columns=["dstport", "action"],
        filters=[("action", "=", "ACCEPT")],
        since=START + 64,
        threads=1,
    )
    assert pq.read_table(tmp_path / "a.parquet").to_pydict() == {
        "dstport": [5, 7, 9],
        "action": ["ACCEPT"] * 3,
    }
    assert (result.rows, result.counts.records) == (3, 10)


# ---------------------------------------------------------------- row groups


@pytest.mark.parametrize(
    ("rows", "sizes"), [(6, [4, 2]), (8, [4, 4]), (3, [3]), (13, [4, 4, 4, 1])]
)
def test_row_groups(tmp_path: Path, rows: int, sizes: list[int]) -> None:
    """Every row group but the last is full, and none is empty."""
    result = flowparse.to_parquet(log(rows), tmp_path / "a.parquet", row_group_rows=4)
    assert row_groups(tmp_path / "a.parquet") == sizes
    assert result.row_groups == len(sizes)
    assert pq.read_table(tmp_path / "a.parquet")["bytes"].to_pylist() == list(range(rows))


def test_row_groups_across_sources(tmp_path: Path) -> None:
    """Row groups are filled across the ends of batches and of sources, in their order."""
    sources = [HEADER + b"".join(line(n) for n in range(a, a + 7)) for a in (0, 7, 14)]
    flowparse.to_parquet(sources, tmp_path / "a.parquet", row_group_rows=10)
    assert row_groups(tmp_path / "a.parquet") == [10, 10, 1]
    assert pq.read_table(tmp_path / "a.parquet")["bytes"].to_pylist() == list(range(21))


def test_rows_waiting_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many rows wait in several files, short row groups are written; no row is lost."""
    monkeypatch.setattr("flowparse.writing.rowgroups._WAITING_BYTES", 20_000)
    lines = [line(n, start=START + 86400 * (n % 5)) for n in range(8000)]
    sources = [HEADER + b"".join(lines[at : at + 1000]) for at in range(0, 8000, 1000)]
    result = flowparse.to_parquet(sources, tmp_path / "d", partition_by=["day"])
    assert len(result.files) == 5
    assert result.row_groups > 5
    assert sorted(ds.dataset(tmp_path / "d").to_table()["bytes"].to_pylist()) == list(range(8000))


def test_one_file_waits_for_its_row_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is one file only, its row groups are full whatever they take."""
    monkeypatch.setattr("flowparse.writing.rowgroups._WAITING_BYTES", 1)
    flowparse.to_parquet([log(10)] * 3, tmp_path / "a.parquet", row_group_rows=20)
    assert row_groups(tmp_path / "a.parquet") == [20, 10]


# ---------------------------------------------------------------- places and names


def test_folder(tmp_path: Path) -> None:
    """A destination that is no `.parquet` name becomes a folder with one file."""
    result = flowparse.to_parquet(log(2), tmp_path / "made" / "deep")
    [path] = result.files
    assert path.parent == tmp_path / "made" / "deep"
    assert path.name.startswith("part-")
    assert path.suffix == ".parquet"
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert result.bytes == path.stat().st_size


def test_text_destination(tmp_path: Path) -> None:
    """A destination may be given as text."""
    result = flowparse.to_parquet(log(1), str(tmp_path / "a.parquet"))
    assert result.files == (tmp_path / "a.parquet",)


def test_no_records(tmp_path: Path) -> None:
    """No records make a file with the schema and no rows; in partitions, no file."""
    flowparse.to_parquet(HEADER, tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.num_rows == 0
    assert table.column_names == [n.replace("-", "_") for n in HEADER.decode().split()]
    assert flowparse.to_parquet(HEADER, tmp_path / "d", partition_by=["day"]).files == ()


def test_no_columns(tmp_path: Path) -> None:
    """A file without columns would lose the number of rows: it is refused."""
    with pytest.raises(ValueError, match="no column is left"):
        flowparse.to_parquet(log(1), tmp_path / "a.parquet", columns=[])
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- what was lost


def test_counts_in_metadata(tmp_path: Path) -> None:
    """Each file tells, as JSON, what the run read and what it rejected first."""
    text = log(2) + b"bad line\n\n"
    result = flowparse.to_parquet(text, tmp_path / "a.parquet", on_reject="collect")
    stored = pq.read_metadata(tmp_path / "a.parquet").metadata[b"flowparse"]
    about = json.loads(stored)
    counts = [about["counts"][name] for name in ("records", "rejects", "headers", "blank")]
    assert counts == [2, 1, 1, 1]
    assert about["first_reject"]["reason"] == "field-count"
    assert about["first_reject"]["line"] == 4
    assert pq.read_schema(tmp_path / "a.parquet").metadata[b"flowparse"] == stored
    assert stored == flowparse.read_table(text, on_reject="collect").schema.metadata[b"flowparse"]
    assert result.counts.rejects == 1
    assert result.rejects["text"].to_pylist() == ["bad line"]


def test_reject_warning(tmp_path: Path) -> None:
    """Rejects warn as they do when reading, and the good records are written."""
    with pytest.warns(flowparse.RejectWarning, match="1 line was rejected"):
        result = flowparse.to_parquet(log(2) + b"bad\n", tmp_path / "a.parquet")
    assert pq.read_metadata(tmp_path / "a.parquet").num_rows == result.rows == 2


def test_damaged_source_is_listed(tmp_path: Path) -> None:
    """Under collect a damaged source is listed, and the others are written."""
    cut = gzip.compress(log(1))[:-4]
    result = flowparse.to_parquet([cut, log(2)], tmp_path / "a.parquet", on_reject="collect")
    assert result.errors["kind"].to_pylist() == ["InflateError"]
    assert result.errors["records_kept"].to_pylist() == [1]
    assert pq.read_metadata(tmp_path / "a.parquet").num_rows == 3


def test_progress(tmp_path: Path) -> None:
    """Progress is told as when reading: at the end all bytes of all."""
    seen: list[Any] = []
    text = log(5)
    flowparse.to_parquet(
        text, tmp_path / "a.parquet", progress=lambda done, of: seen.append((done, of))
    )
    assert seen[-1] == (len(text), len(text))


def test_result_is_short_to_look_at(tmp_path: Path) -> None:
    """The result shows numbers and paths, not tables, and cannot be changed."""
    result = flowparse.to_parquet(log(1), tmp_path / "a.parquet")
    assert "rows=1" in repr(result)
    assert "pyarrow" not in repr(result)
    with pytest.raises(AttributeError):
        result.rows = 2  # type: ignore[misc]


# ---------------------------------------------------------------- Arrow data


class Stream:
    """Anything with the protocol, and nothing else."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "make",
    [
        lambda table: table,
        lambda table: table.combine_chunks().to_batches()[0],
        lambda table: table.to_reader(),
        Stream,
    ],
    ids=["table", "batch", "reader", "stream"],
)
def test_arrow_data(tmp_path: Path, make: Callable[[Any], Any]) -> None:
    """A table, a batch, a stream and anything with the protocol are written as they are."""
    table = flowparse.read_table(log(5))
    result = flowparse.to_parquet(make(table), tmp_path / "a.parquet", row_group_rows=2)
    assert row_groups(tmp_path / "a.parquet") == [2, 2, 1]
    assert pq.read_table(tmp_path / "a.parquet")["bytes"].to_pylist() == [0, 1, 2, 3, 4]
    assert result.rows == 5


def test_flow_reader(tmp_path: Path) -> None:
    """An open reader is written with its counts and rejects."""
    with flowparse.open_reader(log(2) + b"bad\n", on_reject="collect") as reader:
        result = flowparse.to_parquet(reader, tmp_path / "d", partition_by=["day"])
    assert (result.rows, result.counts.rejects, result.rejects.num_rows) == (2, 1, 1)
    stored = pq.read_metadata(result.files[0]).metadata[b"flowparse"]
    assert json.loads(stored)["counts"]["rejects"] == 1


def test_table_keeps_its_metadata(tmp_path: Path) -> None:
    """What a table tells of its lines goes into the file, beside its other metadata."""
    table = flowparse.read_table(log(2) + b"bad\n", on_reject="collect")
    table = table.replace_schema_metadata({**table.schema.metadata, b"owner": b"me"})
    result = flowparse.to_parquet(table, tmp_path / "a.parquet")
    metadata = pq.read_schema(tmp_path / "a.parquet").metadata
    assert metadata == table.schema.metadata
    assert result.counts.rejects == 1


def test_table_without_metadata(tmp_path: Path) -> None:
    """Data that never were lines have no counts."""
    result = flowparse.to_parquet(pa.table({"x": [1, 2]}), tmp_path / "a.parquet")
    assert (result.rows, result.counts.lines) == (2, 0)


def test_reading_options_on_arrow_data(tmp_path: Path) -> None:
    """Options of reading do not apply to data that are read already: that is an error."""
    with pytest.raises(ValueError, match=r"columns, on_reject: .* Table is read already"):
        flowparse.to_parquet(
            pa.table({"x": [1]}), tmp_path / "a.parquet", columns=["x"], on_reject="raise"
        )


# ---------------------------------------------------------------- wrong calls


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"row_group_rows": 0}, "row_group_rows: expected 1"),
        ({"row_group_rows": True}, "row_group_rows: expected 1"),
        ({"compression": "rar"}, "compression: expected one of zstd"),
        ({"mode": "replace"}, "mode: expected one of error, append, overwrite"),
        ({"partition_by": ["month"]}, "partition_by: expected some of day"),
        ({"partition_by": "day"}, r"partition_by: expected a list .*: \['day'\]\?"),
        ({"partition_by": ["day", "day"]}, "partition_by: named twice: day"),
        ({"mode": "append"}, "append"),
        ({"columns": ["srcadr"]}, "srcaddr"),
    ],
)
def test_wrong_options(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    """An option that there is not is a ValueError that says what there is, and makes nothing."""
    with pytest.raises(ValueError, match=message):
        flowparse.to_parquet(log(1), tmp_path / "a.parquet", **options)
    assert list(tmp_path.iterdir()) == []


def test_missing_source(tmp_path: Path) -> None:
    """A source that is not there leaves no folder behind."""
    with pytest.raises(flowparse.SourceError):
        flowparse.to_parquet(tmp_path / "none.log", tmp_path / "d" / "e")
    assert list(tmp_path.iterdir()) == []
