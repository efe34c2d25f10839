"""`read_table`: text and gzip to one typed table."""

from __future__ import annotations

import gzip
import io
import json
import warnings
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowparse
from flowparse import LogFormat, RejectWarning, SourceError

DICTIONARY = pa.dictionary(pa.int32(), pa.string())
SECONDS = pa.timestamp("s", tz="UTC")
THREE = b"version srcaddr dstport\n"
DEFAULT = (
    b"2 123456789012 eni-0aa1 203.0.113.5 192.0.2.10 43638 443 6 3 180 "
    b"1700000000 1700000060 ACCEPT OK\n"
)


def metadata(table: pa.Table) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(table.schema.metadata[b"flowparse"])
    return loaded


# ---------------------------------------------------------------- sources

LINES = THREE + b"2 192.0.2.1 443\n2 192.0.2.2 22\n"
ROWS = {"version": [2, 2], "srcaddr": ["192.0.2.1", "192.0.2.2"], "dstport": [443, 22]}


@pytest.mark.parametrize("packed", [LINES, gzip.compress(LINES)], ids=["text", "gzip"])
def test_every_kind_of_source_gives_the_same_table(packed: bytes, tmp_path: Path) -> None:
    """Bytes, views, paths, globs, folders, files and lists of these read alike."""
    folder = tmp_path / "logs" / "deep"
    folder.mkdir(parents=True)
    path = folder / "flow.log"
    path.write_bytes(packed)
    sources = [
        packed,
        bytearray(packed),
        memoryview(packed),
        path,
        str(path),
        str(folder / "*.log"),
        tmp_path / "logs",
        [path],
        io.BytesIO(packed),
    ]
    for source in sources:
        assert flowparse.read_table(source).to_pydict() == ROWS, source
    with path.open("rb") as file:
        assert flowparse.read_table(file).to_pydict() == ROWS


def test_the_container_is_told_by_its_first_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    """A file called .gz may be text, and one called .log gzip."""
    (tmp_path / "a.gz").write_bytes(LINES)
    (tmp_path / "b.log").write_bytes(gzip.compress(LINES))
    (tmp_path / "c.parquet").write_bytes(LINES)
    assert flowparse.read_table(tmp_path).column("dstport").to_pylist() == [443, 22] * 3


def test_sources_are_read_in_the_order_given_and_listings_by_key(tmp_path: Path) -> None:
    """A list keeps its order, one source may stand twice, and a folder is sorted by path."""
    for name in ("b", "a", "c/a", ".hidden", "_SUCCESS"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"srcaddr\n" + name.encode() + b"\n")
    assert flowparse.read_table(tmp_path).column(0).to_pylist() == ["a", "b", "c/a"]
    chosen = [tmp_path / "c/a", tmp_path / "a", tmp_path / "c/a"]
    assert flowparse.read_table(chosen).column(0).to_pylist() == ["c/a", "a", "c/a"]


@pytest.mark.parametrize("source", [b"", gzip.compress(b""), [], b"\n\n", b"\xef\xbb\xbf", [b""]])
def test_nothing_is_no_error(source: Any) -> None:
    """Of empty sources come no records, and the columns of the default format."""
    table = flowparse.read_table(source, on_reject="raise")
    assert (table.num_rows, table.column_names) == (0, list(LogFormat.default().columns))
    table.validate(full=True)


def test_the_schema_of_nothing_is_that_of_the_given_format() -> None:
    """Where no line comes, log_format says the columns, and `columns` still choose."""
    table = flowparse.read_table(b"", log_format="${srcaddr} ${new-one}")
    assert table.schema.remove_metadata() == pa.schema(
        [("srcaddr", pa.string()), ("new_one", pa.string())]
    )
    assert flowparse.read_table([], columns=["dstport"]).schema.names == ["dstport"]


def test_an_empty_folder_is_no_records_and_a_missing_path_an_error(tmp_path: Path) -> None:
    """An empty folder has no records; a missing path or glob raises whatever on_reject says."""
    assert flowparse.read_table(tmp_path).num_rows == 0
    missing = tmp_path / "missing.log"
    for on_reject in ("warn", "collect", "raise"):
        with pytest.raises(SourceError) as caught:
            flowparse.read_table(missing, on_reject=on_reject)
        assert str(caught.value) == f"{missing}: no such file or folder"
        with pytest.raises(SourceError) as caught:
            flowparse.read_table([LINES, tmp_path / "*.gz"], on_reject=on_reject)
        assert str(caught.value) == f"{tmp_path / '*.gz'}: no file matches"


# ---------------------------------------------------------------- columns


@pytest.mark.parametrize(
    ("schema", "types", "start"),
    [
        ("typed", [pa.int32(), DICTIONARY, DICTIONARY, pa.string(), SECONDS], 1700000000),
        ("aws", [pa.int32(), pa.string(), pa.string(), pa.string(), pa.int64()], 1700000000999),
    ],
)
def test_the_schemas_differ_in_types_alone(schema: Any, types: list[Any], start: int) -> None:
    """Typed has UTC seconds and dictionaries, aws the types and the numbers AWS writes."""
    text = b"version account-id action srcaddr start\n2 001 ACCEPT 192.0.2.1 1700000000999\n"
    table = flowparse.read_table(text, schema=schema)
    assert table.schema.types == types
    row = [column.cast(pa.int64() if i == 4 else column.type) for i, column in enumerate(table)]
    assert [column.to_pylist() for column in row] == [
        [2],
        ["001"],
        ["ACCEPT"],
        ["192.0.2.1"],
        [start],
    ]


def test_a_default_record_has_the_default_columns() -> None:
    """A line of the default format without a header gives its 14 columns in AWS's order."""
    table = flowparse.read_table(DEFAULT)
    assert table.column_names == list(LogFormat.default().columns)
    assert table.drop_columns(["start", "end"]).to_pylist() == [
        {
            "version": 2,
            "account_id": "123456789012",
            "interface_id": "eni-0aa1",
            "srcaddr": "203.0.113.5",
            "dstaddr": "192.0.2.10",
            "srcport": 43638,
            "dstport": 443,
            "protocol": 6,
            "packets": 3,
            "bytes": 180,
            "action": "ACCEPT",
            "log_status": "OK",
        }
    ]
    assert table.column("start").cast(pa.int64()).to_pylist() == [1700000000]


def test_version_is_data() -> None:
    """`version` is not checked against the fields that a line has."""
    text = b"version pkt-srcaddr ecs-task-id srcaddr\n3 a b c\n99 a b c\n0 a b c\n- a b c\n"
    assert flowparse.read_table(text).column("version").to_pylist() == [3, 99, 0, None]


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        (b"0", 0),
        (b"99999999999", 99999999999),
        (b"100000000000", 100000000),
        (b"1512564058999", 1512564058),
        (b"9223372036854775807", 9223372036854775),
        (b"-", None),
    ],
)
def test_a_time_of_milliseconds_is_scaled_down(raw: bytes, seconds: int | None) -> None:
    """Values of 10^11 and more are milliseconds, rounded down to seconds; aws keeps them."""
    text = b"start end bytes\n" + raw + b" " + raw + b" 1\n"
    table = flowparse.read_table(text)
    assert table.column("start").cast(pa.int64()).to_pylist() == [seconds]
    assert table.column("end").cast(pa.int64()).to_pylist() == [seconds]
    aws = flowparse.read_table(text, schema="aws").column("start").to_pylist()
    assert aws == [None if raw == b"-" else int(raw)]


def test_columns_are_chosen_by_name_and_order() -> None:
    """Names with hyphens or underscores come in the order wanted, with underscores."""
    table = flowparse.read_table(DEFAULT, columns=["log-status", "dstport", "account_id"])
    assert table.to_pydict() == {
        "log_status": ["OK"],
        "dstport": [443],
        "account_id": ["123456789012"],
    }


def test_a_known_field_that_a_format_lacks_is_a_null_column() -> None:
    """A column of the registry that the format has not is null, in its own type."""
    names = ["bytes", "vpc_id", "pkt_srcaddr", "start", "tcp_flags", "srcaddr"]
    table = flowparse.read_table(LINES, columns=names)
    table.validate(full=True)
    types = [pa.int64(), DICTIONARY, pa.string(), SECONDS, pa.int32(), pa.string()]
    assert table.schema.types == types
    assert [column.null_count for column in table] == [2, 2, 2, 2, 2, 0]


def test_no_columns_still_have_rows() -> None:
    """`columns=[]` gives no columns and the right number of rows, filtered or not."""
    table = flowparse.read_table([LINES, LINES], columns=[])
    assert (table.num_rows, table.num_columns) == (4, 0)
    table = flowparse.read_table(LINES, columns=[], filters=[("dstport", "=", 22)])
    assert (table.num_rows, metadata(table)["counts"]["records"]) == (1, 2)
    table = flowparse.read_table(LINES, columns=[], filters=[("dstport", "=", 1)])
    assert (table.num_rows, table.num_columns) == (0, 0)


def test_columns_on_request_say_where_a_record_stood() -> None:
    """source, line, export_timestamp, log_group and log_stream come when they are asked for."""
    first = io.BytesIO(b"\n" + LINES)
    first.name = "first.log"  # type: ignore[attr-defined]
    second = io.BytesIO(b"2023-11-14T22:13:20.250+01:00 " + DEFAULT)
    second.name = "second.log"  # type: ignore[attr-defined]
    names = ["line", "source", "export-timestamp", "log_group", "log_stream"]
    table = flowparse.read_table([first, second], columns=names)
    table.validate(full=True)
    assert table.schema.types == [
        pa.int64(),
        DICTIONARY,
        pa.timestamp("ms", tz="UTC"),
        DICTIONARY,
        DICTIONARY,
    ]
    assert table.column("line").to_pylist() == [3, 4, 1]
    assert table.column("source").to_pylist() == ["first.log", "first.log", "second.log"]
    times = table.column("export_timestamp").cast(pa.int64()).to_pylist()
    assert times == [None, None, 1699996400250]
    assert table.column("log_group").null_count == 3
    assert "source" not in flowparse.read_table(LINES).column_names


@pytest.mark.parametrize("schema", ["typed", "aws"])
def test_the_line_is_the_physical_one(schema: Any) -> None:
    """`line` counts from 1, blank lines, headers, rejects and long lines among them."""
    text = b"\n" + LINES + b"bogus\n" + b"x" * 300_000 + b"\n\r\n2 192.0.2.3 1"
    table = flowparse.read_table(text, columns=["line"], schema=schema, on_reject="collect")
    assert table.column("line").to_pylist() == [3, 4, 8]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            ["dstprt"],
            "no column 'dstprt': neither AWS's registry nor the formats read have it; "
            "did you mean dstport, start, srcport?",
        ),
        (["qqq"], "no column 'qqq': neither AWS's registry nor the formats read have it"),
        ([""], "no column '': neither AWS's registry nor the formats read have it"),
        ("srcaddr", "columns: expected a list of names, got 'srcaddr': ['srcaddr']?"),
        (["srcaddr", "srcaddr"], "columns: named twice: srcaddr"),
        (["pkt-srcaddr", "line", "pkt_srcaddr"], "columns: named twice: pkt_srcaddr"),
        (["srcaddr", 5], "columns: expected names, got 5"),
    ],
)
def test_a_wrong_column_is_a_value_error(columns: Any, message: str) -> None:
    """An unknown name is a ValueError that lists the near ones; so are other wrong columns."""
    with pytest.raises(ValueError, match="column") as caught:
        flowparse.read_table(LINES, columns=columns)
    assert str(caught.value) == message
    with pytest.raises(ValueError, match="column"):
        flowparse.open_reader(LINES, columns=columns)


def test_a_name_of_the_format_may_be_asked_for() -> None:
    """A name that the registry lacks is a string column where a format has it, null elsewhere."""
    text = b"version srcaddr dstport new-one\n2 a 1 007\n"
    table = flowparse.read_table([text, LINES], columns=["new_one"])
    assert table.schema.field("new_one").type == pa.string()
    assert table.column("new_one").to_pylist() == ["007", None, None]


def test_a_known_name_that_a_later_header_brings_may_be_asked_for() -> None:
    """A registry name that only a later header has fills in from there; so does its filter."""
    text = LINES + b"version srcaddr dstport vpc-id\n2 a 1 vpc-7\n"
    table = flowparse.read_table(text, columns=["vpc_id"])
    assert table.column("vpc_id").to_pylist() == [None, None, "vpc-7"]
    table = flowparse.read_table(text, filters=[("vpc_id", "=", "vpc-7")], columns=["srcaddr"])
    assert table.column("srcaddr").to_pylist() == ["a"]


def test_a_name_of_nobody_is_refused_before_reading() -> None:
    """A name that neither the registry nor a first line has is refused before all is read.

    Though a later header brings it: a slip of the pen must not cost a long reading.
    """
    text = LINES + b"version srcaddr dstport new-one\n2 a 1 007\n"
    assert "new_one" in flowparse.read_table(text).column_names
    with pytest.raises(ValueError, match="no column 'new_one'"):
        flowparse.read_table(text, columns=["new_one"])
    other = (
        b"version srcaddr bytes new-one\n2 b 1 8\n"  # a source that opens with it makes it known
    )
    table = flowparse.read_table([text, other], columns=["new_one"])
    assert table.column("new_one").to_pylist() == [None, None, "007", "8"]


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("field", "maximum"),
    [
        ("dstport", 65535),
        ("protocol", 255),
        ("tcp-flags", 2**31 - 1),
        ("bytes", 2**63 - 1),
        ("packets-lost-blackhole", 2**63 - 1),
        ("end", 2**63 - 1),
    ],
)
def test_numbers_of_every_length(field: str, maximum: int) -> None:
    """Numbers of 1 to 25 digits, with zeros before them or not, are values or out of range."""
    numbers = {n for k in range(25) for n in (10**k, 10**k - 1, 1234567890123456789012345 // 10**k)}
    numbers |= {maximum - 1, maximum, maximum + 1, 2**32, 2**64, 2**64 + 1}
    tokens = [str(n).rjust(width, "0") for n in sorted(numbers) for width in (1, 8, 9, 16, 17, 40)]
    text = "\n".join([f"version srcaddr action {field}", *(f"2 a A {token}" for token in tokens)])
    with flowparse.open_reader(text.encode(), schema="aws", on_reject="collect") as reader:
        found = reader.read_all().column(3).to_pylist()
    assert found == [int(token) for token in tokens if int(token) <= maximum]
    rejected = [f"2 a A {token}" for token in tokens if int(token) > maximum]
    assert reader.rejects.column("text").to_pylist() == rejected
    assert set(reader.rejects.column("reason").to_pylist()) == {"out-of-range"}


def test_a_wrong_byte_is_found_in_numbers_of_every_length() -> None:
    """At each place of a number of each length, any byte but a digit makes it none."""
    wrong = [chr(byte) for byte in range(0x21, 0x7F) if not chr(byte).isdigit()]
    tokens = [
        "1" * at + wrong[(size * 7 + at) % len(wrong)] + "1" * (size - at - 1)
        for size in range(1, 26)
        for at in range(size)
    ]
    tokens += ["0" * at + mark + "0" * (7 - at) for at in range(8) for mark in wrong]
    tokens = [token for token in tokens if token != "-"]
    text = "\n".join(["version srcaddr bytes", *(f"2 a {token}" for token in tokens)])
    with flowparse.open_reader(text.encode(), on_reject="collect") as reader:
        assert reader.read_all().num_rows == 0
    assert reader.rejects.column("reason").to_pylist() == ["not-a-number"] * len(tokens)


@pytest.mark.parametrize("schema", ["typed", "aws"])
def test_text_of_every_length(schema: Any) -> None:
    """Texts and addresses of 1 to 200 bytes come back whole, ASCII or not."""
    texts = ["x" * n for n in range(1, 201)] + ["é" * n + "y" for n in range(100)]
    rows = "".join(f"{text} {text} {text}\n" for text in texts)
    log_format = "srcaddr action tag-of-mine"
    table = flowparse.read_table(rows.encode(), log_format=log_format, schema=schema)
    table.validate(full=True)
    assert all(column.to_pylist() == texts for column in table)


def test_a_dictionary_of_very_many_values() -> None:
    """A text column of 100,000 values, many alike but for a byte, keeps every one apart."""
    values = [f"eni-{n * 7919 % 100_000:017x}" for n in range(100_000)]
    values += [f"{'z' * (n % 40)}{n % 9}" for n in range(20_000)]
    text = "version action interface-id\n" + "".join(f"2 A {value}\n" for value in values)
    table = flowparse.read_table(text.encode())
    table.validate(full=True)
    assert table.column("interface_id").to_pylist() == values
    distinct = list(dict.fromkeys(values))
    assert table.column("interface_id").chunk(0).dictionary.to_pylist() == distinct


@pytest.mark.parametrize("kept", ["all", "some", "none"])
def test_nulls_and_rejects_among_very_many_lines(kept: str) -> None:
    """Over many batches each value stays in its row, whatever lines are null, bad or filtered."""
    lines, wanted = [], []
    for n in range(150_000):
        port = None if n % 7 == 3 else n % 65536
        action = None if n % 11 == 5 else f"A{n % 13}"
        address = None if 70_000 < n < 140_000 else f"10.0.0.{n % 251}"
        version = 2 if n % 1009 else -1
        cells = (version, port, action, address, n)
        lines.append(" ".join("-" if cell is None else str(cell) for cell in cells))
        if version == 2:
            wanted.append(cells)
    filters = {"all": [], "some": [("dstport", "<", 30_000)], "none": [("dstport", "<", 0)]}[kept]
    if kept == "some":
        wanted = [cells for cells in wanted if cells[1] is not None and cells[1] < 30_000]
    text = "\n".join(["version dstport action srcaddr bytes", *lines]).encode()
    table = flowparse.read_table(text, filters=filters, on_reject="collect")
    table.validate(full=True)
    found = list(zip(*(column.to_pylist() for column in table), strict=True))
    assert found == ([] if kept == "none" else wanted)
    assert metadata(table)["counts"]["rejects"] == len(range(0, 150_000, 1009))


@pytest.mark.parametrize(
    ("time", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2023-11-14T22:13:20.1Z", 1700000000100),
        ("2023-11-14T22:13:20.123456789Z", 1700000000123),
        ("2023-11-14T22:13:20.000999Z", 1700000000000),
        ("2023-11-15T03:43:20+05:30", 1700000000000),
        ("2023-11-14T14:13:20-08:00", 1700000000000),
        ("2024-02-29T00:00:00Z", 1709164800000),
        ("2000-02-29T23:59:59Z", 951868799000),
        ("0001-01-01T00:00:00Z", -62135596800000),
        ("9999-12-31T23:59:59.999Z", 253402300799999),
        ("2023-11-14T22:13:20+23:59", 1699913660000),
        ("-", None),
    ],
)
def test_the_time_of_an_export_is_read_to_the_millisecond(
    time: str, milliseconds: int | None
) -> None:
    """An ISO time with an offset is UTC milliseconds, further digits cut off."""
    text = f"export-timestamp version srcaddr action\n{time} 2 a A\n".encode()
    table = flowparse.read_table(text, columns=["export_timestamp"], on_reject="raise")
    assert table.column(0).cast(pa.int64()).to_pylist() == [milliseconds]


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("2023-11-14", "not-a-number"),
        ("2023-11-14T22:13:20", "not-a-number"),
        ("2023-11-14T22:13Z", "not-a-number"),
        ("2023-11-14T22:13:20z", "not-a-number"),
        ("2023-11-14t22:13:20Z", "not-a-number"),
        ("2023-11-14T22:13:20.Z", "not-a-number"),
        ("2023-11-14T22:13:20.1234567890Z", "not-a-number"),
        ("2023-11-14T22:13:20,5Z", "not-a-number"),
        ("2023-11-14T22:13:20+0100", "not-a-number"),
        ("2023-11-14T22:13:20+01", "not-a-number"),
        ("2023-11-14T22:13:20ZZ", "not-a-number"),
        ("+023-11-14T22:13:20Z", "not-a-number"),
        ("2023-1-14T22:13:20.00Z", "not-a-number"),
        ("1700000000000", "not-a-number"),
        ("2023-00-14T22:13:20Z", "out-of-range"),
        ("2023-13-14T22:13:20Z", "out-of-range"),
        ("2023-11-00T22:13:20Z", "out-of-range"),
        ("2023-11-31T22:13:20Z", "out-of-range"),
        ("2023-02-29T22:13:20Z", "out-of-range"),
        ("1900-02-29T22:13:20Z", "out-of-range"),
        ("0000-01-01T22:13:20Z", "out-of-range"),
        ("2023-11-14T24:00:00Z", "out-of-range"),
        ("2023-11-14T22:60:00Z", "out-of-range"),
        ("2023-11-14T23:59:60Z", "out-of-range"),
        ("2023-11-14T22:13:20+24:00", "out-of-range"),
        ("2023-11-14T22:13:20+23:60", "out-of-range"),
    ],
)
def test_a_time_that_the_calendar_lacks_is_rejected(time: str, reason: str) -> None:
    """What has not the shape of an ISO time, or is none in the calendar, rejects its line."""
    text = f"export-timestamp version srcaddr action\n{time} 2 a A\n".encode()
    with flowparse.open_reader(text, on_reject="collect", columns=["line"]) as reader:
        assert reader.read_all().num_rows == 0
    assert reader.rejects.select(["field", "reason"]).to_pylist() == [
        {"field": "export-timestamp", "reason": reason}
    ]


# ---------------------------------------------------------------- formats


def test_several_formats_give_the_union_of_their_columns() -> None:
    """Columns of all formats come in the order in which they first stand, null where lacking."""
    other = b"action version new-one bytes\nREJECT 3 x 7\n"
    table = flowparse.read_table([LINES, other, LINES])
    table.validate(full=True)
    assert table.to_pydict() == {
        "version": [2, 2, 3, 2, 2],
        "srcaddr": ["192.0.2.1", "192.0.2.2", None, "192.0.2.1", "192.0.2.2"],
        "dstport": [443, 22, None, 443, 22],
        "action": [None, None, "REJECT", None, None],
        "new_one": [None, None, "x", None, None],
        "bytes": [None, None, 7, None, None],
    }


def test_a_header_without_records_brings_its_columns() -> None:
    """A file of a header alone has no records, and its columns join the union."""
    table = flowparse.read_table([b"version srcaddr action\n", LINES])
    assert table.column_names == ["version", "srcaddr", "action", "dstport"]
    table = flowparse.read_table(b"version srcaddr action")
    assert (table.num_rows, table.column_names) == (0, ["version", "srcaddr", "action"])


def test_empty_sources_do_not_join_the_union() -> None:
    """A source without a line adds no columns of the default format."""
    assert flowparse.read_table([b"", LINES, b"\n"]).to_pydict() == ROWS


def test_a_given_format_is_for_sources_without_a_header() -> None:
    """log_format reads what has no header; a file's own header wins, and then stays alone."""
    for log_format in ("${srcaddr} ${bytes}", LogFormat(("srcaddr", "bytes"))):
        table = flowparse.read_table([b"a 5\n", LINES], log_format=log_format)
        assert table.column_names == ["srcaddr", "bytes", "version", "dstport"]
        assert table.column("srcaddr").to_pylist() == ["a", "192.0.2.1", "192.0.2.2"]
        assert flowparse.read_table(LINES, log_format=log_format).to_pydict() == ROWS


def test_a_header_holds_until_the_next_one() -> None:
    """After a later header the given format does not come back, nor does the first header."""
    text = b"a 5\nversion dstport action\n2 1 ACCEPT\na 5\n"
    table = flowparse.read_table(text, log_format="srcaddr bytes", on_reject="collect")
    assert metadata(table)["first_reject"]["message"] == (
        "expected 3 fields, got 2 (<bytes>, line 4, byte 38)"
    )
    assert table.num_rows == 2


def test_the_format_of_one_source_does_not_reach_into_the_next() -> None:
    """Each source is judged by itself: a header ends with its file."""
    with pytest.raises(flowparse.LogFormatError, match=r"2 192\.0\.2\.9 1"):
        flowparse.read_table([LINES, b"2 192.0.2.9 1\n"])


# ---------------------------------------------------------------- what a table tells


def test_a_table_keeps_its_counts_and_first_reject() -> None:
    """The schema's metadata has the counts and the first reject as JSON under `flowparse`."""
    table = flowparse.read_table([LINES, LINES + b"2 a 70000\nbogus\n"], on_reject="collect")
    size = len(LINES)
    assert metadata(table) == {
        "counts": {
            "records": 4,
            "no_data": 0,
            "skip_data": 0,
            "rejects": 2,
            "headers": 2,
            "blank": 0,
            "objects": 2,
            "bytes_read": 2 * size + 16,
            "bytes_text": 2 * size + 16,
        },
        "first_reject": {
            "source": "<bytes>",
            "line": 4,
            "byte_offset": size,
            "field": "dstport",
            "reason": "out-of-range",
            "message": f"dstport: expected 0..65535, got '70000' (<bytes>, line 4, byte {size})",
        },
    } | {key: value for key, value in metadata(table).items() if key == "errors"}
    assert metadata(flowparse.read_table(LINES))["first_reject"] is None


def test_a_table_never_hides_what_was_lost() -> None:
    """Of a source that failed under collect the table's metadata tells, since nothing else does."""
    cut = gzip.compress(LINES * 50)[:-9]
    table = flowparse.read_table([LINES, cut], on_reject="collect")
    told = table.schema.metadata[b"flowparse"].decode()
    assert "a gzip member is cut off" in told
    assert "InflateError" in told


def test_dictionaries_are_one_for_all_batches_and_threads() -> None:
    """A text column has one dictionary, in order of appearance, for every number of threads."""
    header = b"version action account-id\n"
    sources = [
        header + b"".join(b"2 A%d %d\n" % (n % 7, n // 3) for n in range(start, start + 500))
        for start in range(0, 9000, 300)
    ]
    tables = [flowparse.read_table(sources, threads=threads) for threads in (1, 2, 8)]
    for table in tables:
        table.validate(full=True)
        assert table.equals(tables[0])
        for name in ("action", "account_id"):
            first, *others = table.column(name).chunks
            assert all(chunk.dictionary.equals(first.dictionary) for chunk in others)
            wanted = list(dict.fromkeys(table.column(name).to_pylist()))
            assert first.dictionary.to_pylist() == wanted


def test_null_columns_of_a_union_have_sound_dictionaries() -> None:
    """A text column that a format lacks has no null value in its dictionary."""
    table = flowparse.read_table([LINES, b"action version type\nREJECT 3 IPv4\n", LINES])
    table.validate(full=True)
    for chunk in table.column("action").chunks:
        assert chunk.dictionary.to_pylist() == ["REJECT"]
    assert table.column("action").to_pylist() == [None, None, "REJECT", None, None]
    nothing = flowparse.read_table(LINES, columns=["action"]).column("action")
    assert nothing.chunk(0).dictionary.to_pylist() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threads": 0}, "threads: expected 1 or more, or None for all cores, got 0"),
        ({"threads": True}, "threads: expected 1 or more, or None for all cores, got True"),
        ({"threads": 1.5}, "threads: expected 1 or more, or None for all cores, got 1.5"),
        ({"on_reject": "ignore"}, "on_reject: expected one of warn, collect, raise, got 'ignore'"),
        ({"on_reject": None}, "on_reject: expected one of warn, collect, raise, got None"),
        ({"schema": "raw"}, "schema: expected one of typed, aws, got 'raw'"),
        (
            {"since": "soon"},
            "since: expected a time such as '2026-11-24T13:00:00Z', got 'soon'",
        ),
        (
            {"until": []},
            "until: expected a datetime, ISO 8601 text or epoch seconds, got list []",
        ),
    ],
)
def test_a_wrong_option_is_a_value_error(options: dict[str, Any], message: str) -> None:
    """An option that there is not is a ValueError, before any source is looked at."""
    with pytest.raises(ValueError, match="expected") as caught:
        flowparse.read_table("no-such-file", **options)
    assert str(caught.value) == message


def test_an_option_is_named_in_full() -> None:
    """Options are keywords only."""
    with pytest.raises(TypeError):
        flowparse.read_table(LINES, ["srcaddr"])  # type: ignore[misc]


def test_a_warning_that_is_an_error_is_raised() -> None:
    """With warnings as errors a RejectWarning comes out of the call itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RejectWarning, match="1 line was rejected"):
            flowparse.read_table(LINES + b"bogus\n")


def test_what_is_no_source_is_a_type_error() -> None:
    """Something that cannot be read from is a TypeError that says what can."""
    with pytest.raises(TypeError, match="cannot read from int"):
        flowparse.read_table(5)
    with pytest.raises(TypeError, match="open in text mode"):
        flowparse.read_table(io.StringIO("srcaddr\na\n"))
