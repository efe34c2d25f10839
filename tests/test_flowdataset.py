"""A dataset: lazy, read as often as asked, with the queries of engines pushed into the core."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import subprocess
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flowparse
from deliveries import LOG, OTHER, Delivery, T
from flowparse import FlowDataset
from strategies import LAW, Texts, texts
from strategies import options as options_of

field = pc.field


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


def rows(table: pa.Table) -> list[Any]:
    return sorted(table.to_pylist(), key=str)


# ------------------------------------------------------------------ what it is


def test_it_is_a_dataset_with_the_schema_of_a_stream() -> None:
    """It is a pyarrow dataset, and its schema is what a stream over the same sources has."""
    ds = flowparse.dataset([LOG, OTHER])
    assert isinstance(ds, pads.Dataset)
    assert isinstance(ds, FlowDataset)
    with flowparse.open_reader([LOG, OTHER]) as reader:
        assert ds.schema == reader.schema
    assert ds.schema.names == "version srcaddr dstport action tcp_flags future_a".split()
    assert flowparse.dataset([]).schema == flowparse.read_table([]).schema


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"columns": ["dstport", "source", "line"]},
        {"columns": []},
        {"filters": [("dstport", "in network", [])], "columns": ["srcaddr"]},
        {"filters": [("srcaddr", "in network", "192.0.2.2/31")]},
        {"schema": "aws", "threads": 1},
        {"columns": ["future-a", "tcp_flags"]},
    ],
    ids=str,
)
def test_the_options_of_read_table(options: dict[str, Any]) -> None:
    """It holds what read_table gives with the same options, and is refused what that is."""
    try:
        expected = flowparse.read_table([LOG, OTHER], **options)
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error)[:20]):
            flowparse.dataset([LOG, OTHER], **options)
        return
    ds = flowparse.dataset([LOG, OTHER], **options)
    for table in (ds.to_table(), pa.Table.from_batches(ds.to_batches(), ds.schema), pa.table(ds)):
        assert table.schema.equals(expected.schema)
        assert table.to_pylist() == expected.to_pylist()
        assert table.num_rows == expected.num_rows
    assert ds.count_rows() == expected.num_rows
    assert ds.to_table().schema.metadata == expected.schema.metadata


@LAW
@given(data=st.data(), logs=texts(most=3))
def test_it_holds_what_a_stream_gives(data: st.DataObject, logs: Texts) -> None:
    """Of any files and with any options a dataset holds what a stream gives, or its error."""
    options = asdict(data.draw(options_of(logs)))
    options = {**options, "log_format": logs.log_format, "on_reject": "collect"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", flowparse.FormatChangedWarning)
        try:
            with flowparse.open_reader(list(logs.texts), **options) as reader:
                expected = reader.read_all()
        except (ValueError, flowparse.FlowparseError) as error:
            with pytest.raises(type(error)):
                flowparse.dataset(list(logs.texts), **options).to_table()
            return
        ds = flowparse.dataset(list(logs.texts), **options)
        table = ds.to_table()
        assert table.schema.equals(expected.schema)
        assert table.schema.metadata == expected.schema.metadata
        assert table.num_rows == expected.num_rows
        assert table.num_columns == 0 or table == expected.unify_dictionaries()
        assert ds.counts == reader.counts
        assert ds.count_rows() == expected.num_rows
        names = table.column_names[::-2]
        assert not names or ds.to_table(names) == table.select(names)


def test_what_cannot_be_read_twice_is_refused(tmp_path: Path) -> None:
    """A file object, or a pipe, cannot be a dataset; the error tells what can."""
    with pytest.raises(flowparse.SourceError, match="pass a path or bytes, or use open_reader"):
        flowparse.dataset([LOG, io.BytesIO(LOG)])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(flowparse.SourceError, match="pipe: a dataset is read as often as asked"):
        flowparse.dataset(tmp_path / "pipe")


def test_wrong_options_are_told_at_once(tmp_path: Path) -> None:
    """A missing path, an unknown column and a bad filter are errors before anything is read."""
    with pytest.raises(flowparse.SourceError, match="no such file"):
        flowparse.dataset(tmp_path / "nothing")
    with pytest.raises(ValueError, match=r"no column 'dst_prt'.*did you mean dstport"):
        flowparse.dataset(LOG, columns=["dst-prt"])
    with pytest.raises(ValueError, match="cannot be compared"):
        flowparse.dataset(LOG, filters=[("dstport", "=", "x")])


def test_it_reads_as_often_as_asked_and_only_then(tmp_path: Path) -> None:
    """Making a dataset or a scanner reads no records; each pass sees what is there then."""
    path = tmp_path / "a.log"
    path.write_bytes(LOG)
    done: list[int] = []
    ds = flowparse.dataset(path, progress=lambda n, _: done.append(n))
    scanner = ds.scanner(["dstport"], filter=field("dstport") == 22)
    reader = scanner.to_reader()
    batches = scanner.to_batches()
    assert done == []
    assert scanner.count_rows() == scanner.to_table().num_rows == reader.read_all().num_rows == 1
    assert sum(batch.num_rows for batch in batches) == 1
    assert done == [len(LOG)] * 4
    path.write_bytes(LOG + b"2 192.0.2.9 22 ACCEPT\n")
    assert scanner.count_rows() == ds.count_rows(field("dstport") == 22) == 2


def test_it_shows_what_it_is(delivery: Delivery) -> None:
    """Its text names the sources, what is left out, and the columns."""
    shown = repr(flowparse.dataset(delivery.folder, filters=[("dstport", "=", 22)], since=T))
    assert shown.splitlines()[0].startswith("<flowparse.FlowDataset: 8 sources, ")
    assert "dstport = 22" in shown
    assert "since: 2023-11-14T22:15:00+00:00" in shown
    assert "srcaddr: string" in shown
    narrowed = flowparse.dataset(LOG).filter(field("dstport") == 22)
    assert repr(narrowed).splitlines()[:2] == [
        f"<flowparse.FlowDataset: 1 source, {len(LOG)} bytes>",
        "filter: (dstport == 22)",
    ]


# ------------------------------------------------------------------- columns


def test_columns_are_those_named_in_that_order() -> None:
    """Columns come as named; twice if named twice; none if none is named."""
    ds = flowparse.dataset(LOG)
    table = ds.to_table(columns=["action", "dstport"])
    assert table.schema.names == ["action", "dstport"]
    assert table.to_pylist()[1] == {"action": "REJECT", "dstport": 22}
    assert ds.to_table(["dstport", "dstport"]).column(1).to_pylist() == [443, 22, None]
    nothing = ds.to_table([], filter=field("dstport") > 0)
    assert (nothing.num_columns, nothing.num_rows) == (0, 2)
    assert ds.scanner(["action"]).projected_schema == pa.schema([ds.schema.field("action")])
    assert ds.scanner(["action"]).dataset_schema == ds.schema


def test_columns_may_be_computed() -> None:
    """A dictionary computes each column from an expression, over the records that pass."""
    ds = flowparse.dataset(LOG)
    columns = {"port": field("dstport") + 1, "is_ssh": field("dstport") == 22, "one": pc.scalar(1)}
    scanner = ds.scanner(columns, filter=field("srcaddr") != "192.0.2.1")
    assert scanner.projected_schema.names == ["port", "is_ssh", "one"]
    assert scanner.to_table().to_pylist() == [
        {"port": 23, "is_ssh": True, "one": 1},
        {"port": None, "is_ssh": None, "one": 1},
    ]
    assert ds.scanner({"one": pc.scalar(1)}).to_table().num_rows == 3
    assert ds.scanner({"n": field(2) * 2}).to_table()["n"].to_pylist() == [886, 44, None]


def test_columns_beyond_the_schema(tmp_path: Path) -> None:
    """A query may name columns on request, and known fields that no format here has."""
    ds = flowparse.dataset(LOG)
    table = ds.to_table(["line", "tcp_flags", "source"], filter=field("line") == 3)
    assert table.to_pylist() == [{"line": 3, "tcp_flags": None, "source": "<bytes>"}]
    for name in ("dst_prt", "dst-port", "__filename", 7):
        with pytest.raises(ValueError, match=f"no column {name!r}: neither AWS's registry nor"):
            ds.to_table([name])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="expected a list of names, got 'dstport'"):
        ds.scanner("dstport")
    with pytest.raises(ValueError, match=r"no column 'dst_prt'.*did you mean dstport"):
        ds.scanner(filter=field("dst_prt") == 1)


def test_a_later_header_is_told_where_its_columns_are_missed() -> None:
    """All columns: what a later header adds is warned of. Columns by name: nothing is missed."""
    ds = flowparse.dataset(LOG + OTHER)
    with pytest.warns(flowparse.FormatChangedWarning, match="tcp_flags, future_a"):
        assert ds.to_table().num_rows == 4
    with pytest.warns(flowparse.FormatChangedWarning):
        ds.to_table(ds.schema.names)
    assert ds.to_table(["tcp_flags"]).to_pylist()[3] == {"tcp_flags": 2}
    assert ds.to_table(["version", "srcaddr", "dstport", "line"]).num_rows == 4


# --------------------------------------------------------------- the methods of a dataset


def test_batches_are_as_large_as_asked() -> None:
    """`batch_size` bounds a batch; what bounds pyarrow's reading ahead is accepted."""
    text = LOG + b"2 192.0.2.1 443 ACCEPT\n" * 10_000
    ds = flowparse.dataset(text)
    options = {
        "batch_readahead": 1,
        "fragment_readahead": 1,
        "fragment_scan_options": None,
        "use_threads": False,
        "cache_metadata": False,
        "memory_pool": pa.default_memory_pool(),
    }
    sizes = [batch.num_rows for batch in ds.to_batches(batch_size=1000, **options)]
    assert max(sizes) == 1000
    assert sum(sizes) == 10_003
    with pytest.raises(ValueError, match="batch_size: expected 1 or more, got 0"):
        ds.scanner(batch_size=0)
    with pytest.raises(TypeError):
        ds.scanner(btach_size=1)  # type: ignore[call-arg]


def test_head_reads_little() -> None:
    """`head` gives the first records and does not read all for them."""
    text = LOG + b"2 192.0.2.1 443 ACCEPT\n" * 40_000
    done: list[int] = []
    ds = flowparse.dataset([text] * 60, threads=1, progress=lambda n, _: done.append(n))
    assert ds.head(2, columns=["dstport"]).to_pylist() == [{"dstport": 443}, {"dstport": 22}]
    assert max(done, default=0) < 59 * len(text)
    assert ds.head(0).num_rows == 0
    assert ds.head(5, filter=field("dstport").is_null()).num_rows == 5
    with pytest.raises(ValueError, match="expected 0 rows or more, got -1"):
        ds.head(-1)


def test_take() -> None:
    """`take` gives rows by their numbers, in the order given."""
    ds = flowparse.dataset([LOG, LOG])
    taken = ds.take([4, 0, 4], columns=["dstport"])
    assert taken["dstport"].to_pylist() == [22, 443, 22]
    assert ds.take(pa.array([], pa.int64())).num_rows == 0
    assert ds.take([0], filter=field("dstport") == 22)["dstport"].to_pylist() == [22]
    with pytest.raises(IndexError, match="no row 6: there are 6"):
        ds.take([0, 6])
    with pytest.raises(IndexError, match="no row -1"):
        ds.take([-1])


def test_filter_gives_a_dataset() -> None:
    """`filter` gives a dataset of the records that pass; filters of several calls all hold."""
    ds = flowparse.dataset(LOG).filter(field("dstport") > 0)
    assert isinstance(ds, FlowDataset)
    assert ds.count_rows() == 2
    ends_so = pc.ends_with(field("srcaddr"), ".2")
    assert ds.filter(ends_so).to_table()["dstport"].to_pylist() == [22]
    assert ds.to_table(["action"], filter=field("dstport") < 100)["action"].to_pylist() == [
        "REJECT"
    ]
    with pytest.raises(pa.ArrowNotImplementedError, match="no kernel matching"):
        ds.filter(field("dstport") == "x")


def test_replace_schema() -> None:
    """Columns can be left out, put in another order, and added; a type cannot change."""
    ds = flowparse.dataset(LOG)
    wanted = pa.schema([ds.schema.field("dstport"), ("tcp_flags", pa.int32())])
    changed = ds.replace_schema(wanted)
    assert changed.schema == wanted
    assert changed.to_table().to_pylist()[0] == {"dstport": 443, "tcp_flags": None}
    with pytest.raises(ValueError, match="dstport is int32 and cannot become int64 here: cast it"):
        ds.replace_schema(pa.schema([("dstport", pa.int64())]))
    with pytest.raises(ValueError, match="no column 'x'"):
        ds.replace_schema(pa.schema([("x", pa.int64())]))


def test_what_needs_all_records_is_done_in_memory() -> None:
    """`sort_by`, `join` and `join_asof` give datasets in memory."""
    ds = flowparse.dataset(LOG)
    ports = ds.sort_by([("dstport", "descending")]).to_table()["dstport"].to_pylist()
    assert ports == [443, 22, None]
    owners = pads.InMemoryDataset(pa.table({"srcaddr": ["192.0.2.2"], "owner": ["me"]}))
    joined = ds.join(owners, keys="srcaddr", join_type="inner").to_table()
    assert joined.select(["dstport", "owner"]).to_pylist() == [{"dstport": 22, "owner": "me"}]
    numbered = ds.replace_schema(pa.schema([("line", pa.int64()), ds.schema.field("srcaddr")]))
    other = pa.table({"line": pa.array([2], pa.int64()), "n": [7]})
    asof = numbered.join_asof(other, on="line", by=[], tolerance=-1).to_table()
    assert asof["n"].to_pylist() == [7, 7, None]


# ---------------------------------------------------- beyond the methods, and elsewhere


def test_pyarrow_reads_it_beyond_its_methods(tmp_path: Path) -> None:
    """What scans the C++ dataset below the methods meets the same records."""
    ds = flowparse.dataset([LOG, OTHER, gzip.compress(LOG)], filters=[("version", ">", 1)])
    for same in (ds, ds.filter(pc.scalar(True)), pickle.loads(pickle.dumps(ds))):
        expected = same.to_table()
        scanned = pads.Scanner.from_dataset(same, filter=field("dstport") == 22).to_table()
        assert rows(scanned) == rows(same.to_table(filter=field("dstport") == 22))
        union = pads.UnionDataset(ds.schema, [same, same])
        assert union.count_rows() == 2 * expected.num_rows
        stream = same.scanner().to_reader()  # newer versions of pyarrow take the dataset itself
        pads.write_dataset(
            stream, tmp_path, format="parquet", existing_data_behavior="overwrite_or_ignore"
        )
        assert rows(pads.dataset(tmp_path).to_table()) == rows(expected)
        parts = [fragment.to_table() for fragment in same.get_fragments()]
        assert rows(pa.concat_tables(parts)) == rows(expected)
    ssh = [f.to_table() for f in ds.get_fragments(filter=field("dstport") == 22)]
    assert rows(pa.concat_tables(ssh)) == rows(ds.to_table(filter=field("dstport") == 22))
    narrowed = ds.filter(field("dstport") == 22)
    assert pads.Scanner.from_dataset(narrowed).count_rows() == 2
    nothing = ds.filter(pc.scalar(False))
    assert pads.Scanner.from_dataset(nothing).count_rows() == nothing.count_rows() == 0


def test_errors_come_through(tmp_path: Path) -> None:
    """What is wrong with a source is raised as itself, whoever reads."""
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(LOG)[:-9])
    ds = flowparse.dataset(path)
    for read in (
        ds.to_table,
        ds.count_rows,
        lambda: list(ds.to_batches()),
        lambda: ds.scanner().to_reader().read_all(),
        lambda: pa.table(ds),
        lambda: pads.Scanner.from_dataset(ds).to_table(),
    ):
        with pytest.raises(Exception, match=r"a\.log\.gz.*cut off|cut off.*a\.log\.gz"):
            read()
    with pytest.raises(flowparse.InflateError):
        ds.to_table()
    kept = flowparse.dataset(path, on_reject="collect").to_table()
    about = json.loads(kept.schema.metadata[b"flowparse"])
    assert [error["kind"] for error in about["errors"]] == ["InflateError"]


def test_rejects_are_told_by_every_pass() -> None:
    """A reject is warned of, raised, or in the metadata's counts, as of read_table."""
    bad = LOG + b"2 192.0.2.1 70000 ACCEPT\n"
    ds = flowparse.dataset(bad)
    for _ in range(2):
        with pytest.warns(flowparse.RejectWarning, match="got '70000'"):
            table = ds.to_table(["srcaddr"], filter=field("dstport") == 22)
    assert json.loads(table.schema.metadata[b"flowparse"])["counts"]["rejects"] == 1
    with pytest.raises(flowparse.RecordError, match="got '70000'"):
        flowparse.dataset(bad, on_reject="raise").count_rows()
    assert flowparse.dataset(bad, on_reject="collect").count_rows() == 3


def test_rejects_are_told_even_if_no_more_is_wanted() -> None:
    """Who stops early is warned of the rejects among what was read."""
    log = LOG + b"2 192.0.2.1 443 ACCEPT\n" * 5000
    ds = flowparse.dataset([log.replace(b"22 REJ", b"70000 REJ"), log, log], threads=1)
    with pytest.warns(flowparse.RejectWarning, match="got '70000'"):
        assert ds.head(5003).num_rows == 5003  # one more than the first source has


def test_what_was_lost_is_told_after_a_query(tmp_path: Path) -> None:
    """Counts, rejects and errors are those of the pass begun last, however it was read."""
    bad = tmp_path / "bad.log.gz"
    bad.write_bytes(gzip.compress(LOG)[:-9])
    ds = flowparse.dataset([bad, LOG + b"2 192.0.2.1 70000 ACCEPT\n"], on_reject="collect")
    assert (ds.counts.lines, ds.rejects.num_rows, ds.errors.num_rows) == (0, 0, 0)
    for read in (ds.count_rows, lambda: pa.table(ds), lambda: list(ds.to_batches(["dstport"]))):
        read()
        assert (ds.counts.rejects, ds.counts.objects) == (1, 2)
        assert ds.rejects["reason"].to_pylist() == ["out-of-range"]
        assert ds.errors["kind"].to_pylist() == ["InflateError"]
    ds.count_rows(pc.scalar(False))
    assert (ds.counts.lines, ds.rejects.num_rows, ds.errors.num_rows) == (0, 0, 0)


def test_arrow_streams() -> None:
    """Each call gives a new stream; a requested schema is honoured."""
    ds = flowparse.dataset(LOG)
    assert pa.schema(ds) == ds.schema
    for _ in range(2):
        assert pa.RecordBatchReader.from_stream(ds).read_all().num_rows == 3
        assert pa.table(ds.scanner(["dstport"])).schema.names == ["dstport"]
    plain = pa.schema([(c.name, pa.string() if c.name == "action" else c.type) for c in ds.schema])
    cast = pa.RecordBatchReader.from_stream(ds, schema=plain).read_all()
    assert cast.schema == plain
    assert cast["action"].to_pylist() == ["ACCEPT", "REJECT", None]


def test_tasks_are_pieces_in_order(delivery: Delivery) -> None:
    """Tasks hold whole sources in order; together they give the query's rows."""
    ds = flowparse.dataset(delivery.folder, progress=lambda *_: None)
    query = {"columns": ["srcaddr", "start"], "filter": field("dstport") == 23}
    expected = ds.to_table(**query)
    for task_bytes, n_tasks in ((1, 8), (1 << 20, 1)):
        tasks = pickle.loads(pickle.dumps(ds.tasks(**query, task_bytes=task_bytes)))
        assert len(tasks) == n_tasks
        assert [key for task in tasks for key in task.keys] == ds.files
        batches = [batch for task in tasks for batch in task()]
        assert pa.Table.from_batches(batches) == expected.replace_schema_metadata()
        assert all(task.schema == expected.schema for task in tasks)
    assert len(flowparse.dataset([LOG, b"", LOG]).tasks(task_bytes=len(LOG))) == 2
    assert flowparse.dataset([]).tasks() == []


def test_a_task_runs_in_another_process(tmp_path: Path) -> None:
    """A pickled task gives its batches in a process that knows nothing else."""
    ds = flowparse.dataset([memoryview(LOG), bytearray(OTHER)])
    [task] = ds.tasks(["srcaddr"], filter=pc.starts_with(field("srcaddr"), "198."))
    (tmp_path / "task").write_bytes(pickle.dumps(task))
    code = (
        "import pickle, sys; task = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print([row for batch in task() for row in batch.to_pylist()])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "task")], capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == "[{'srcaddr': '198.51.100.1'}]"
