"""What a Parquet delivery is to a user: the same as text."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowparse
from flowparse import LogFormatError, RecordError, SourceError
from flowparse.testing import Network, write_delivery
from stored import parquet_bytes
from strategies import CutFile

ROWS = {
    "version": pa.array([2, 2, 2], pa.int32()),
    "srcaddr": pa.array(["192.0.2.1", None, "2001:db8::1"]),
    "dstport": pa.array([443, None, 22], pa.int32()),
    "log_status": pa.array(["OK", "NODATA", "OK"]),
}
LOG = parquet_bytes(pa.table(ROWS))


def with_column(name: str, values: Any) -> bytes:
    return parquet_bytes(pa.table({**ROWS, name: values}))


def collect(source: Any, **options: Any) -> Any:
    """The reader, read to its end."""
    reader = flowparse.open_reader(source, on_reject="collect", **options)
    reader.table = reader.read_all()
    return reader


# ---------------------------------------------------------------- the same as text


@pytest.mark.parametrize("schema", ["typed", "aws"])
@pytest.mark.parametrize("log_format", [None, flowparse.LogFormat.transit_gateway()])
def test_a_delivery_is_the_same_table_in_both_formats(
    tmp_path: Path, schema: str, log_format: Any
) -> None:
    """AWS's text and AWS's Parquet of the same records give the same schema and values."""
    tables = []
    for file_format in ("text", "parquet"):
        delivery = write_delivery(
            tmp_path / file_format,
            Network(peers=40),
            records=700,
            log_format=log_format,
            file_format=file_format,
        )
        assert log_format or delivery.no_data > 0
        tables.append(flowparse.read_table(list(delivery.files), schema=schema))
    text, parquet = tables
    assert parquet.schema.equals(text.schema)
    assert [parquet[n].to_pylist() for n in text.column_names] == [
        text[n].to_pylist() for n in text.column_names
    ]


def test_parquet_and_text_are_one_table() -> None:
    """A stream has the union of the formats, in order, and says source and row of each record."""
    text = b"version action\n2 ACCEPT\n"
    with flowparse.open_reader([LOG, text, LOG]) as reader:
        assert reader.schema.names == ["version", "srcaddr", "dstport", "log_status", "action"]
        table = reader.read_all()
    assert table["action"].to_pylist() == [None] * 3 + ["ACCEPT"] + [None] * 3
    placed = flowparse.read_table([LOG, text, LOG], columns=["line", "source"])
    assert placed["line"].to_pylist() == [1, 2, 3, 2, 1, 2, 3]
    assert placed["source"].to_pylist() == ["<bytes>"] * 7


def test_no_column_is_still_every_row() -> None:
    """`columns=[]` gives the right number of rows, with and without a filter."""
    assert flowparse.read_table(LOG, columns=[]).num_rows == 3
    assert flowparse.read_table(LOG, columns=[], filters=[("dstport", ">", 22)]).num_rows == 1


@pytest.mark.parametrize("threads", [1, 2])
def test_batches_are_bounded_and_in_order(tmp_path: Path, threads: int) -> None:
    """Batches have at most 65,536 rows and come in order, whatever threads and row groups are."""
    n = 150_000
    table = pa.table({"version": pa.array(range(n), pa.int32()), "action": ["ACCEPT"] * n})
    path = tmp_path / "a.log.parquet"
    path.write_bytes(parquet_bytes(table, row_group_size=70_000))
    with flowparse.open_reader(path, threads=threads) as reader:
        batches = list(reader)
    assert [batch.num_rows for batch in batches] == [65_536, 4_464, 65_536, 4_464, 10_000]
    assert pa.Table.from_batches(batches)["version"].to_pylist() == list(range(n))
    whole = flowparse.open_reader(parquet_bytes(table, row_group_size=n), threads=threads)
    assert [batch.num_rows for batch in whole] == [65_536, 65_536, 18_928]
    kept = flowparse.read_table(path, filters=[("version", ">=", n - 5)], threads=threads)
    assert kept["version"].to_pylist() == list(range(n - 5, n))
    assert kept["action"].to_pylist() == ["ACCEPT"] * 5


def test_what_flowparse_wrote_is_read(tmp_path: Path) -> None:
    """Parquet that `to_parquet` wrote, timestamps and dictionaries in it, comes back."""
    log = b"version start action bytes\n2 1700000000 ACCEPT 7\n2 1700000000999 - -\n"
    flowparse.to_parquet(log, tmp_path / "a.parquet")
    before, after = (flowparse.read_table(s) for s in (log, tmp_path / "a.parquet"))
    assert after.schema.equals(before.schema)
    assert after.to_pylist() == before.to_pylist()


# ---------------------------------------------------------------- where it comes from


def test_a_file_object_is_read_from_where_it_stands() -> None:
    """A file that can seek is read from where it stands, and left open."""
    file = io.BytesIO(b"junk" + LOG)
    file.seek(4)
    assert flowparse.read_table(file).num_rows == 3
    assert not file.closed


def test_what_cannot_seek_is_held_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe is held in memory to be read from its end; one too long is a SourceError."""
    assert flowparse.read_table(CutFile(LOG, [100])).num_rows == 3
    monkeypatch.setattr("flowparse.sources.seekable.HELD_BYTES", len(LOG) - 1)
    with pytest.raises(SourceError, match=r"it is over .* too long to be held; pass the path"):
        flowparse.read_table(CutFile(LOG, [100]))


def test_progress_ends_at_the_size(tmp_path: Path) -> None:
    """Progress ends at the size of the file, though little of it is read."""
    n = 400_000
    table = pa.table({"version": pa.array(range(n), pa.int32()), "start": pa.array(range(n))})
    path = tmp_path / "a"
    path.write_bytes(parquet_bytes(table, use_dictionary=False))
    size = path.stat().st_size
    seen: list[tuple[int, int | None]] = []
    with flowparse.open_reader(
        path, columns=[], progress=lambda *done: seen.append(done)
    ) as reader:
        assert sum(batch.num_rows for batch in reader) == n
    assert seen[-1] == (size, size)
    assert reader.counts.bytes_read < size
    assert reader.counts.bytes_text == 0


# ---------------------------------------------------------------- what is no flow log


def test_parquet_inside_gzip_is_refused() -> None:
    """Parquet inside gzip is a SourceError that says what to do."""
    with pytest.raises(
        SourceError, match="<bytes>: a Parquet file inside gzip is not read: unpack"
    ):
        flowparse.read_table(gzip.compress(LOG))


def test_parquet_of_something_else_is_a_log_format_error() -> None:
    """Parquet without one column of AWS's is a LogFormatError that names what it has."""
    other = parquet_bytes(pa.table({"user": ["a"], "dst_prt": [1], "x": [{"a": 1}]}))
    with pytest.raises(LogFormatError, match=r"<bytes>: Parquet, .* it has user, dst_prt, x;"):
        flowparse.read_table(other)


@pytest.mark.parametrize(
    ("name", "values"),
    [("x", [{"a": 1}] * 3), ("x", [[1]] * 3), ("SRCADDR", ["a"] * 3), ("__index__", [1] * 3)],
)
def test_a_column_that_no_field_can_be_is_left_out(name: str, values: Any) -> None:
    """Nested columns, and those not named like a field, are left out with one warning."""
    with pytest.warns(
        flowparse.FormatChangedWarning, match=rf"left out: {name} \(<bytes>\)"
    ) as seen:
        table = flowparse.read_table([with_column(name, values), LOG])
    assert table.column_names == list(ROWS)
    assert len(seen) == 1


def test_columns_that_the_registry_does_not_know_are_text() -> None:
    """A column beyond the registry is text, whatever it is stored as; `-` is null in it."""
    log = parquet_bytes(
        pa.table({**ROWS, "year": [2026, None, 7], "future_a": ["x", "-", ""], "z": [True] * 3})
    )
    table = flowparse.read_table(log)
    assert table.schema.field("year").type == pa.string()
    assert table["year"].to_pylist() == ["2026", None, "7"]
    assert table["future_a"].to_pylist() == ["x", None, ""]
    assert table["z"].to_pylist() == ["true"] * 3


def test_a_field_in_two_spellings_is_one_column() -> None:
    """A field named with hyphens and with underscores is one column, where it first stands."""
    log = parquet_bytes(pa.table({"version": [2], "log-status": ["OK"], "log_status": ["NODATA"]}))
    found = collect(log)
    assert found.table.to_pylist() == [{"version": 2, "log_status": "OK"}]
    assert found.counts.no_data == 0


# ---------------------------------------------------------------- rows that are no records


@pytest.mark.parametrize(
    ("values", "good", "bad"),
    [
        (pa.array([443.0, None, 22.0]), [443, None, 22], []),
        (pa.array([443.5, None, float("nan")]), [None], [(1, "443.5"), (3, "nan")]),
        (pa.array([float("inf"), -0.0, 1e300]), [0], [(1, "inf"), (3, "1e+300")]),
        (pa.array([-1, 65535, 65536]), [65535], [(1, "-1"), (3, "65536")]),
        (pa.array([2**64 - 1, 1, None], pa.uint64()), [1, None], [(1, "18446744073709551615")]),
        (pa.array([True, None, False]), [None], [(1, "true"), (3, "false")]),
        (pa.array(["443", "-", " 22"]), [443, None], [(3, " 22")]),
        (pa.array(["", "4\n4", "0080"]), [80], [(1, ""), (2, "4\n4")]),
        (pa.array(["443\r", "\t22", "1"]), [1], [(1, "443\r"), (2, "\t22")]),
        (pa.array(["9" * 70_000, "1", "2"]), [1, 2], [(1, "9" * 4096)]),
        (pa.array([0] * 3, pa.timestamp("ms")), [], [(1, "1970-01-01 00:00:00.000")] * 3),
        (pa.nulls(3), [None] * 3, []),
    ],
)
def test_numbers_that_are_none_are_rejects(values: Any, good: Any, bad: Any) -> None:
    """What is no number is a reject with row and value, in every type a number may be stored in."""
    found = collect(with_column("dstport", values))
    assert found.table["dstport"].to_pylist() == good
    assert found.table.schema.field("dstport").type == pa.int32()
    rejects = found.rejects.to_pylist()
    assert [r["text"] for r in rejects] == [text for _, text in bad]
    if len({line for line, _ in bad}) == len(bad):
        assert [r["line"] for r in rejects] == [line for line, _ in bad]
    assert {r["field"] for r in rejects} <= {"dstport"}
    assert found.counts.records + found.counts.rejects == 3


@pytest.mark.parametrize(
    "stored",
    [
        pa.array([1700000000, None, 99999999999]),
        pa.array([1700000000999, None, 99999999999]),
        pa.array([1700000000000, None, 99999999999000], pa.timestamp("ms", "UTC")),
        pa.array([1700000000999999, None, 99999999999000000], pa.timestamp("us")),
        pa.array(["1700000000", "-", "99999999999"]).dictionary_encode(),
    ],
)
def test_times_are_seconds_however_they_are_stored(stored: Any) -> None:
    """Milliseconds, timestamps of any unit and text are the same seconds."""
    table = flowparse.read_table(with_column("start", stored))
    assert table["start"].type == pa.timestamp("s", tz="UTC")
    assert table["start"].cast(pa.int64()).to_pylist() == [1700000000, None, 99999999999]


def test_a_time_before_1970_is_no_time() -> None:
    """A timestamp before 1970 is a reject: no record could have it."""
    found = collect(with_column("start", pa.array([-1, 0, 1], pa.timestamp("ms"))))
    assert [(r["line"], r["reason"]) for r in found.rejects.to_pylist()] == [(1, "not-a-number")]


def test_a_reject_says_where() -> None:
    """A reject names field, value, source and row; `raise` raises it, and `warn` warns once."""
    log = with_column("dstport", pa.array([443, 70_000, 70_001]))
    message = "dstport: expected 0..65535, got '70000' (<bytes>, row 2)"
    with pytest.raises(RecordError) as caught:
        flowparse.read_table(log, on_reject="raise")
    assert str(caught.value) == message
    assert (caught.value.line, caught.value.byte_offset, caught.value.field) == (2, None, "dstport")
    with pytest.warns(flowparse.RejectWarning) as warned:
        assert flowparse.read_table(log).num_rows == 1
    assert len(warned) == 1
    assert message in str(warned[0].message)


@pytest.mark.parametrize("columns", [None, [], ["srcaddr"], ["dstport"]])
@pytest.mark.parametrize("filters", [None, [("srcaddr", "=", "none")], [("dstport", ">", 99_999)]])
@pytest.mark.parametrize("statistics", [True, False])
def test_records_do_not_depend_on_what_is_asked(
    columns: Any, filters: Any, statistics: bool
) -> None:
    """Neither columns, filters nor missing statistics change which rows are records."""
    table = pa.table({**ROWS, "dstport": pa.array([443, 70_000, -5])})
    log = parquet_bytes(table, row_group_size=1, write_statistics=statistics)
    found = collect(log, columns=columns, filters=filters)
    assert (found.counts.records, found.counts.no_data, found.counts.rejects) == (1, 0, 2)


def test_text_that_is_no_utf8_is_a_reject() -> None:
    """Bytes that nothing promises to be UTF-8 are judged, also where nobody asks for them."""
    log = with_column("srcaddr", pa.array([b"192.0.2.1", b"\xff", b"-"]))
    for columns in (None, ["dstport"]):
        found = collect(log, columns=columns)
        assert found.rejects.to_pylist() == [
            {
                "source": "<bytes>",
                "line": 2,
                "byte_offset": None,
                "field": None,
                "reason": "not-utf8",
                "text": "\\xff",
            }
        ]
    assert collect(log).table["srcaddr"].to_pylist() == ["192.0.2.1", None]
