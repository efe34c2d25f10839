"""Floor 3: an Apache Iceberg table that units are appended to. Stage "publish"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from flowparse.errors import DestinationError
from flowparse.ingesting.rows import read_rows
from flowparse.ingesting.staged import Staged
from flowparse.ingesting.unit import Published

__all__ = ["IcebergSink"]

_UNIT: Final = "flowparse.unit"


class IcebergSink:
    """A table in a catalog of Iceberg, by way of the package `pyiceberg`.

    Each unit is one snapshot, whose summary names it, so that the table itself tells whether a
    unit is in it.

    Parameters
    ----------
    destination : str
        `CATALOG/NAMESPACE.TABLE`. The table is made if it is missing, and its namespace.
    options : mapping of str to str
        Properties of the catalog, such as `uri` and `warehouse`; without them pyiceberg finds
        those of its configuration.
    """

    has_files = False

    def __init__(self, destination: str, options: Mapping[str, str]) -> None:
        try:
            from pyiceberg import catalog, exceptions
        except ImportError as error:
            raise DestinationError(
                "sink: Iceberg needs the package pyiceberg: pip install 'flowparse[iceberg]'",
                destination=destination,
            ) from error
        self.url = destination
        name, _, table = destination.partition("/")
        namespace, _, _ = table.rpartition(".")
        if not name or not namespace:
            raise DestinationError(
                f"{destination}: expected CATALOG/NAMESPACE.TABLE for a table of Iceberg",
                destination=destination,
            )
        self._exceptions: Any = exceptions
        self._namespace, self._name = namespace, table
        with self._naming("the catalog cannot be opened"):
            self._catalog: Any = catalog.load_catalog(name, **options)

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
        table = self._table()
        if table is not None and table.current_snapshot() is not None:
            raise DestinationError(
                f"{self.url} holds records that the state knows nothing of: pass the state of "
                "the runs before, or name another destination",
                destination=self.url,
            )

    def open(self, state: str) -> None:
        """Nothing is needed: snapshots name their units."""

    def publish(self, unit: Published, staged: Staged) -> None:
        """Append the records in one snapshot; the table's schema takes in new columns."""
        rows = read_rows(staged).read_all()
        table = self._table()
        with self._naming("the table cannot be appended to"):
            if table is None:
                self._catalog.create_namespace_if_not_exists(self._namespace)
                table = self._catalog.create_table(self._name, rows.schema)
            elif set(rows.column_names) - set(table.schema().column_names):
                with table.update_schema() as update:
                    update.union_by_name(rows.schema)
            table.append(rows, snapshot_properties={_UNIT: unit.id})

    def holds(self, unit: Published) -> bool:
        """Whether the unit's snapshot is in the table: it is there as a whole, or not at all."""
        table = self._table()
        snapshots = [] if table is None else table.metadata.snapshots
        return any(one.summary and one.summary.get(_UNIT) == unit.id for one in snapshots)

    def remove(self, files: Sequence[str]) -> None:
        """Nothing: a table has no files of ours."""

    def _table(self) -> Any:
        with self._naming("the table cannot be looked at"):
            try:
                return self._catalog.load_table(self._name)
            except (self._exceptions.NoSuchTableError, self._exceptions.NoSuchNamespaceError):
                return None

    @contextmanager
    def _naming(self, what: str) -> Iterator[None]:
        """Turn an error of the system or the catalog into one that names the table."""
        try:
            yield
        except OSError as error:
            raise DestinationError(f"{self.url}: {what}: {error}", destination=self.url) from error
