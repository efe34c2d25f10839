"""Stage inflate: what flowparse does around ISA-L, and what Python's own gzip takes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from corpus import CUSTOM, DEFAULT, Corpora
from floor import inflate
from flowparse import LogFormat
from flowparse.sources import list_sources, open_text
from race import Race


def open_and_inflate(path: Path) -> int:
    """The stages open and inflate alone."""
    [source] = list_sources(path)
    with open_text(source) as text:
        return sum(map(len, text))


def gunzip(path: Path) -> int:
    """The standard library, which is zlib."""
    with gzip.open(path) as text:
        return sum(map(len, iter(lambda: text.read(262_144), b"")))


@pytest.mark.parametrize("log_format", [DEFAULT, CUSTOM], ids=["14-fields", "29-fields"])
def bench_inflate(race: Race, corpora: Corpora, log_format: LogFormat) -> None:
    log = corpora.log(log_format)
    assert open_and_inflate(log.gzip) == inflate(log.gzip) == gunzip(log.gzip) == log.text_bytes
    race.stage(
        f"inflate, {len(log_format)} fields",
        "",
        log,
        lambda: open_and_inflate(log.gzip),
        {"bare ISA-L": lambda: inflate(log.gzip), "Python's gzip": lambda: gunzip(log.gzip)},
        beside=True,
        rounds=5,
    )
