"""What the caller has becomes a list of sources."""

from __future__ import annotations

import array
import gzip
import io
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from flowparse.errors import FlowparseError, InflateError, SourceError
from flowparse.sources import list_sources, open_text, version_of


def text_of(source: object) -> bytes:
    [one] = list_sources(source)
    with open_text(one) as stream:
        return b"".join(stream)


def names(source: object) -> list[str]:
    return [one.name for one in list_sources(source)]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A folder tree as the working directory, so that names are short."""
    for name in ("b.log", "a.log", "a/z.log", "a/b/c.log", "a-b.log", ".hidden", "_SUCCESS"):
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    for folder in (".git", "_temporary", "a/_x"):
        (tmp_path / "logs" / folder).mkdir()
        (tmp_path / "logs" / folder / "x.log").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


LISTED = ["logs/a-b.log", "logs/a.log", "logs/a/b/c.log", "logs/a/z.log", "logs/b.log"]


@pytest.mark.parametrize("kind", [str, Path])
def test_path(tree, kind):
    """A path is one source, named as it was given, with its size."""
    [one] = list_sources(kind("logs/a.log"))
    assert (one.name, one.size, one.rereadable) == ("logs/a.log", 5, True)
    assert text_of(kind("logs/a.log")) == b"a.log"


def test_path_object_of_bytes(tree):
    """An os.PathLike that gives bytes is a path too."""

    class Odd:
        def __fspath__(self):
            return b"logs/a.log"

    assert names(Odd()) == ["logs/a.log"]


@pytest.mark.parametrize("folder", ["logs", "logs/", Path("logs")])
def test_folder(tree, folder):
    """A folder is its files and those of its sub-folders, sorted as S3 sorts keys."""
    assert names(folder) == LISTED


def test_hidden_names(tree):
    """In a folder, files and sub-folders that start with a dot or an underscore are skipped."""
    assert not any("/." in name or "/_" in name for name in names("logs"))
    assert names("logs/_temporary") == ["logs/_temporary/x.log"]
    assert names("logs/_SUCCESS") == ["logs/_SUCCESS"]


def test_empty_folder(tree):
    """An empty folder is no source, and no error."""
    assert list_sources("empty") == []
    assert list_sources(["empty", "logs/a.log"])[0].name == "logs/a.log"


@pytest.mark.parametrize(
    ("pattern", "want"),
    [
        ("logs/*.log", ["logs/a-b.log", "logs/a.log", "logs/b.log"]),
        ("logs/?.log", ["logs/a.log", "logs/b.log"]),
        ("logs/[b-c].log", ["logs/b.log"]),
        ("logs/a/*/*.log", ["logs/a/_x/x.log", "logs/a/b/c.log"]),
        ("logs/a/**", ["logs/a/_x/x.log", "logs/a/b/c.log", "logs/a/z.log"]),
        ("**/z.log", ["logs/a/z.log"]),
        ("l*", LISTED),
        ("e*", []),
    ],
)
def test_glob(tree, pattern, want):
    """A glob is what it matches, sorted, each file once; a folder that matches is read."""
    assert names(pattern) == want


def test_absolute_glob(tree):
    """An absolute glob gives absolute names."""
    assert names(f"{tree}/logs/b*") == [f"{tree}/logs/b.log"]


def test_literal_path_wins(tree):
    """A path that exists is taken as it stands, also if it reads as a glob."""
    Path("logs/[ab].log").write_bytes(b"literal")
    assert names("logs/[ab].log") == ["logs/[ab].log"]
    Path("logs/[ab].log").unlink()
    assert names("logs/[ab].log") == ["logs/a.log", "logs/b.log"]


@pytest.mark.parametrize(
    "missing", ["gone.log", "logs/gone/", "logs/a.log/x", "logs/*.gz", "", "a\0b", "x" * 5000]
)
def test_missing(tree, missing):
    """A missing path, and a glob that matches nothing, is a SourceError that names it."""
    for source in (missing, ["logs/a.log", missing]):
        with pytest.raises(SourceError) as caught:
            list_sources(source)
        assert caught.value.source == missing
        assert missing[:100] in str(caught.value)
        assert "no such file" in str(caught.value) or "no file matches" in str(caught.value)
        assert len(str(caught.value)) < 300
        assert isinstance(caught.value, FlowparseError)
        assert isinstance(caught.value, OSError)


def test_text_for_a_path(tree):
    """Log text given as a path is missing, and the message says to pass bytes."""
    with pytest.raises(SourceError, match="pass text as bytes"):
        list_sources("version srcaddr\n2 192.0.2.1\n")


def test_dangling_link(tree):
    """A link to nothing is missing by its name; in a folder it is a source that cannot be read."""
    Path("logs/c.log").symlink_to("nowhere")
    with pytest.raises(SourceError, match=r"logs/c\.log: no such file"):
        list_sources("logs/c.log")
    assert names("logs") == [*LISTED, "logs/c.log"]
    with pytest.raises(SourceError, match=r"logs/c\.log: cannot be read: No such file"):
        list_sources("logs")[-1].open()


def test_links(tree):
    """Links to files and folders are followed, and a folder that is met again is not read again."""
    Path("logs/c.log").symlink_to(tree / "logs" / "a.log")
    Path("logs/d").symlink_to(tree / "empty")
    Path("empty/e.log").write_bytes(b"e")
    Path("logs/loop").symlink_to(tree / "logs")
    Path("logs/a/b/up").symlink_to(tree / "logs" / "a")
    assert names("logs") == [*LISTED, "logs/c.log", "logs/d/e.log"]
    assert text_of("logs/c.log") == b"a.log"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipe(tree):
    """A named pipe is read once and has no size; in a folder it is skipped."""
    os.mkfifo("logs/pipe")
    assert names("logs") == LISTED
    [one] = list_sources("logs/pipe")
    assert (one.size, one.rereadable) == (None, False)
    data = gzip.compress(b"2 - - -\n" * 9)
    writer = threading.Thread(target=lambda: Path("logs/pipe").write_bytes(data[:-1]))
    writer.start()
    with open_text(one) as stream:
        assert next(stream) == b"2 - - -\n" * 9
        with pytest.raises(InflateError, match="cut off"):
            next(stream)
    writer.join()


def test_vanished(tree):
    """A file that is gone when it is opened is a SourceError with the system's reason."""
    [one] = list_sources("logs/a.log")
    Path("logs/a.log").unlink()
    with pytest.raises(SourceError, match=r"logs/a\.log: cannot be read: No such file") as caught:
        one.open()
    assert caught.value.source == "logs/a.log"


def test_became_a_folder(tree):
    """A file that is a folder when it is opened is a SourceError."""
    [one] = list_sources("logs/a.log")
    Path("logs/a.log").unlink()
    Path("logs/a.log").mkdir()
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        one.open()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_denied(tree):
    """A file that may not be read is listed, and opening it is a SourceError."""
    Path("logs/a.log").chmod(0)
    [one] = list_sources("logs/a.log")
    with pytest.raises(SourceError, match="cannot be read: Permission denied"):
        one.open()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_denied_folder(tree):
    """A sub-folder that may not be listed is a SourceError, not a gap."""
    Path("logs/a").chmod(0)
    try:
        with pytest.raises(SourceError, match="logs/a: the folder cannot be listed"):
            list_sources("logs")
    finally:
        Path("logs/a").chmod(0o755)


@pytest.mark.parametrize(
    "data",
    [
        b"2 - -",
        bytearray(b"2 - -"),
        memoryview(b"2 - -"),
        memoryview(b"2_ _-_ _-")[::2],
        memoryview(array.array("B", b"2 - -")),
    ],
)
def test_bytes(data):
    """Bytes of any kind are one source that can be read again."""
    want = bytes(data)
    [one] = list_sources(data)
    assert (one.name, one.size, one.rereadable) == ("<bytes>", 5, True)
    for _ in range(2):
        with open_text(one) as stream:
            assert b"".join(stream) == want


def test_wide_view():
    """A view of wider items is read as its bytes."""
    data = array.array("H", [0x3220, 0x2D20])
    [one] = list_sources(memoryview(data))
    assert one.size == 4
    assert text_of(memoryview(data)) == data.tobytes()


def test_file_objects(tree):
    """A file object is named by its name, or <file>, has no size, and is read only once."""
    with Path("logs/a.log").open("rb") as file:
        [one] = list_sources(file)
        assert (one.name, one.size, one.rereadable) == ("logs/a.log", None, False)
        assert text_of(file) == b"a.log"
    with open(os.open("logs/b.log", os.O_RDONLY), "rb") as file:  # noqa: PTH123
        assert names([file, io.BytesIO()]) == ["<file>", "<file>"]
    one.open()
    with pytest.raises(SourceError, match="only once"):
        one.open()


def test_text_mode(tree):
    """A file object in text mode is a TypeError that says to open it in binary mode."""
    with Path("logs/a.log").open() as real, tempfile.NamedTemporaryFile("w+") as temporary:
        for file in (real, temporary, io.StringIO("2 - -")):
            with pytest.raises(TypeError, match="open it in binary mode"):
                list_sources(file)


def test_list(tree):
    """A list or tuple keeps its order, and each item may be anything but a list."""
    items = ["logs/b.log", b"x", Path("logs/a"), io.BytesIO(b"y"), "logs/b.log"]
    want = ["logs/b.log", "<bytes>", "logs/a/b/c.log", "logs/a/z.log", "<file>", "logs/b.log"]
    assert names(items) == want
    assert names(tuple(items)) == want
    assert list_sources([]) == []


@pytest.mark.parametrize("nested", [[[]], [["a"]], (b"", ("a",))])
def test_nested_list(nested):
    """A list in a list is a TypeError."""
    with pytest.raises(TypeError, match="flat list"):
        list_sources(nested)


@pytest.mark.parametrize("source", [None, 5, {"a"}, {"a": 1}, iter([]), object()])
def test_anything_else(source):
    """Anything else is a TypeError that lists what is accepted."""
    with pytest.raises(TypeError, match="bytearray, memoryview, a binary file object, or a list"):
        list_sources(source)
    with pytest.raises(TypeError, match=type(source).__name__):
        list_sources([source])


def test_offset(tree):
    """A pass may begin at a byte, from a path and from bytes."""
    for source in ("logs/a.log", b"a.log"):
        reader = list_sources(source)[0].open(2)
        assert reader.read(2) == b"lo"
        assert reader.read(9) == b"g"
        assert reader.read(9) == b""
        assert reader.taken == 3
        reader.close()


def test_sources_can_be_sent(tree):
    """Sources of paths and bytes survive pickling, for engines that read elsewhere."""
    for one in list_sources(["logs/a.log", b"abc"]):
        assert pickle.loads(pickle.dumps(one)) == one


def test_version(tree):
    """A version stays while a file stays, and differs when its bytes, or their time, do."""
    path = Path("logs/b.log")
    [one], [again] = list_sources(path), list_sources(path)
    assert one.version == again.version == version_of("logs/b.log")
    path.write_bytes(b"c.log")
    os.utime(path, ns=(1, 1))
    [changed] = list_sources(path)
    assert changed.size == one.size
    assert changed.version != one.version
    [in_folder] = [source for source in list_sources("logs") if source.name == "logs/b.log"]
    assert in_folder.version == changed.version


def test_no_version(tree):
    """Bytes and file objects have none, and a file that is gone has none any more."""
    assert [source.version for source in list_sources([b"x", io.BytesIO(b"x")])] == [None, None]
    assert version_of("logs/none.log") is None


def test_a_log_group_is_listed_without_asking_anyone():
    """`logs://REGION/GROUP` is one source, named as it was given, and imports no boto3 yet."""
    code = (
        "import sys; from flowparse.sources import list_sources; "
        "[one] = list_sources('logs://us-east-1//vpc/flow'); "
        "print(one.name, 'boto3' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == ["logs://us-east-1//vpc/flow", "False"]


def test_the_write_test_of_an_export_is_skipped(tmp_path):
    """`aws-logs-write-test` is passed over in folders of any depth, and read where it is named."""
    (tmp_path / "exported").mkdir()
    for folder in (tmp_path, tmp_path / "exported"):
        (folder / "aws-logs-write-test").write_bytes(b"Permission Check Successful")
        (folder / "000000.gz").write_bytes(b"2")
    shown = [Path(name).relative_to(tmp_path).as_posix() for name in names(tmp_path)]
    assert shown == ["000000.gz", "exported/000000.gz"]
    assert len(names(tmp_path / "aws-logs-write-test")) == 1
