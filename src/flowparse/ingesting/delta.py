"""Floor 3: a Delta Lake table that units are appended to. Stage "publish"."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flowparse.errors import DestinationError
from flowparse.ingesting.rows import read_rows
from flowparse.ingesting.staged import Staged
from flowparse.ingesting.unit import Published

__all__ = ["DeltaSink"]


class DeltaSink:
    """A table of the Delta format, by way of the package `deltalake`.

    Each unit is one commit. It carries an application transaction (the state's name, and the
    place of the unit among its units), so that the table itself tells whether a unit is in it.

    Parameters
    ----------
    destination : str or path
        A local path or a URL.
    partition_by : sequence of str
        Columns of the table's folders, where this run makes it.
    options : mapping of str to str
        Storage options of `deltalake`, such as `aws_region`.
    """

    has_files = False

    def __init__(
        self,
        destination: str | os.PathLike[str],
        partition_by: Sequence[str],
        options: Mapping[str, str],
    ) -> None:
        try:
            import deltalake
        except ImportError as error:
            raise DestinationError(
                "sink: Delta needs the package deltalake: pip install 'flowparse[delta]'",
                destination=os.fsdecode(destination),
            ) from error
        text = os.fsdecode(destination)
        self.url = text if "://" in text else os.path.realpath(text)
        self._delta: Any = deltalake
        self._partition_by = list(partition_by)
        self._options = dict(options)
        self._state = ""

    def staging(self, state: Path) -> Path:
        """Beside the state."""
        return state / "staging"

    def check_new(self) -> None:
        """Refuse a table with records that a new state knows nothing of.

        Raises
        ------
        DestinationError
            There are some: they might be ingested again.
        """
        with self._naming("cannot be looked at"):
            table = self._table()
            is_empty = table is None or not table.file_uris()
        if not is_empty:
            raise DestinationError(
                f"{self.url} holds records that the state knows nothing of: pass the state of "
                "the runs before, or name another destination",
                destination=self.url,
            )

    def open(self, state: str) -> None:
        """Begin a run of a state."""
        self._state = state

    def publish(self, unit: Published, staged: Staged) -> None:
        """Append the records in one commit; the table's schema takes in new columns."""
        delta = self._delta
        with self._naming("cannot be appended to"):
            delta.write_deltalake(
                self.url,
                read_rows(staged),
                mode="append",
                partition_by=self._partition_by or None,
                schema_mode="merge",
                storage_options=self._options or None,
                commit_properties=delta.CommitProperties(
                    custom_metadata={"flowparse.unit": unit.id},
                    app_transactions=[delta.Transaction(self._state, unit.seq)],
                ),
            )

    def holds(self, unit: Published) -> bool:
        """Whether the unit's commit is in the table: it is there as a whole, or not at all."""
        with self._naming("cannot be looked at"):
            table = self._table()
            last = None if table is None else table.transaction_version(self._state)
        return last is not None and int(last) >= unit.seq

    def remove(self, files: Sequence[str]) -> None:
        """Nothing: a table has no files of ours."""

    def _table(self) -> Any:
        options = self._options or None
        if not self._delta.DeltaTable.is_deltatable(self.url, options):
            return None
        return self._delta.DeltaTable(self.url, storage_options=options)

    @contextmanager
    def _naming(self, what: str) -> Iterator[None]:
        """Turn an error of the package into one that names the table."""
        try:
            yield
        except (self._delta.exceptions.DeltaError, OSError) as error:
            cause = error if isinstance(error, OSError) else OSError(str(error))
            raise DestinationError(
                f"{self.url}: the table {what}: {error}", destination=self.url
            ) from cause
