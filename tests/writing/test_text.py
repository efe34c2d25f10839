"""Text: the inverse of reading, to the byte, and nothing that would not read back."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowparse
from flowparse import LogFormat
from flowparse.errors import DestinationError

SECONDS = pa.timestamp("s", "UTC")


def written(data: Any, log_format: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    flowparse.write_text(data, out, log_format=log_format, **options)
    return out.getvalue()


def texts(*values: str | None, name: str = "region") -> pa.Table:
    return pa.table({name: pa.array(values, pa.string())})


# ---------------------------------------------------------------- bytes


def test_bytes() -> None:
    """A header, then a line a record: null is a dash, times are epoch seconds."""
    table = pa.table(
        {
            "account_id": pa.array(["000000000042", None]).dictionary_encode(),
            "start": pa.array([1700000000, 0], SECONDS),
            "dstport": pa.array([443, None], pa.int32()),
            "srcaddr": ["192.0.2.1", "2001:db8::1"],
        }
    )
    assert written(table, "${srcaddr} ${account-id} ${start} ${dstport}") == (
        b"srcaddr account-id start dstport\n"
        b"192.0.2.1 000000000042 1700000000 443\n"
        b"2001:db8::1 - 0 -\n"
    )


def test_default_format() -> None:
    """What AWS writes is written back byte for byte."""
    text = f"{LogFormat.default().header}\n".encode() + (
        b"2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 "
        b"1418530010 1418530070 ACCEPT OK\n"
        b"2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA\n"
    )
    for schema in ("typed", "aws"):
        table = flowparse.read_table(text, schema=schema)  # type: ignore[arg-type]
        assert written(table, LogFormat.default()) == text


def test_no_header() -> None:
    """Without a header there are only records."""
    assert written(texts("a", "b"), "region", header=False) == b"a\nb\n"


def test_no_records() -> None:
    """No records make the header alone, or nothing."""
    assert written(texts(), "region") == b"region\n"
    assert written(texts(), "region", header=False) == b""


def test_field_twice() -> None:
    """A field that the format names twice is written twice."""
    table = pa.table({"region": ["a"], "version": pa.array([2], pa.int32())})
    assert written(table, "region version region") == b"region version region\na 2 a\n"


def test_field_that_the_registry_lacks() -> None:
    """A field that AWS may add tomorrow is text."""
    table = pa.table({"new_thing": ["x"], "log_group": ["g"], "line": ["7"]})
    text = b"new-thing log-group line\nx g 7\n"
    assert written(table, "new-thing log_group line") == text
    assert flowparse.read_table(text, log_format="new-thing log-group line").equals(table)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times(unit: str) -> None:
    """Timestamps of any unit, with any zone or none, are the same epoch seconds."""
    value = 1700000000 * 1000 ** ("s", "ms", "us", "ns").index(unit)
    for zone in (None, "UTC", "Asia/Tokyo"):
        table = pa.table({"start": pa.array([value, None], pa.timestamp(unit, zone))})
        assert written(table, "start") == b"start\n1700000000\n-\n"


def test_export_timestamp() -> None:
    """The time of a CloudWatch export is ISO with milliseconds and Z."""
    at = datetime(2023, 11, 14, 22, 13, 20, 7000, tzinfo=UTC)
    for unit in ("ms", "us", "ns"):
        table = pa.table(
            {"export_timestamp": pa.array([at], pa.timestamp(unit, "Asia/Tokyo")), "region": ["r"]}
        )
        assert written(table, "export-timestamp region", header=False) == (
            b"2023-11-14T22:13:20.007Z r\n"
        )


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (-62135596800000, b"0001-01-01T00:00:00.000Z"),
        (-62135596800001, b"0001-01-01T23:58:59.999+23:59"),
        (253402300799999, b"9999-12-31T23:59:59.999Z"),
        (253402300800000, b"9999-12-31T00:01:00.000-23:59"),
    ],
)
def test_export_timestamp_at_the_ends(milliseconds: int, text: bytes) -> None:
    """An hour that only a time zone has in the years 0001 to 9999 is written in that zone."""
    table = pa.table(
        {
            "export_timestamp": pa.array([milliseconds], pa.timestamp("ms", "UTC")),
            "region": pa.array(["r"]).dictionary_encode(),
        }
    )
    data = written(table, "export-timestamp region")
    assert data == b"export-timestamp region\n" + text + b" r\n"
    back = flowparse.read_table(
        data, log_format="export-timestamp region", columns=["export_timestamp", "region"]
    )
    assert back.equals(table)


@pytest.mark.parametrize(
    "type_",
    [
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.uint8(), pa.large_string()),
        pa.dictionary(pa.uint32(), pa.string_view()),
    ],
    ids=str,
)
def test_types_of_text(type_: Any) -> None:
    """Text of every Arrow layout is text; polars has views, and views in dictionaries."""
    array = pa.array(["a", None, "b", "a"])
    try:
        array = (array.dictionary_encode() if "dict" in str(type_) else array).cast(type_)
    except pa.ArrowNotImplementedError:
        pytest.skip("this pyarrow cannot make the type")
    assert written(pa.table({"region": array}), "region") == b"region\na\n-\nb\na\n"


@pytest.mark.parametrize("type_", [pa.uint64(), pa.int8(), pa.dictionary(pa.int8(), pa.int64())])
def test_types_of_numbers(type_: Any) -> None:
    """Integers of every width are numbers; so are columns of nothing but nulls."""
    array = pa.array([6, None, 17])
    array = array.dictionary_encode().cast(type_) if "dict" in str(type_) else array.cast(type_)
    table = pa.table({"protocol": array, "bytes": pa.nulls(3)})
    assert written(table, "protocol bytes") == b"protocol bytes\n6 -\n- -\n17 -\n"


def test_largest_number() -> None:
    """The largest 64-bit count is exact."""
    table = pa.table({"bytes": pa.array([2**63 - 1], pa.uint64())})
    assert written(table, "bytes") == b"bytes\n9223372036854775807\n"


# ---------------------------------------------------------------- where from, where to


class Stream:
    """Anything with the protocol, and nothing else."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


def test_arrow_data() -> None:
    """Tables in any chunks, slices, batches and streams of them give the same text."""
    table = texts(*[str(n) for n in range(50_000)])
    expected = b"region\n" + b"".join(b"%d\n" % n for n in range(50_000))
    chunked = pa.Table.from_batches(table.to_batches(max_chunksize=777))
    whole = table.combine_chunks().to_batches()[0]
    for data in (table, chunked, whole, table.to_reader(), Stream(chunked)):
        assert written(data, "region") == expected
    assert written(table.slice(49_998), "region") == b"region\n49998\n49999\n"


def test_flow_reader(tmp_path: Path) -> None:
    """A reader goes into a file as it reads; the result has its counts and rejects."""
    text = b"version region type\n2 a IPv4\nbad\n2 b IPv6\n"
    with flowparse.open_reader(text, on_reject="collect") as reader:
        result = flowparse.write_text(reader, tmp_path / "a.log", log_format="type region version")
    assert (tmp_path / "a.log").read_bytes() == b"type region version\nIPv4 a 2\nIPv6 b 2\n"
    assert result.files == (tmp_path / "a.log",)
    assert (result.rows, result.row_groups, result.bytes) == (2, 0, 38)
    assert (result.counts.rejects, result.rejects["text"].to_pylist()) == (1, ["bad"])


def test_gzip(tmp_path: Path) -> None:
    """A name that ends with .gz makes gzip that is the same every time."""
    table = texts("a", "b")
    for name in ("one.log.gz", "two.log.gz"):
        result = flowparse.write_text(table, tmp_path / name, log_format="region")
        assert result.bytes == (tmp_path / name).stat().st_size
    data = (tmp_path / "one.log.gz").read_bytes()
    assert gzip.decompress(data) == b"region\na\nb\n"
    assert data[4:8] == bytes(4)  # no time
    assert data == (tmp_path / "two.log.gz").read_bytes()


def test_gzip_of_many_blocks(tmp_path: Path) -> None:
    """Large gzip is one member that another program reads whole."""
    table = texts(*[f"r{n}" for n in range(100_000)])
    flowparse.write_text(table, tmp_path / "a.gz", log_format="region")
    expected = b"region\n" + b"".join(b"r%d\n" % n for n in range(100_000))
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == expected
    assert flowparse.read_table(tmp_path / "a.gz").num_rows == 100_000


def test_file_is_replaced(tmp_path: Path) -> None:
    """A file that was there is replaced, and nothing else is left."""
    (tmp_path / "a.log").write_text("old")
    flowparse.write_text(texts("a"), tmp_path / "a.log", log_format="region")
    assert (tmp_path / "a.log").read_bytes() == b"region\na\n"
    assert len(list(tmp_path.iterdir())) == 1


def test_failure_keeps_the_old_file(tmp_path: Path) -> None:
    """After a bad value, in whatever block, the old file is there and no other."""
    (tmp_path / "a.log").write_text("old")
    table = texts(*["a"] * 40_000, "b c")
    with pytest.raises(ValueError, match="row 40000"):
        flowparse.write_text(table, tmp_path / "a.log", log_format="region")
    assert (tmp_path / "a.log").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


class Slow(io.RawIOBase):
    """A file that takes three bytes at a time."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += bytes(data[:3])
        return min(3, len(data))


def test_file_objects() -> None:
    """Every byte goes into a file object, however few it takes at a time; it stays open."""
    slow = Slow()
    result = flowparse.write_text(texts("abcdef"), slow, log_format="region")  # type: ignore[arg-type]
    assert slow.data == b"region\nabcdef\n"
    assert (result.files, result.bytes) == ((), 14)
    assert not slow.closed


def test_wrong_destinations(tmp_path: Path) -> None:
    """A folder, a remote name, a file in text mode and what is no file are refused."""
    for destination, error, message in (
        (tmp_path, DestinationError, "is a folder"),
        ("s3://bucket/a.log", DestinationError, "local files only"),
        (io.StringIO(), TypeError, "text mode"),
        (7, TypeError, "expected a path or a binary file object"),
    ):
        with pytest.raises(error, match=message):
            flowparse.write_text(texts("a"), destination, log_format="region")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_wrong_data() -> None:
    """A source is read first; write_text takes Arrow data only."""
    with pytest.raises(TypeError, match=r"cannot write bytes: expected a pyarrow.Table"):
        written(b"version\n2\n", "version")


# ---------------------------------------------------------------- columns


def test_lacking_columns() -> None:
    """Columns that the format names and the data lack are named."""
    with pytest.raises(ValueError, match="lack columns of log_format: version, srcaddr"):
        written(texts("a"), "version region srcaddr")
    with pytest.raises(ValueError, match=r"lack .*: log_status; .* underscores, not log-status"):
        written(texts("a", name="log-status"), "log-status")


def test_extra_columns() -> None:
    """Columns that the format lacks are named, not dropped."""
    table = pa.table({"region": ["a"], "bytes": [1], "x": [1]})
    with pytest.raises(ValueError, match=r"bytes, x: select the columns to write first"):
        written(table, "region")


def test_column_twice() -> None:
    """Two columns with one name cannot be told apart."""
    table = pa.table([["a"], ["b"]], names=["region", "region"])
    with pytest.raises(ValueError, match="columns twice: region"):
        written(table, "region")


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("bytes", pa.array([1.0]), "bytes: expected an integer, got double"),
        ("dstport", pa.array(["443"]), "dstport: expected an integer, got string"),
        ("account_id", pa.array([42]), "account_id: expected text, got int64"),
        ("start", pa.array(["now"]), "start: expected a timestamp or an integer, got string"),
        ("export_timestamp", pa.array([1]), "export_timestamp: expected a timestamp, got int64"),
        ("region", pa.array([b"a"]), "region: expected text, got binary"),
    ],
)
def test_wrong_types(name: str, array: Any, message: str) -> None:
    """A column whose type would not come back is refused, and what is expected is said."""
    with pytest.raises(ValueError, match=message):
        written(pa.table({name: array}), name)


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "'' is empty"),
        ("-", "'-' would read as null"),
        ("a b", "'a b' has a blank"),
        (" ", "' ' has a blank"),
        ("a\tb", "blank or a line break"),
        ("a\nb", "blank or a line break"),
        ("\ra", "begins the line with a carriage return"),
        ("a\r", "ends the line with a carriage return"),
        ("x" * 65537, "is longer than a line of 64 KiB"),
        ("region", "would read as a header"),
    ],
)
def test_text_that_no_line_can_hold(value: str, why: str) -> None:
    """Text that would come back otherwise is refused, with column, row and value."""
    with pytest.raises(ValueError, match=f"^region: row 1: .*{why}"):
        written(texts("good", value, "good"), "region")


def test_value_at_fault_is_shortened() -> None:
    """A long value does not fill the message."""
    with pytest.raises(ValueError, match="row 0") as caught:
        written(texts("x y" * 1000), "region")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", ["a\rb", "\x00", "é日本", "%20", "0", "\u00a0", "\ufeff", "--"])
def test_odd_text_that_a_line_can_hold(value: str) -> None:
    """What is part of a token when reading can be written."""
    text = written(texts(value), "region")
    assert flowparse.read_table(text)["region"].to_pylist() == [value]


@pytest.mark.parametrize(
    ("value", "text"), [("\r", "x \r y"), ("a\r", "x a\r y"), ("\ra", "x \ra y")]
)
def test_carriage_return_inside_a_line(value: str, text: str) -> None:
    """A carriage return is lost only at a line's ends."""
    table = pa.table({"region": [value], "type": ["x"], "az_id": ["y"]})
    data = written(table, "type region az-id")
    assert data == b"type region az-id\n" + text.encode() + b"\n"
    assert flowparse.read_table(data)["region"].to_pylist() == [value]


@pytest.mark.parametrize(
    ("name", "array", "why"),
    [
        ("bytes", pa.array([1, -1]), "-1 is negative"),
        ("dstport", pa.array([1, 65536]), "65536 is over 65535"),
        ("protocol", pa.array([1, 256]), "256 is over 255"),
        ("version", pa.array([1, 2**31]), "2147483648 is over 2147483647"),
        ("bytes", pa.array([1, 2**63], pa.uint64()), "9223372036854775808 is over"),
        ("start", pa.array([1, -1]), "-1 is negative"),
        ("start", pa.array([0, -1], SECONDS), "is before 1970"),
        ("start", pa.array([0, 1500], pa.timestamp("ms")), "is not a whole second"),
        ("start", pa.array([0, 1], pa.timestamp("ns")), "is not a whole second"),
        ("start", pa.array([0, 2**63 // 1000 + 1], SECONDS), "is later than any line can say"),
        ("export_timestamp", pa.array([0, 1], pa.timestamp("us")), "is not a whole millisecond"),
        (
            "export_timestamp",
            pa.array([0, 253402300800 + 86340], pa.timestamp("s")),
            "is not in the years 0001 to 9999",
        ),
    ],
)
def test_numbers_and_times_that_no_line_can_hold(name: str, array: Any, why: str) -> None:
    """Numbers out of the field's range and times that text cannot show are refused."""
    with pytest.raises(ValueError, match=f"^{name}: row 1: .*{why}"):
        written(pa.table({name: array}), name)


def test_far_times() -> None:
    """From 10^11 on a number reads as milliseconds, so later seconds are written as such."""
    table = pa.table({"start": pa.array([10**11 - 1, 10**11, 2**63 // 1000], SECONDS)})
    assert written(table, "start") == (
        b"start\n99999999999\n100000000000000\n9223372036854775000\n"
    )
    assert flowparse.read_table(written(table, "start")).equals(table)


def test_milliseconds_as_numbers() -> None:
    """Numbers of old data that are milliseconds are written as they stand."""
    table = pa.table({"start": [1700000000999]})
    assert written(table, "start") == b"start\n1700000000999\n"


def test_line_too_long() -> None:
    """A line over 64 KiB is refused though each of its values would do; one of 64 KiB is not."""
    table = pa.table({"region": ["x" * 40_000], "type": ["y" * 25_535]})
    assert len(written(table, "region type", header=False)) == 65_536 + 1
    table = pa.table({"region": ["x" * 40_000], "type": ["y" * 25_536]})
    with pytest.raises(ValueError, match=r"^region: row 0: .* in a line of 65537 bytes"):
        written(table, "region type")


def test_long_values_take_no_memory() -> None:
    """A dictionary that repeats a long value is not unrolled: all would be 2 GiB."""
    table = pa.table({"region": pa.array(["x" * 140_000]).dictionary_encode()})
    table = pa.concat_tables([table] * 16_384).unify_dictionaries().combine_chunks()
    before = pa.default_memory_pool().max_memory()
    with pytest.raises(ValueError, match=r"row 0: .* is longer than a line"):
        written(table, "region")
    assert pa.default_memory_pool().max_memory() < before + (512 << 20)


def test_line_like_a_header() -> None:
    """Values that together read as a header are refused."""
    table = pa.table({"region": ["a", "start"], "type": ["b", "end"], "az_id": ["c", "bytes"]})
    with pytest.raises(ValueError, match=r"row 1: 'start' .* read as a header: start end bytes"):
        written(table, "region type az-id")


@pytest.mark.parametrize("value", ["{", "PAR1x", "\ufeffx"])
def test_beginning_of_a_file_without_header(value: str) -> None:
    """The first line of a file may not look like another kind of file; below a header it may."""
    with pytest.raises(ValueError, match=r"row 0: .* begins the file"):
        written(texts(value, "b"), "region", header=False)
    assert written(texts("b", value), "region", header=False).startswith(b"b\n")
    assert written(texts(value), "region").startswith(b"region\n")


def test_row_counts_over_all_batches() -> None:
    """The row in a message counts from 0 over the whole data."""
    batches = [texts(*"abc").to_batches()[0]] * 5 + [texts("a", "b c").to_batches()[0]]
    with pytest.raises(ValueError, match=r"^region: row 16: 'b c'"):
        written(pa.Table.from_batches(batches), "region")


def test_first_of_several_faults() -> None:
    """Of several bad values the one in the first row is named."""
    table = pa.table({"region": ["a", "b", "c d"], "bytes": [1, -5, 3]})
    with pytest.raises(ValueError, match=r"^bytes: row 1: -5"):
        written(table, "region bytes")


# ---------------------------------------------------------------- there and back

FIELDS = {
    "version": (st.integers(0, 2**31 - 1), pa.int32()),
    "bytes": (st.integers(0, 2**63 - 1), pa.int64()),
    "dstport": (st.integers(0, 65535), pa.int32()),
    "start": (st.integers(0, 2**63 - 1), SECONDS),
    "srcaddr": (st.text(max_size=5), pa.string()),
    "region": (st.text("-{ab \r\t\n\x00é\ufeff", max_size=4), pa.string()),
    "type": (st.sampled_from(["", "-", "a", "start", "end", "region", "type"]), pa.string()),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    names = draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, unique=True))
    rows = draw(st.integers(0, 4))
    return pa.table(
        {
            name: pa.array(
                draw(st.lists(st.one_of(FIELDS[name][0], st.none()), min_size=rows, max_size=rows)),
                FIELDS[name][1],
            )
            for name in names
        }
    )


@settings(max_examples=100, deadline=None)
@given(tables(), st.booleans())
def test_same_or_refused(table: pa.Table, header: bool) -> None:
    """Whatever the values: what is written reads back as the same table, or is refused."""
    log_format = " ".join(table.column_names)
    try:
        data = written(table, log_format, header=header)
    except ValueError as error:
        assert "row " in str(error)  # noqa: PT017
        return
    back = flowparse.read_table(data, log_format=log_format, on_reject="raise")
    assert back.cast(table.schema).equals(table)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=6), max_size=6))
def test_good_text_is_written(values: list[str]) -> None:
    """Text that the contract allows in a line is never refused."""
    good = [v for v in values if v.strip("\r") not in ("", "-") and not set(v) & set(" \t\n")]
    good = [f"x{v}x" for v in good]
    table = texts(*good)
    assert flowparse.read_table(written(table, "region"))["region"].to_pylist() == good
