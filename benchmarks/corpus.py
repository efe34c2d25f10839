"""Seeded corpora, made once and kept in a folder: logs, objects cut from them, tiny objects.

Every object of a set is a run of lines of one log behind a header of its own, as AWS delivers
them. A set's folder is renamed to its name when it is complete, so what is there is whole.
"""

from __future__ import annotations

import gzip
import os
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from flowparse import LogFormat
from flowparse.testing import Network

__all__ = ["CUSTOM", "DEFAULT", "Corpora", "Corpus", "Objects"]

DEFAULT = LogFormat.default()
#: The 29 fields of versions 2 to 5, in AWS's order.
CUSTOM = LogFormat(LogFormat.all_fields().fields[:29])

_RECORDS = 1_000_000
_STAGE_RECORDS = 200_000
#: About 75 MB of gzip, where AWS closes an object, and 530 MB of text.
_LARGE_RECORDS = 4_800_000
_OBJECTS = 16
_MANY_TIMES = 10
_SMALL_OBJECTS = 10_000
_SMALL_RECORDS = 20
_LEVEL = 6
#: Those who talk: few in a short log, for making them takes longer than writing it.
_PEERS, _PEERS_OF_SHORT = 100_000, 5_000
_SHORT_RECORDS = 100_000


@dataclass(frozen=True)
class Corpus:
    """One log, as text and as gzip."""

    log_format: LogFormat
    text: Path
    gzip: Path
    records: int

    @property
    def text_bytes(self) -> int:
        """Of the whole log, its header included."""
        return self.text.stat().st_size

    @property
    def gzip_megabytes(self) -> int:
        """Of the object."""
        return round(self.gzip.stat().st_size / 1e6)

    @property
    def about(self) -> str:
        """What it is, and its compression ratio: that decides the share of inflation."""
        size = _about(self.text_bytes, self.gzip.stat().st_size)
        return f"{len(self.log_format)} fields, {self.records} records: {size}"


@dataclass(frozen=True)
class Objects:
    """Gzip objects of one format in one folder, in the order of time."""

    log_format: LogFormat
    paths: tuple[Path, ...]
    records: int
    text_bytes: int

    @property
    def folder(self) -> Path:
        """Holds the objects and nothing else."""
        return self.paths[0].parent

    @property
    def about(self) -> str:
        """What they are, and their compression ratio."""
        size = _about(self.text_bytes, sum(path.stat().st_size for path in self.paths))
        return f"{len(self.paths)} objects, {self.records} records: {size}"


@dataclass(frozen=True)
class Corpora:
    """All that the benchmarks read; each is made when it is first asked for.

    Parameters
    ----------
    folder : Path
        Where corpora are kept.
    scale : float
        Makes all of them smaller, or larger.
    """

    folder: Path
    scale: float = 1.0

    def scaled(self, number: int) -> int:
        """A number of records at this scale, and never next to nothing."""
        return max(int(number * self.scale), 2000)

    def log(self, log_format: LogFormat, records: int = _RECORDS) -> Corpus:
        """One log; its object holds about 17 MB of gzip in the default format."""
        return _make_log(self.folder, log_format, self.scaled(records))

    def stage_log(self, log_format: LogFormat) -> Corpus:
        """What the stages of the core are timed over, from memory."""
        return self.log(log_format, _STAGE_RECORDS)

    def large(self) -> Corpus:
        """One log whose object is as large as AWS makes them."""
        return self.log(DEFAULT, _LARGE_RECORDS)

    def objects(self) -> Objects:
        """The large log in 16 objects."""
        return _cut(self.large(), self.folder, _OBJECTS)

    def many_objects(self) -> Objects:
        """Ten names for each of the 16 objects: hard links, since the question is memory."""
        return _link(self.objects(), self.folder, _MANY_TIMES)

    def small_objects(self) -> Objects:
        """As many objects of 20 records as an hour of a large fleet gives."""
        count = max(int(_SMALL_OBJECTS * self.scale), 100)
        log = _make_log(self.folder, DEFAULT, count * _SMALL_RECORDS)
        return _cut(log, self.folder, count)


def _about(text_bytes: int, gzip_bytes: int) -> str:
    ratio = text_bytes / gzip_bytes
    return f"{text_bytes / 1e6:.1f} MB, gzip {gzip_bytes / 1e6:.1f} MB, {ratio:.1f} to 1"


def _make_log(folder: Path, log_format: LogFormat, records: int) -> Corpus:
    name = f"{len(log_format)}-fields-{records}-records"
    corpus = Corpus(log_format, folder / f"{name}.log", folder / f"{name}.log.gz", records)
    if not corpus.gzip.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write_log(corpus)
    return corpus


def _write_log(corpus: Corpus) -> None:
    """The gzip file comes last and whole, so that it tells of a finished corpus."""
    peers = _PEERS_OF_SHORT if corpus.records < _SHORT_RECORDS else _PEERS
    network = Network(seed=1, interfaces=400, peers=peers)
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)
    aside = corpus.gzip.with_suffix(f".{os.getpid()}.part")
    with corpus.text.open("wb") as text, aside.open("wb") as packed:
        for block in network.blocks(corpus.log_format, records=corpus.records):
            text.write(block)
            packed.write(deflater.compress(block))
        packed.write(deflater.flush())
    aside.replace(corpus.gzip)


def _cut(log: Corpus, folder: Path, count: int) -> Objects:
    """The log in objects of the same number of records."""
    each = log.records // count
    home = folder / f"{len(log.log_format)}-fields-{count}-objects-of-{each}-records"
    paths = tuple(home / f"{number:05}.log.gz" for number in range(count))
    header = len(log.log_format.header) + 1
    if not home.exists():
        aside = _new_folder(home)
        for path, text in zip(paths, _texts(log, count, each), strict=True):
            (aside / path.name).write_bytes(gzip.compress(text, _LEVEL, mtime=0))
        aside.rename(home)
    # A log that is no multiple of the objects loses its last records, and their bytes.
    text_bytes = _bytes_of(log, 1 + count * each) + (count - 1) * header
    return Objects(log.log_format, paths, count * each, text_bytes)


def _texts(log: Corpus, count: int, each: int) -> Iterator[bytes]:
    with log.text.open("rb") as lines:
        header = next(lines)
        for _ in range(count):
            yield header + b"".join(islice(lines, each))


def _bytes_of(log: Corpus, lines: int) -> int:
    """Bytes of the first lines of a log."""
    if lines == log.records + 1:
        return log.text_bytes
    with log.text.open("rb") as text:
        return sum(map(len, islice(text, lines)))


def _link(objects: Objects, folder: Path, times: int) -> Objects:
    home = folder / f"{objects.folder.name}-times-{times}"
    paths = tuple(home / f"{turn}-{path.name}" for turn in range(times) for path in objects.paths)
    if not home.exists():
        aside = _new_folder(home)
        for path in paths:
            os.link(objects.folder / path.name.partition("-")[2], aside / path.name)
        aside.rename(home)
    return Objects(objects.log_format, paths, objects.records * times, objects.text_bytes * times)


def _new_folder(home: Path) -> Path:
    """Where a folder is filled before it gets its name."""
    aside = home.with_name(f"{home.name}.{os.getpid()}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    return aside
