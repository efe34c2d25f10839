"""Floor 4: what runs of detection leave to the next: their facts, and what they told."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flowparse.detect.facts import DENIALS, STATUS, TALKS, Facts
from flowparse.detect.findings import FINDINGS, IDENTITY
from flowparse.detect.gather import see_nothing
from flowparse.detect.saving import replace_file
from flowparse.grouping import Seen
from flowparse.ingesting.lock import hold

__all__ = ["State"]

_ABOUT: Final = "state.json"
_VERSION: Final = 1
#: A queue delivers again within minutes, and so does whoever tries again.
_SEEN_HOURS: Final = 6
_TOLD: Final = pa.schema([FINDINGS.field(name) for name in IDENTITY])
_SCHEMAS: Final = {"talks": TALKS, "denials": DENIALS, "status": STATUS, "told": _TOLD}
_TIMES: Final = {"talks": "hour", "denials": "window", "status": "window", "told": "time"}


@dataclass(frozen=True)
class State:
    """The facts of earlier runs, and the findings that they told.

    `run(source, state=folder)` goes on where the run before ended. It can be looked at here.

    Attributes
    ----------
    facts : Facts
        Of the last `keep_days`.
    told : pyarrow.Table
        `time`, `detector`, `entity`, `account_id` and `interface_id` of the findings that were
        told.
    runs : int
        How many there were.
    keep_days : int
        Facts that are older than the newest by more are dropped. What was usual before is
        forgotten with them, and what is new is new against these days.
    records : bytes or None
        Hashes of the records of the last hours, so that a delivery that comes again counts once.
    """

    facts: Facts
    told: pa.Table
    runs: int = 0
    keep_days: int = 30
    records: bytes | None = field(default=None, repr=False)

    @classmethod
    def empty(cls) -> Self:
        """That before the first run."""
        return cls(Facts.none(), _TOLD.empty_table())

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Self:
        """What the last run left in a folder; empty where there was none.

        Raises
        ------
        ValueError
            The state is of a later version, or damaged.
        OSError
            It cannot be read.
        """
        path = Path(folder) / _ABOUT
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls.empty()
        except ValueError as error:
            raise ValueError(f"{path}: not JSON: {error}; {_ADVICE}") from None
        version = about.get("version") if isinstance(about, dict) else None
        if version != _VERSION:
            raise ValueError(
                f"{path}: a state of version {version!r}, expected {_VERSION}: read it with the "
                "flowparse that wrote it, or begin a new folder"
            )
        try:
            tables = {name: _read(path.parent / about["files"][name]) for name in _SCHEMAS}
            columns = frozenset(about["columns"])
            facts = Facts(tables["talks"], tables["denials"], tables["status"], columns)
            name = about["files"].get("seen")
            records = None if name is None else (path.parent / name).read_bytes()
            return cls(facts, tables["told"], about["runs"], about["keep_days"], records)
        except (KeyError, TypeError, pa.ArrowInvalid, FileNotFoundError) as error:
            raise ValueError(f"{path}: the state is damaged: {error}; {_ADVICE}") from error

    def seen(self) -> Seen:
        """The records of the last hours, to be added to."""
        return see_nothing() if self.records is None else Seen.from_buffer(self.records)

    def after(self, facts: Facts, told: pa.Table, seen: Seen | None = None) -> Self:
        """The state after a run: with all facts, and with what it told."""
        whole = {
            "talks": facts.talks,
            "denials": facts.denials,
            "status": facts.status,
            "told": pa.concat_tables([self.told, told.select(list(IDENTITY))]),
        }
        newest = [pc.max(whole[name][_TIMES[name]]) for name in ("talks", "denials", "status")]
        last = max((one.as_py() for one in newest if one.is_valid), default=None)
        if last is not None:
            limit = pa.scalar(last - timedelta(days=self.keep_days), pa.timestamp("s", "UTC"))
            whole = {name: _since(table, _TIMES[name], limit) for name, table in whole.items()}
        records = None
        if seen is not None and last is not None:
            seen.forget(int(last.timestamp()) - _SEEN_HOURS * 3600)
            records = seen.to_buffer().to_pybytes()
        kept = Facts(whole["talks"], whole["denials"], whole["status"], facts.columns)
        return replace(
            self,
            facts=kept,
            told=whole["told"].combine_chunks(),
            runs=self.runs + 1,
            records=records,
        )

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write it: all of it, or nothing.

        The tables go into files of their own names, and a small file that names them then takes
        the place of the last one. What it does not name is removed.
        """
        home = Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        tables = {
            "talks": self.facts.talks,
            "denials": self.facts.denials,
            "status": self.facts.status,
            "told": self.told,
        }
        files = {name: f"{name}-{self.runs:08}.parquet" for name in tables}
        for name, table in tables.items():
            replace_file(home / files[name], partial(_write, table))
        if self.records is not None:
            files["seen"] = f"seen-{self.runs:08}.bin"
            replace_file(home / files["seen"], self._write_records)
        about = {
            "version": _VERSION,
            "runs": self.runs,
            "keep_days": self.keep_days,
            "columns": sorted(self.facts.columns),
            "files": files,
        }
        text = json.dumps(about, indent=1).encode()
        replace_file(home / _ABOUT, lambda file: file.write(text))
        _sweep(home, {*files.values()})

    def _write_records(self, file: Any) -> None:
        file.write(self.records)

    def untold(self, findings: pa.Table) -> pa.Table:
        """The findings that no run has told yet."""
        marked = _named(self.told).group_by(list(IDENTITY)).aggregate([])
        marked = marked.append_column("known", pa.repeat(pa.scalar(True), marked.num_rows))
        rows = _named(findings)
        rows = rows.append_column("row", pa.array(range(rows.num_rows), pa.int64()))
        found = rows.join(marked, list(IDENTITY), join_type="left outer").sort_by("row")
        return findings.filter(pc.is_null(found["known"]))


_ADVICE: Final = "take it from a backup, or begin a new folder"


@contextmanager
def held(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """While the block runs, no other run uses the state."""
    with hold(Path(folder), 0, lambda: False):
        yield Path(folder)


def _named(findings: pa.Table) -> pa.Table:
    """What makes each of them itself; a join takes no null for equal to another."""
    columns = [findings["time"], *(pc.fill_null(findings[name], "") for name in IDENTITY[1:])]
    return pa.table(columns, names=list(IDENTITY))


def _since(table: pa.Table, name: str, limit: pa.Scalar) -> pa.Table:
    return table.filter(pc.greater_equal(table[name], limit))


def _read(path: Path) -> pa.Table:
    table = pq.read_table(path)
    return table.cast(_SCHEMAS[path.name.partition("-")[0]])


def _write(table: pa.Table, file: Any) -> None:
    pq.write_table(table, file, compression="zstd")


def _sweep(home: Path, named: set[str]) -> None:
    """Remove what runs that died left, and what the last run needed."""
    kinds = {f"{name}-" for name in (*_SCHEMAS, "seen")}
    for path in home.iterdir():
        mine = path.name.lstrip(".").startswith(tuple(kinds)) or path.name.startswith(f".{_ABOUT}.")
        if mine and path.name not in named:
            path.unlink(missing_ok=True)
