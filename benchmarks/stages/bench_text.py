"""Stages spell, match and weave, and `write_text` beside writers of CSV with a blank for the comma.

The table has the types of AWS's Parquet, which all of them write as AWS does. Ours reads every
block back before it is written, and waits until the file is on the disk.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import flowparse
import rivals
from corpus import CUSTOM, DEFAULT, Corpora, Corpus
from flowparse import LogFormat, _core
from race import Race

WRITERS = ("duckdb_csv", "polars_csv", "pyarrow_csv")
#: It writes nulls as nothing.
LOSSY = ("pyarrow_csv",)
FORMATS = pytest.mark.parametrize("log_format", [DEFAULT, CUSTOM], ids=["default", "29 fields"])


def batches(log: Corpus, log_format: LogFormat) -> list[tuple[list[Any], Any]]:
    """The columns of each batch, and the lines that its rows were."""
    table = flowparse.read_table(log.gzip, columns=[*log_format.columns, "line"])
    return [(batch.columns[:-1], batch.columns[-1]) for batch in table.to_batches()]


def spelled(columns: list[Any]) -> Any:
    """The lines of a batch as an array."""
    text, offsets = _core.spell(columns, offsets=True)
    n = len(columns[0])
    return pa.Array.from_buffers(pa.large_binary(), n, [None, offsets, text])


def match(text: pa.Buffer, rows: list[tuple[list[Any], Any]]) -> _core.TextLines:
    """Hold all rows against the text that they were read from."""
    lines = _core.TextLines(text)
    for columns, numbers in rows:
        assert len(lines.match(columns, numbers)) == 0
    return lines


@FORMATS
def bench_spell(race: Race, corpora: Corpora, log_format: LogFormat) -> None:
    log = corpora.stage_log(log_format)
    rows, text = batches(log, log_format), log.text.read_bytes()

    def spell() -> list[Any]:
        return [_core.spell(columns) for columns, _ in rows]

    copy = {"a copy of the text": lambda: bytes(memoryview(text))}
    race.stage(f"spell {len(log_format)} fields", "", log, spell, copy, beside=True)


@FORMATS
def bench_match(race: Race, corpora: Corpora, log_format: LogFormat) -> None:
    log = corpora.stage_log(log_format)
    rows, text = batches(log, log_format), pa.py_buffer(log.text.read_bytes())
    race.stage(
        f"find {len(log_format)} fields' lines, spell, compare",
        "",
        log,
        lambda: match(text, rows),
        {"find lines": lambda: _core.TextLines(text)},
    )


def bench_weave(race: Race, corpora: Corpora) -> None:
    """Rows in the order of their addresses, as an archive has them."""
    log = corpora.log(DEFAULT)
    text = pa.py_buffer(log.text.read_bytes())
    table = flowparse.read_table(log.gzip, columns=[*DEFAULT.columns, "line"])
    keys = table.select(["srcaddr", "dstaddr"])
    table = table.take(pc.sort_indices(keys, [("srcaddr", "ascending"), ("dstaddr", "ascending")]))
    rows = [
        (batch.columns[:-1], batch.columns[-1]) for batch in table.to_batches(max_chunksize=65536)
    ]
    lines = match(text, rows)
    pieces = [(spelled(columns), numbers) for columns, numbers in rows]

    def weave() -> pa.Buffer:
        return _core.weave(pieces, [lines.rest()], 1, len(lines) + 1)[0]

    assert weave().equals(text)
    copy = {"a copy of the text": lambda: bytes(memoryview(text))}
    race.stage("weave sorted rows into a text", "", log, weave, copy, beside=True)


@FORMATS
def bench_write_text(race: Race, corpora: Corpora, tmp_path: Path, log_format: LogFormat) -> None:
    log = corpora.stage_log(log_format)
    table = flowparse.read_table(log.gzip, schema="aws")
    named = table.rename_columns(list(log_format.fields))
    ours = tmp_path / "ours.log"

    def write() -> None:
        flowparse.write_text(table, ours, log_format=log_format)

    write()
    assert ours.read_bytes() == log.text.read_bytes()
    field = rivals.gather(*WRITERS)
    race.report.versions |= field.versions
    others = {
        name: partial(module.write_text, named, str(tmp_path / name))
        for name, module in field.present.items()
    }
    for name, run in others.items():
        run()
        if name not in LOSSY:
            assert (tmp_path / name).read_bytes() == ours.read_bytes(), name
    race.stage(f"write_text, {len(log_format)} fields", "", log, write, others, beside=True)
