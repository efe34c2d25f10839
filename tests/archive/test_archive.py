"""What is archived comes back, byte for byte, and nothing is lost on the way."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import flowparse
from archived import text_of, texts_below, write_month
from flowparse.archive import archive, restore, verify
from flowparse.archive.laying import has_filters
from flowparse.sources import list_sources


def total(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_month_round_trip(month, tmp_path):
    """Of two accounts and three formats every text comes back, byte for byte."""
    result = archive(month, tmp_path / "kept", verify=True)
    texts = texts_below(month)
    assert result.objects == len(texts)
    assert result.left.num_rows == result.problems.num_rows == 0
    assert result.rejects > 0
    back = restore(tmp_path / "kept", tmp_path / "back")
    assert (back.objects, back.problems.num_rows) == (len(texts), 0)
    assert texts_below(tmp_path / "back") == texts


def test_manifest_counts(month, tmp_path):
    """A manifest tells of each input what reading it tells."""
    archive(month, tmp_path / "kept")
    entries = {}
    for path in (tmp_path / "kept" / "manifests").iterdir():
        for one in json.loads(path.read_bytes())["inputs"]:
            entries[one["key"]] = one
    assert set(entries) == set(texts_below(month))
    for key in list(entries)[::40]:
        with flowparse.open_reader(month / key, on_reject="collect") as reader:
            table, counts = reader.read_all(), reader.counts
        one = entries[key]
        judged = (counts.records, counts.rejects, counts.headers, counts.blank)
        assert (one["records"], one["rejects"], one["headers"], one["blank"]) == judged
        assert one["size"] == (month / key).stat().st_size
        if "bytes" in table.schema.names:
            assert one["bytes"] == sum(n or 0 for n in table["bytes"].to_pylist())


def test_records_are_the_records(month, tmp_path):
    """The files of records hold every record, in AWS's column names."""
    archive(month, tmp_path / "kept")
    wanted = flowparse.read_table(month, columns=["interface_id"], on_reject="collect").num_rows
    files = list((tmp_path / "kept" / "data").rglob("*.parquet"))
    assert sum(pq.read_metadata(path).num_rows for path in files) == wanted
    folders = {path.parent.parent.name for path in files}
    assert folders == {"account=111122223333", "account=444455556666"}
    names = pq.read_schema(files[0]).names
    assert {"archived_input", "archived_line", "interface_id"} <= set(names)


def test_records_read_as_they_were(tmp_path):
    """Read as flow logs, the files of records have the columns and records of the originals."""
    logs = write_month(tmp_path / "logs", days=0.03125, records=3)
    archive(logs, tmp_path / "kept")
    wanted = flowparse.read_table(logs, on_reject="collect")
    found = flowparse.read_table(tmp_path / "kept" / "data")
    assert set(found.schema.names) == set(wanted.schema.names)
    names = ["interface_id", "srcaddr", "dstaddr", "start", "end", "tcp_flags", "bytes"]

    def rows(table):
        return sorted(str(row) for row in table.select(names).to_pylist())

    assert rows(found) == rows(wanted)


def test_row_groups_have_filters(tmp_path):
    """DuckDB finds a Bloom filter that rules out what no row group has, and nothing it has."""
    duckdb = pytest.importorskip("duckdb")
    if not has_filters():
        pytest.skip("this pyarrow writes no Bloom filters")
    logs = write_month(tmp_path / "logs", days=0.03125, records=3)
    archive(logs, tmp_path / "kept")
    for path in (tmp_path / "kept" / "data").rglob("*.parquet"):
        for name in ("srcaddr", "dstaddr", "interface_id"):
            values = pq.read_table(path, columns=[name])[name].unique().to_pylist()
            for value in [*filter(None, values)][:5]:
                assert probe(duckdb, path, name, value) == {False}
        assert probe(duckdb, path, "srcaddr", "203.0.113.250") == {True}


def probe(duckdb, path, name, value):
    query = f"from parquet_bloom_probe('{path}', '{name}', '{value}')"
    return {bool(row[2]) for row in duckdb.sql(query).fetchall()}


def test_second_run_finds_nothing(month, tmp_path):
    """What is archived is known, and not read again."""
    first = archive(month, tmp_path / "kept")
    before = texts_below(tmp_path / "kept" / "manifests")
    second = archive(month, tmp_path / "kept")
    assert (second.objects, second.known) == (0, first.objects)
    assert texts_below(tmp_path / "kept" / "manifests") == before


ODD = {
    "bom.log": b"\xef\xbb\xbfversion dstport\n2 443\n",
    "crlf.log": b"version dstport\r\n2 443\r\n2 22\r\n",
    "open.log": b"version dstport\n2 443\n2 22",
    "nul.log": b"version dstport interface-id\n2 443 a\x00b\n2 2\x002 eni-1\n",
    "bytes.log": b"version interface-id\n2 \xff\xfe\n2 eni-1\n",
    "long.log": b"version interface-id\n2 " + b"x" * 70_000 + b"\n2 eni-1\n",
    "headers.log": b"version dstport\n2 443\nversion srcport dstport\n2 1 2\n"
    b"version dstport\n2 5\n",
    "twice.log": b"version dstport dstport\n2 443 443\n2 443 22\n",
    "empty.log": b"",
    "header.log": b"version dstport\n",
    "blank.log": b"\n\n  \n\t\n",
    "zeros.log": b"version dstport start\n02 0443 1795528800\n2 443 001795528800\n",
    "milliseconds.log": b"version start end\n2 1795528800123 1795528860456\n",
    "blanks.log": b"version  dstport\n2  443\n 2 443\n2\t443\n2 443 \n",
    "reject.log": b"version dstport\n2 99999\n2 x\n2\n2 443\n",
    "null.log": b"version dstport interface-id\n- - -\n2 - eni-1\n",
    "prose.txt": b"Dear all,\n\nno flow log here.\n",
    "unknown.log": b"version new-field dstport srcport\n2 what? 443 1\n2 - 22 2\n",
    "archived.log": b"version dstport archived-line\n2 443 7\n",
    "huge.log": b"version bytes packets\n3 9223372036854775807 9223372036854775807\n" * 3,
    "export.log": b"2026-11-24T00:00:00.000Z 2 111122223333 eni-1 192.0.2.1 192.0.2.2 1 2 6 1 40 "
    b"1795528800 1795528860 ACCEPT OK\n",
}


@pytest.fixture
def odd(tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    for name, text in ODD.items():
        (folder / name).write_bytes(text)
        (folder / f"{name}.gz").write_bytes(gzip.compress(text))
    half = len(ODD["headers.log"]) // 2
    members = [ODD["headers.log"][:half], ODD["headers.log"][half:]]
    (folder / "members.gz").write_bytes(b"".join(gzip.compress(one) for one in members))
    return folder


def test_odd_files_come_back(odd, tmp_path):
    """A BOM, CRLF, no last newline, NULs, bytes that are no text: all of it comes back."""
    result = archive(odd, tmp_path / "kept", verify=True)
    assert (result.left.num_rows, result.problems.num_rows) == (0, 0)
    assert result.whole >= 4  # the prose and what has a column of the archive's name
    restore(tmp_path / "kept", tmp_path / "back")
    assert texts_below(tmp_path / "back") == texts_below(odd)


def test_containers_come_back(odd, tmp_path):
    """What was gzip is gzip again, and text is text."""
    archive(odd, tmp_path / "kept")
    restore(tmp_path / "kept", tmp_path / "back")
    for path in odd.iterdir():
        is_gzip = (tmp_path / "back" / path.name).read_bytes()[:2] == b"\x1f\x8b"
        assert is_gzip == (path.suffix == ".gz")


def test_odd_records_can_be_asked_for(odd, tmp_path):
    """A record whose text no column spells is a row all the same."""
    archive(odd, tmp_path / "kept")
    rows = 0
    for path in (tmp_path / "kept" / "data").rglob("*.parquet"):
        rows += pq.read_metadata(path).num_rows
    wanted = sum(
        flowparse.read_table(path, on_reject="collect").num_rows
        for path in odd.iterdir()
        if not path.name.startswith(("prose", "archived"))
    )
    assert rows == wanted


@pytest.mark.parametrize("name", ["events.json", "events.json.gz"])
def test_json_is_left(tmp_path, name):
    """A JSON envelope is left where it is, and named, and never removed."""
    (tmp_path / "logs").mkdir()
    body = b'{"messageType":"DATA_MESSAGE","logEvents":[{"message":"2 443"}]}'
    (tmp_path / "logs" / name).write_bytes(gzip.compress(body) if name[-1] == "z" else body)
    result = archive(
        tmp_path / "logs", tmp_path / "kept", delete_originals=True, apply=True, verify=True
    )
    assert result.left["object"].to_pylist() == [name]
    assert "JSON".lower() in result.left["message"][0].as_py()
    assert (tmp_path / "logs" / name).exists()


def test_parquet_is_left(tmp_path):
    """Parquet is left where it is, and named."""
    (tmp_path / "logs").mkdir()
    table = flowparse.read_table(b"version dstport\n2 443\n")
    pq.write_table(table, tmp_path / "logs" / "a.parquet")
    result = archive(tmp_path / "logs", tmp_path / "kept")
    assert result.left["kind"].to_pylist() == ["left"]


def test_damaged_gzip_is_left(tmp_path):
    """An object that is damaged is left, and told; the others are archived."""
    (tmp_path / "logs").mkdir()
    whole = gzip.compress(b"version dstport\n" + b"2 443\n" * 1000)
    (tmp_path / "logs" / "a.gz").write_bytes(whole[:-9])
    (tmp_path / "logs" / "b.gz").write_bytes(whole)
    result = archive(tmp_path / "logs", tmp_path / "kept", delete_originals=True, apply=True)
    assert result.objects == 1
    assert result.left.select(["object", "kind"]).to_pylist() == [
        {"object": "a.gz", "kind": "InflateError"}
    ]
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["a.gz"]


def test_delete_without_apply(month, tmp_path):
    """Without `apply` the originals that could go are listed, and stay."""
    logs = shutil.copytree(month, tmp_path / "logs")
    before = texts_below(logs)
    result = archive(logs, tmp_path / "kept", delete_originals=True)
    assert result.originals.num_rows == len(before)
    assert texts_below(logs) == before


def test_delete_applied(month, tmp_path):
    """With `apply` they go, and all of them can be had back."""
    logs = shutil.copytree(month, tmp_path / "logs")
    archive(logs, tmp_path / "kept")
    result = archive(logs, tmp_path / "kept", delete_originals=True, apply=True)
    assert result.originals.num_rows == len(texts_below(month))
    assert texts_below(logs) == {}
    restore(tmp_path / "kept", logs)
    assert texts_below(logs) == texts_below(month)


def test_delete_spares_what_changed(tmp_path):
    """A file that was written anew after it was archived is not removed with its old version."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.log").write_bytes(b"version dstport\n2 443\n")
    archive(tmp_path / "logs", tmp_path / "kept")
    (tmp_path / "logs" / "a.log").write_bytes(b"version dstport\n2 22\n2 80\n")
    result = archive(tmp_path / "logs", tmp_path / "kept")
    assert (result.objects, result.changed) == (1, 1)
    (tmp_path / "logs" / "a.log").write_bytes(b"version dstport\n2 7\n")
    restore(tmp_path / "kept", tmp_path / "back")
    assert text_of(tmp_path / "back" / "a.log") == b"version dstport\n2 22\n2 80\n"


def test_what_is_as_it_was_before(tmp_path, monkeypatch):
    """An object that is again what it was two versions ago is what comes back."""
    monkeypatch.setattr("flowparse.archive.plan.list_sources", versions_by_text)
    monkeypatch.setattr("flowparse.archive.making.version_of", version_by_text)
    monkeypatch.setattr("flowparse.archive.originals.version_of", version_by_text)
    (tmp_path / "logs").mkdir()
    path = tmp_path / "logs" / "a.log"
    for port in (1, 2, 1):
        path.write_text(f"version dstport\n2 {port}\n")
        assert archive(tmp_path / "logs", tmp_path / "kept").objects == 1
    result = archive(tmp_path / "logs", tmp_path / "kept", delete_originals=True, apply=True)
    assert (result.objects, result.originals.num_rows) == (0, 1)
    assert restore(tmp_path / "kept", tmp_path / "logs").older == 2
    assert path.read_text() == "version dstport\n2 1\n"


def version_by_text(name):
    """As an ETag is: what was there before has the version that it had."""
    return hashlib.sha256(Path(name).read_bytes()).hexdigest()


def versions_by_text(source, **options):
    listed = list_sources(source, **options)
    return [dataclasses.replace(one, version=version_by_text(one.name)) for one in listed]


def test_delete_spares_unproved(tmp_path):
    """Of a unit whose output is damaged no original is removed."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.log").write_bytes(b"version dstport\n2 443\n")
    archive(tmp_path / "logs", tmp_path / "kept")
    [output] = (tmp_path / "kept" / "data").rglob("*.parquet")
    data = bytearray(output.read_bytes())
    data[len(data) // 2] ^= 1
    output.write_bytes(data)
    result = archive(tmp_path / "logs", tmp_path / "kept", delete_originals=True, apply=True)
    assert result.problems.num_rows == 1
    assert (tmp_path / "logs" / "a.log").exists()


def test_apply_needs_delete(tmp_path):
    """`apply` alone is refused: nothing would be applied."""
    with pytest.raises(ValueError, match="delete_originals"):
        archive(tmp_path, tmp_path / "kept", apply=True)


def test_restore_by_key(month, tmp_path):
    """Patterns of keys choose what comes back."""
    archive(month, tmp_path / "kept")
    result = restore(tmp_path / "kept", tmp_path / "back", keys="*/444455556666/*")
    wanted = {key: text for key, text in texts_below(month).items() if "/444455556666/" in key}
    assert texts_below(tmp_path / "back") == wanted
    assert result.objects == len(wanted)


def test_restore_again(month, tmp_path):
    """What is there with its text is not written again; another text is spared, and told."""
    archive(month, tmp_path / "kept")
    first = restore(tmp_path / "kept", tmp_path / "back")
    changed = sorted((tmp_path / "back").rglob("*.gz"))[0]
    changed.write_bytes(b"mine")
    again = restore(tmp_path / "kept", tmp_path / "back")
    assert (again.objects, again.known) == (0, first.objects - 1)
    assert again.problems["kind"].to_pylist() == ["there"]
    assert changed.read_bytes() == b"mine"
    assert restore(tmp_path / "kept", tmp_path / "back", overwrite=True).objects == 1
    assert texts_below(tmp_path / "back") == texts_below(month)


def test_archive_inside_its_source(tmp_path):
    """An archive below its source does not archive itself."""
    write_month(tmp_path / "logs", days=0.0625, records=3)
    first = archive(tmp_path / "logs", tmp_path / "logs" / "kept")
    again = archive(tmp_path / "logs", tmp_path / "logs" / "kept")
    assert (again.objects, again.known) == (0, first.objects)


def test_verify_names_each_flip(tmp_path):
    """A byte that is flipped anywhere in an output or a manifest is found, and the object named."""
    write_month(tmp_path / "logs", days=0.03125, records=2)
    kept = tmp_path / "kept"
    archive(tmp_path / "logs", kept)
    assert verify(kept).problems.num_rows == 0
    objects = [path for path in kept.rglob("*") if path.is_file() and ".flow" not in str(path)]
    assert {path.relative_to(kept).parts[0] for path in objects} == {"data", "rest", "manifests"}
    for path in objects:
        whole = path.read_bytes()
        name = path.relative_to(kept).as_posix()
        for at in sorted({*range(0, len(whole), max(1, len(whole) // 23)), len(whole) - 1}):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1 :])
            assert name in verify(kept).problems["object"].to_pylist(), (name, at)
        path.write_bytes(whole)
    assert verify(kept).problems.num_rows == 0


def test_verify_names_what_is_gone(tmp_path):
    """An output that is gone is named, and one that no manifest lists."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.log").write_bytes(b"version dstport\n2 443\n")
    kept = tmp_path / "kept"
    archive(tmp_path / "logs", kept)
    [data] = (kept / "data").rglob("*.parquet")
    name = data.relative_to(kept).as_posix()
    stray = data.with_name("stray-0.parquet")
    data.rename(stray)
    found = {(one["object"], one["kind"]) for one in verify(kept).problems.to_pylist()}
    assert found == {
        (name, "unreadable"),
        (stray.relative_to(kept).as_posix(), "unlisted"),
    }


def test_no_archive(tmp_path):
    """A folder that is no archive is an error, and not an empty archive."""
    with pytest.raises(flowparse.SourceError, match="no such folder"):
        verify(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(flowparse.SourceError, match="no archive"):
        restore(tmp_path / "empty", tmp_path / "back")
