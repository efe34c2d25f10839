"""Events of JSON envelopes through the whole of reading: columns, filters, rejects, damage."""

from __future__ import annotations

import gzip
import json
import warnings
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import flowparse
from flowparse import LogFormatError, RecordError, RejectWarning, SourceError, _core
from flowparse.enveloped import Enveloped
from flowparse.testing.cloudwatch import json_bytes, lambda_event
from strategies import LAW, Options, Texts, options, texts

LINE = "2 011122223333 eni-{n} 192.0.2.1 198.51.100.7 49152 {n} 6 10 840 {t} {t} ACCEPT OK"
T0 = 1_700_000_000


def record(n: int) -> str:
    return LINE.format(n=n, t=T0 + n)


def document(*messages: Any, group: str = "/vpc", stream: str = "eni-1", first: int = 0) -> Any:
    """A subscription document; the n-th event's time is T0 + first + n seconds and a half."""
    events = [
        {"id": f"{n}", "timestamp": 1000 * (T0 + first + n) + 500, "message": message}
        for n, message in enumerate(messages)
    ]
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": ["flows"],
        "logEvents": events,
    }


CONTROL = {**document("CWL CONTROL MESSAGE: Checking health"), "messageType": "CONTROL_MESSAGE"}


def pack(*documents: Any, between: bytes = b"") -> bytes:
    return between.join(json.dumps(document).encode() for document in documents)


def ports(source: Any, **kwargs: Any) -> list[int | None]:
    table = flowparse.read_table(source, columns=["dstport"], **kwargs)
    return table["dstport"].to_pylist()


def collect(source: Any, **kwargs: Any) -> tuple[pa.Table, Any]:
    with flowparse.open_reader(source, on_reject="collect", **kwargs) as reader:
        return pa.Table.from_batches(list(reader), schema=reader.schema), reader


# ---------------------------------------------------------------- what is an envelope


ONE, TWO = document(record(1), record(2)), document(record(3))
SHAPES = {
    "concatenated": pack(ONE, TWO),
    "a line each": pack(ONE, TWO, between=b"\n") + b"\n",
    "blanks between": pack(ONE, TWO, between=b" \r\n\t\n"),
    "gzip": gzip.compress(pack(ONE, TWO)),
    "a gzip member each": gzip.compress(pack(ONE)) + gzip.compress(pack(TWO)),
    "control messages": pack(CONTROL, ONE, CONTROL, TWO, CONTROL),
    "no events": pack(document(), ONE, document(), TWO),
    "Lambda": pack(lambda_event(ONE), lambda_event(TWO)),
    "Lambda in gzip": gzip.compress(pack(lambda_event(ONE)) + pack(lambda_event(TWO))),
    "Firehose": b"".join(b'{"message": "%s"}\n' % record(n).encode() for n in (1, 2, 3)),
    "Firehose, nothing between": pack(*({"message": record(n)} for n in (1, 2, 3))),
    "Firehose, newlines in messages": pack(*({"message": record(n) + "\n"} for n in (1, 2, 3))),
    "events alone": pack(*({"timestamp": 0, "message": record(n), "id": n} for n in (1, 2, 3))),
    "mixed": pack(ONE, {"message": record(3)}),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("threads", [1, 3])
def test_shapes(shape: str, threads: int, tmp_path: Any) -> None:
    """Each kind of envelope gives the records of its events, from memory, a file and a pipe."""
    path = tmp_path / "a.json"
    path.write_bytes(SHAPES[shape])
    assert ports(SHAPES[shape], threads=threads) == [1, 2, 3]
    assert ports(path, threads=threads) == [1, 2, 3]
    with path.open("rb") as file:
        assert ports(file) == [1, 2, 3]
    with path.open("rb") as file, flowparse.open_reader(file) as reader:
        assert reader.read_all()["dstport"].to_pylist() == [1, 2, 3]
        assert reader.counts.lines == reader.counts.records == 3


def test_an_envelope_among_texts() -> None:
    """Envelopes, text and gzip come in the order of the sources, rejects and counts with them."""
    text = record(7).encode() + b"\nbad\n"
    sources = [text, pack(ONE), gzip.compress(text), pack(document(record(9), "bad"))]
    table, reader = collect(sources, columns=["dstport", "line", "log_stream"])
    assert table.to_pydict() == {
        "dstport": [7, 1, 2, 7, 9],
        "line": [1, 1, 2, 1, 1],
        "log_stream": [None, "eni-1", "eni-1", None, "eni-1"],
    }
    places = [(r["line"], r["byte_offset"]) for r in reader.rejects.to_pylist()]
    assert places == [(2, len(record(7)) + 1), (2, len(record(7)) + 1), (2, None)]
    assert reader.counts.lines == 8
    assert reader.counts.objects == 4


# ---------------------------------------------------------------- events and lines


def test_event_columns() -> None:
    """The line is the event's number over all documents; time, group, stream the envelope's."""
    source = pack(
        document(record(1), record(2), group="/a", stream="s1"),
        CONTROL,
        {"message": record(3)},
        document(record(4), group="/b", stream="s2", first=9),
    )
    names = ["line", "export_timestamp", "log_group", "log_stream", "source", "dstport"]
    table = flowparse.read_table(source, columns=names)
    milliseconds = table["export_timestamp"].cast(pa.int64()).to_pylist()
    assert milliseconds == [1000 * T0 + 500, 1000 * T0 + 1500, None, 1000 * T0 + 9500]
    assert table["line"].to_pylist() == [1, 2, 3, 4]
    assert table["log_group"].to_pylist() == ["/a", "/a", None, "/b"]
    assert table["log_stream"].to_pylist() == ["s1", "s1", None, "s2"]
    assert table["source"].to_pylist() == ["<bytes>"] * 4
    assert table["dstport"].to_pylist() == [1, 2, 3, 4]


def test_a_message_of_several_lines() -> None:
    """Each line of a message is judged, with the number of its event; an empty message is blank."""
    source = pack(
        document(record(1) + "\n" + record(2), "", record(3) + "\n", "x\ny\n\n" + record(4))
    )
    table, reader = collect(source, columns=["line", "dstport"])
    assert table.to_pydict() == {"line": [1, 1, 3, 4], "dstport": [1, 2, 3, 4]}
    assert reader.rejects["line"].to_pylist() == [4, 4]
    assert reader.rejects["text"].to_pylist() == ["x", "y"]
    counts = reader.counts
    assert (counts.records, counts.rejects, counts.blank, counts.lines) == (4, 2, 2, 8)


def test_what_is_no_text() -> None:
    """A message that is no text is a reject that shows its JSON; the others are records."""
    source = pack(document(record(1), {"srcaddr": "192.0.2.1"}, None, 7, record(2)))
    table, reader = collect(source, columns=["dstport"])
    assert table["dstport"].to_pylist() == [1, 2]
    assert reader.rejects["line"].to_pylist() == [2, 3, 4]
    assert reader.rejects["text"].to_pylist() == ['{"srcaddr": "192.0.2.1"}', "null", "7"]


@pytest.mark.parametrize("bad", [b"\xff", b"\\ud800", b"\xed\xa0\x80"])
def test_what_is_not_utf8(bad: bytes) -> None:
    """Bytes that are not UTF-8, and half a character, cost their line and no other."""
    good = record(1).encode(), record(2).encode()
    source = b'{"message": "%s"}{"message": "2 %s"}{"message": "%s"}' % (good[0], bad, good[1])
    table, reader = collect(source, columns=["dstport", "line"])
    assert table.to_pydict() == {"dstport": [1, 2], "line": [1, 3]}
    assert [(r["line"], r["reason"]) for r in reader.rejects.to_pylist()] == [(2, "not-utf8")]


@pytest.mark.parametrize("timestamp", ["1", 1.5, True, None, 10**20, -(10**18)])
def test_a_timestamp_that_is_none(timestamp: Any) -> None:
    """What is no number of milliseconds in the years 1 to 9999 is null."""
    source = pack({"message": record(1), "timestamp": timestamp})
    table = flowparse.read_table(source, columns=["export_timestamp"])
    assert table["export_timestamp"].to_pylist() == [None]


def test_a_time_in_the_line_goes_first() -> None:
    """Where messages begin with a time of their own, as in an export, that is the column's."""
    source = pack(document("2023-01-01T00:00:00.000Z " + record(1)))
    table = flowparse.read_table(
        source,
        columns=["export_timestamp"],
        filters=[("export_timestamp", "<", "2023-02-01")],
    )
    assert table["export_timestamp"].cast(pa.int64()).to_pylist() == [1672531200000]


def test_formats() -> None:
    """A header among the messages, or log_format, gives the format, as in text."""
    source = pack(document("srcaddr dstport action", "192.0.2.1 22 REJECT"), ONE)
    table, reader = collect(source, columns=["dstport", "line"])
    assert table.to_pydict() == {"dstport": [22], "line": [2]}
    assert reader.counts.headers == 1
    assert reader.rejects["line"].to_pylist() == [3, 4]
    bare = pack(document("192.0.2.1 22"))
    assert ports(bare, log_format="srcaddr dstport") == [22]
    with pytest.raises(LogFormatError, match="<bytes>, event 1: not a header"):
        flowparse.read_table(bare)


def test_messages_name_the_event() -> None:
    """A warning, and an error, say which event it was."""
    source = pack(ONE, document(record(70000)))
    with pytest.warns(RejectWarning, match=r"got '70000' \(<bytes>, event 3\)"):
        flowparse.read_table(source)
    with pytest.raises(RecordError, match=r"\(<bytes>, event 3\)") as caught:
        flowparse.read_table(source, on_reject="raise")
    assert (caught.value.line, caught.value.byte_offset) == (3, None)


# ---------------------------------------------------------------- filters


FILTERED = [
    document(record(1), record(2), group="/a", stream="s1"),
    document(record(3), "bad", record(5) + "\n" + record(6), group="/b", stream="s2", first=2),
    {"message": record(7)},
]


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ([("log_group", "=", "/a")], [1, 2]),
        ([("log_group", "!=", "/a")], [3, 5, 6]),
        ([("log_group", "is null")], [7]),
        ([("log_stream", "in", ["s2", "x"])], [3, 5, 6]),
        ([("log_stream", "is not null"), ("dstport", ">", 2)], [3, 5, 6]),
        ([[("log_stream", "=", "s2"), ("dstport", "=", 5)], [("dstport", "=", 1)]], [1, 5]),
        ([("line", "=", 5)], [5, 6]),
        ([("line", "in", [1, 6])], [1, 7]),
        ([("line", ">", 2), ("line", "<=", 5)], [3, 5, 6]),
        ([("export_timestamp", ">=", T0 + 1.5), ("export_timestamp", "<", T0 + 4)], [2, 3]),
        ([("export_timestamp", "=", T0 + 0.5)], [1]),
        ([("export_timestamp", "not in", [T0 + 0.5])], [2, 3, 5, 6]),
        ([("export_timestamp", "is null")], [7]),
        ([("export_timestamp", ">", 10**30)], []),
        ([("source", "=", "<bytes>"), ("line", "!=", 1)], [2, 3, 5, 6, 7]),
    ],
)
def test_filters_on_the_envelope(filters: Any, kept: list[int]) -> None:
    """A filter may ask for what the envelope says; it changes no count."""
    many = [pack(*FILTERED), gzip.compress(b"".join(map(pack, FILTERED)))]
    for source in many:
        table, reader = collect(source, columns=["dstport"], filters=filters)
        assert table["dstport"].to_pylist() == kept
        assert (reader.counts.records, reader.counts.rejects) == (6, 1)


def test_a_filter_over_many_pieces() -> None:
    """Rows that are far apart keep the number, time and stream of their own event."""
    documents = [
        document(*([record(n % 60000)] * 50), stream=f"s{n}", first=n) for n in range(1000)
    ]
    source = pack(*documents)
    names = ["dstport", "line", "log_stream", "export_timestamp"]
    for filters in (
        [("dstport", "in", [3, 500, 998])],
        [("log_stream", "in", ["s3", "s500", "s998"])],
    ):
        table = flowparse.read_table(source, columns=names, filters=filters)
        assert table["dstport"].to_pylist() == [3] * 50 + [500] * 50 + [998] * 50
        assert table["log_stream"].to_pylist() == ["s3"] * 50 + ["s500"] * 50 + ["s998"] * 50
        wanted = [n * 50 + 1 + at for n in (3, 500, 998) for at in range(50)]
        assert table["line"].to_pylist() == wanted
        times = [1000 * (T0 + n + at) + 500 for n in (3, 500, 998) for at in range(50)]
        assert table["export_timestamp"].cast(pa.int64()).to_pylist() == times


@pytest.mark.parametrize("block_bytes", [1000, 262_144])
def test_batches_that_end_within_a_piece(block_bytes: int) -> None:
    """Wherever a batch ends, each row has the number and stream of its own event."""
    before = _core.set_block_bytes(block_bytes)
    try:
        source = pack(*(document(*([record(n)] * 50), stream=f"s{n}") for n in range(400)))
        with flowparse.open_reader(source, columns=["line", "log_stream"]) as reader:
            batches = list(reader)
    finally:
        _core.set_block_bytes(before)
    assert len(batches) > 1
    table = pa.Table.from_batches(batches)
    assert table["line"].to_pylist() == list(range(1, 20_001))
    assert table["log_stream"].to_pylist() == [f"s{n // 50}" for n in range(20_000)]


@pytest.mark.parametrize("columns", [["log_stream"], ["dstport"]])
def test_lines_held_are_few(columns: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """However few rows a filter lets through, no more lines are held than a constant says."""
    monkeypatch.setattr("flowparse.enveloped._HELD_LINES", 5000)
    held: list[int] = []
    take = Enveloped.take

    def note(self: Enveloped, lines: Any) -> None:
        take(self, lines)
        held.append(self._n_held)

    monkeypatch.setattr(Enveloped, "take", note)
    source = pack(*(document(*([record(n)] * 50), stream=f"s{n}") for n in range(1000)))
    filters = [("dstport", "in", [3, 500, 998])]
    table = flowparse.read_table(source, columns=columns, filters=filters)
    values = {"log_stream": ["s3", "s500", "s998"], "dstport": [3, 500, 998]}[columns[0]]
    assert table[columns[0]].to_pylist() == [value for value in values for _ in range(50)]
    assert len(held) > 10
    assert max(held) <= 5000 + 4200


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (pack(ONE)[:-9], "the JSON document at byte {n} is cut off at byte {end}"),
        (b'{"a": 1', "the JSON document at byte {n} is cut off at byte {end}"),
        (b'{"message": tru', "the JSON document at byte {n} is cut off at byte {end}"),
        (b'{"message": "\\', "the JSON document at byte {n} is cut off at byte {end}"),
        (b'{"message": "a",}   {"message": "b"}', "malformed JSON at byte {n+16}: "),
        (b'{"message": x, "message": "b"}', "malformed JSON at byte {n+12}: Expecting value"),
        (b"hello, here is some text", "malformed JSON at byte {n}: Expecting value"),
        (b'[{"message": "2"}]', "malformed JSON at byte {n}: a document is no object"),
        (b'{"a": ' + b"[" * 200_000, "malformed JSON at byte {n}: "),
        (b'{"a": 1, "b": 2}', "the JSON document at byte {n} holds no log events: expected"),
        (b"{}", "got no key"),
        (pack({**ONE, "logEvents": None}), "holds no log events"),
        (pack({**ONE, "logEvents": [1]}), "holds no log events"),
        (b'{"awslogs": {"data": "%%"}}', "awslogs.data of the document at byte {n} is not base64"),
        (b'{"awslogs": {"data": "H4sIAAAAAAAC"}}', "at byte {n} is damaged gzip"),
        (b'{"awslogs": {"data": "e30="}}', "awslogs.data of the document at byte {n}: the JSON"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_damage(damaged: bytes, message: str, packed: bool) -> None:
    """Damage is a SourceError with its byte in the text; all documents before it are kept."""
    before = pack(ONE) + b"\n" + pack({"message": record(3) + " \u00e9\u00e9"}) + b"\n"
    text = before + damaged
    place = {"{n}": 0, "{n+12}": 12, "{n+16}": 16, "{end}": len(damaged)}
    for key, offset in place.items():
        message = message.replace(key, str(len(before) + offset))
    source = gzip.compress(text) if packed else text
    with pytest.raises(SourceError) as caught:
        flowparse.read_table(source)
    assert message in str(caught.value)
    assert str(caught.value).startswith("<bytes>: ")
    assert 'on_reject="collect" keeps' in str(caught.value)
    table, reader = collect([source, record(9).encode()], columns=["dstport", "line"])
    assert table.to_pydict() == {"dstport": [1, 2, 9], "line": [1, 2, 1]}
    [error] = reader.errors.to_pylist()
    assert (error["kind"], error["records_kept"]) == ("SourceError", 2)
    assert reader.rejects.num_rows == 1


def test_damaged_gzip_around_json() -> None:
    """The documents before the damage are kept, and it is told as that of any gzip."""
    first, second = gzip.compress(pack(ONE)), gzip.compress(pack(TWO))
    for damaged in (first + second[:-12], first + b"rubbish"):
        table, reader = collect(damaged, columns=["dstport"])
        assert table["dstport"].to_pylist() in ([1, 2], [1, 2, 3])
        assert reader.errors["kind"].to_pylist() == ["InflateError"]


# ---------------------------------------------------------------- an envelope is its text


def as_envelope(text: bytes, cuts: list[int]) -> bytes:
    """The same lines as messages, in documents of those sizes, or alone."""
    lines = text.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    messages = [line.decode("utf-8", "surrogateescape") for line in lines]
    parts: list[Any] = []
    while messages:
        n = (cuts.pop() if cuts else 3) % 5
        if n == 0:
            parts.append({"message": messages.pop(0)})
            continue
        events = [{"id": "", "message": message} for message in messages[:n]]
        parts.append({"messageType": "DATA_MESSAGE", "logEvents": events})
        messages = messages[n:]
    dumped = [json.dumps(part, ensure_ascii=False) for part in parts]
    return "\n".join([*dumped, ""]).encode("utf-8", "surrogateescape")


def outcome(source: Any, **kwargs: Any) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            table, reader = collect(source, threads=1, **kwargs)
        except ValueError as error:
            return type(error)
    columns = {
        name: (table[name].cast(pa.int64()) if "time" in str(table[name].type) else table[name])
        for name in table.column_names
    }
    values = {name: column.to_pylist() for name, column in columns.items()}
    warned = [str(warning.message) for warning in caught]
    counts = reader.counts.as_dict()
    rejects = reader.rejects.drop_columns("byte_offset").to_pylist()
    counted = {name: counts[name] for name in ("records", "no_data", "rejects", "headers", "blank")}
    return values, rejects, counted, warned


@LAW
@given(case=texts(), data=st.data())
def test_an_envelope_is_the_text_of_its_events(case: Texts, data: st.DataObject) -> None:
    """The same lines, in text or in envelopes, give the same rows, rejects and counts."""
    assume(b"\xef\xbb\xbf" not in case.texts)  # no line, but a message
    chosen: Options = data.draw(options(case))
    cuts = data.draw(st.lists(st.integers(0, 4), max_size=8))
    enveloped = [as_envelope(text, list(cuts)) for text in case.texts]
    kwargs = {
        "columns": chosen.columns,
        "filters": chosen.filters,
        "since": chosen.since,
        "until": chosen.until,
        "schema": chosen.schema,
        "log_format": case.log_format,
    }
    assert outcome(enveloped, **kwargs) == outcome(list(case.texts), **kwargs)


def test_made_up_deliveries() -> None:
    """What `flowparse.testing` makes as envelopes reads back as its text does."""
    from flowparse.testing import Network
    from flowparse.testing.cloudwatch import (
        cloudwatch_events,
        firehose_lines,
        subscription_documents,
    )

    streams = cloudwatch_events(Network(interfaces=10, peers=50), records=500)
    lines = [event["message"] for events in streams.values() for event in events]
    whole = flowparse.read_table("\n".join(lines).encode())
    documents = list(subscription_documents(streams))
    envelope = b"".join(map(json_bytes, documents))
    firehose = b"".join(firehose_lines(events) for events in streams.values())
    data = [d for d in documents if d["messageType"] == "DATA_MESSAGE"]
    for source in (envelope, firehose, [pack(lambda_event(d)) for d in data]):
        assert flowparse.read_table(source).to_pydict() == whole.to_pydict()
