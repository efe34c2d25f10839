"""Floor 3: what was ingested, in a SQLite database. Stage "record"."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from flowparse.counts import Counts
from flowparse.errors import DestinationError
from flowparse.ingesting.unit import Published, Unit

__all__ = ["STATE_NAME", "Failure", "State"]

#: Of the database in the folder of the state.
STATE_NAME: Final = "state.db"

_VERSION: Final = 1
_BUSY_SECONDS: Final = 30
_NAMES_AT_ONCE: Final = 500
_ID: Final = "id"

_SCHEMA: Final = (
    """
    create table settings (name text primary key, value text not null) without rowid
    """,
    """
    create table units (
        id text primary key,
        seq integer not null,
        status text not null check (status in ('publishing', 'done', 'replaced')),
        replaces text,
        rows integer not null,
        files text not null,
        counts text not null,
        at text not null
    ) without rowid
    """,
    """
    create table objects (
        name text not null,
        unit text not null references units (id) on delete cascade,
        version text not null,
        flow_log text,
        stamp integer,
        primary key (name, unit)
    ) without rowid
    """,
    "create index objects_of_unit on objects (unit)",
    """
    create table failures (
        name text primary key,
        version text not null,
        kind text not null,
        message text not null,
        tries integer not null,
        at text not null
    ) without rowid
    """,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """An object that could not be ingested, and why."""

    name: str
    version: str
    kind: str
    message: str


class State:
    """The database; a context manager.

    Parameters
    ----------
    folder : Path
        It is there, unless `read_only`.
    read_only : bool
        Make and change nothing; where there is no database yet, it is as an empty one.

    Raises
    ------
    DestinationError
        The folder or the database cannot be used, or another version of flowparse wrote it.

    Notes
    -----
    A commit is on disk when it returns (`synchronous=full`). The journal is a WAL, so that
    others may look while a run is at work; so the folder must be on a local disk.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.path = folder / STATE_NAME
        with self._naming():
            self._db = self._open_to_read() if read_only else self._connect(str(self.path))
        try:
            with self._naming():
                self._prepare(read_only)
        except BaseException:
            self._db.close()
            raise

    def _open_to_read(self) -> sqlite3.Connection:
        if not self.path.exists():
            return self._connect(":memory:")
        # Not mode=ro: it would leave files of the journal behind, and could not end one.
        return self._connect(f"{self.path.absolute().as_uri()}?mode=rw", uri=True)

    def _connect(self, name: str, *, uri: bool = False) -> sqlite3.Connection:
        return sqlite3.connect(name, timeout=_BUSY_SECONDS, isolation_level=None, uri=uri)

    def _prepare(self, read_only: bool) -> None:
        if not read_only:
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")
        self._db.execute("pragma foreign_keys = on")
        [version] = self._db.execute("pragma user_version").fetchone()
        if version == 0:
            with self._change():
                for statement in _SCHEMA:
                    self._db.execute(statement)
                self._db.execute(f"pragma user_version = {_VERSION}")
        elif version != _VERSION:
            raise DestinationError(
                f"{self.path}: the state has version {version}, and this flowparse knows "
                f"version {_VERSION}: use the flowparse that wrote it, or another state",
                destination=str(self.path),
            )

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Turn an error of SQLite into one that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise DestinationError(
                f"{self.path}: the state cannot be kept: {error}; mend that and run again: "
                "what was recorded is safe, and nothing will be read twice",
                destination=str(self.path),
            ) from error

    @contextmanager
    def _change(self) -> Iterator[None]:
        """All of the block is recorded, or nothing."""
        with self._naming():
            self._db.execute("begin immediate")
            try:
                yield
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("rollback")
                raise

    # ------------------------------------------------------------------ settings

    def check_options(self, options: Mapping[str, str]) -> None:
        """Compare the options of a run with those of the runs before.

        Raises
        ------
        ValueError
            They differ, so that the records of two runs would not fit together.
        """
        before = self._settings()
        for name, value in options.items():
            if before.get(name, value) != value:
                raise ValueError(
                    f"{name}: {value} now, and {before[name]} in the runs before, as the state "
                    f"{self.path} tells: keep it, or use another destination and state"
                )

    def fix_options(self, options: Mapping[str, str]) -> None:
        """Record the options of the first run, and a name for the state."""
        if not self._settings():
            with self._change():
                about = {**options, _ID: f"flowparse-{secrets.token_hex(8)}"}
                self._db.executemany("insert into settings values (?, ?)", about.items())

    @property
    def id(self) -> str:
        """The name that no other state has; known once the options are fixed."""
        return self._settings()[_ID]

    def _settings(self) -> dict[str, str]:
        with self._naming():
            return dict(self._db.execute("select name, value from settings").fetchall())

    # ------------------------------------------------------------------ what is known

    def is_new(self) -> bool:
        """Whether no unit was ever begun."""
        return self._db.execute("select 1 from units limit 1").fetchone() is None

    def find(self, names: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Version and unit of those of the objects that are ingested."""
        found: dict[str, tuple[str, str]] = {}
        with self._naming():
            for at in range(0, len(names), _NAMES_AT_ONCE):
                some = names[at : at + _NAMES_AT_ONCE]
                places = ", ".join("?" * len(some))
                rows = self._db.execute(
                    "select name, version, unit from objects join units on units.id = unit "
                    f"where status = 'done' and name in ({places})",
                    some,
                )
                found.update((name, (version, unit)) for name, version, unit in rows)
        return found

    def objects_of(self, unit: str) -> list[tuple[str, str]]:
        """Name and version of each object of a unit."""
        rows = self._db.execute("select name, version from objects where unit = ?", (unit,))
        return rows.fetchall()

    def newest(self) -> dict[str, int]:
        """For each flow log, the latest window of which something is ingested."""
        return dict(
            self._db.execute(
                "select flow_log, max(stamp) from objects where flow_log is not null group by 1"
            )
        )

    def published(self, *, done: bool) -> list[Published]:
        """The units that are done, or those that are not."""
        return self._units("(status = 'done') = ?", done)

    def one(self, unit: str) -> Published:
        """What is known of one unit."""
        [found] = self._units("id = ?", unit)
        return found

    def has(self, unit: str) -> bool:
        """Whether the unit was begun, and not forgotten."""
        return bool(self._units("id = ?", unit))

    def _units(self, condition: str, value: object) -> list[Published]:
        with self._naming():
            found = self._db.execute(
                "select id, seq, status, replaces, rows, files from units "
                f"where {condition} order by seq",
                (value,),
            ).fetchall()
        return [
            Published(id_, seq, status, replaces, rows, tuple(map(tuple, json.loads(files))))
            for id_, seq, status, replaces, rows, files in found
        ]

    def failures(self) -> dict[str, Failure]:
        """The objects that could not be ingested when they were last tried."""
        rows = self._db.execute("select name, version, kind, message from failures")
        return {row[0]: Failure(*row) for row in rows}

    # ------------------------------------------------------------------ what is done

    def begin(
        self, unit: Unit, rows: int, files: Sequence[tuple[str, int]], counts: Counts
    ) -> Published:
        """Record what is about to be published, before anything of it can be seen."""
        about = (unit.replaces, rows, json.dumps(files), json.dumps(counts.as_dict()), _now())
        with self._change():
            self._db.execute(
                "insert into units select ?, coalesce(max(seq), 0) + 1, 'publishing', "
                "?, ?, ?, ?, ? from units",
                (unit.id, *about),
            )
            self._db.executemany(
                "insert into objects values (?, ?, ?, ?, ?)",
                ((i.name, unit.id, i.version, i.flow_log, i.stamp) for i in unit.inputs),
            )
        return self.one(unit.id)

    def finish(self, unit: str, replaces: str | None) -> None:
        """Record that a unit is published, and that the one it replaces has to go."""
        with self._change():
            self._db.execute("update units set status = 'done' where id = ?", (unit,))
            self._db.execute("update units set status = 'replaced' where id = ?", (replaces,))
            self._db.execute(
                "delete from failures where name in (select name from objects where unit = ?)",
                (unit,),
            )

    def forget(self, unit: str) -> None:
        """Record that nothing of a unit is there."""
        with self._change():
            self._db.execute("delete from units where id = ?", (unit,))

    def note_failures(self, failures: Iterable[Failure]) -> None:
        """Record why objects could not be ingested."""
        with self._change():
            self._db.executemany(
                "insert into failures values (?, ?, ?, ?, 1, ?) on conflict (name) do update set "
                "version = excluded.version, kind = excluded.kind, message = excluded.message, "
                "tries = tries + 1, at = excluded.at",
                ((f.name, f.version, f.kind, f.message, _now()) for f in failures),
            )

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
