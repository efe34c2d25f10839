"""Floor 3: what a unit is published to. Stage "publish"."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from flowparse.errors import DestinationError
from flowparse.ingesting.places import Place
from flowparse.ingesting.staged import Staged
from flowparse.ingesting.unit import Published

__all__ = ["ParquetSink", "Sink"]


class Sink(Protocol):
    """A data set that units are added to.

    Attributes
    ----------
    has_files : bool
        It consists of the files that are made, so that they can be removed and replaced.
    """

    has_files: bool

    @property
    def url(self) -> str:
        """What messages and the state call it."""

    def staging(self, state: Path) -> Path:
        """Where the files of units are made."""

    def check_new(self) -> None:
        """Refuse a destination that holds data that a new state knows nothing of."""

    def open(self, state: str) -> None:
        """Begin a run of a state, given its name."""

    def publish(self, unit: Published, staged: Staged) -> None:
        """Let readers see the files of a unit, each of them whole."""

    def holds(self, unit: Published) -> bool:
        """After a run that died: is all of the unit there? If not, see that nothing of it is."""

    def remove(self, files: Sequence[str]) -> None:
        """Take files away."""


class ParquetSink:
    """Parquet files in folders, each named after the unit that it comes from."""

    has_files = True

    def __init__(self, place: Place) -> None:
        self.place = place

    @property
    def url(self) -> str:
        """What messages and the state call it."""
        return self.place.url

    def staging(self, state: Path) -> Path:
        """Where the files of units are made."""
        return self.place.staging(state)

    def check_new(self) -> None:
        """Refuse a destination with files that a new state knows nothing of.

        Raises
        ------
        DestinationError
            There is one: its records would be ingested again.
        """
        for name in self.place.names():
            raise DestinationError(
                f"{self.url} holds {name}, which the state knows nothing of: pass the state of "
                "the runs before, or name another destination",
                destination=self.url,
            )

    def open(self, state: str) -> None:
        """Nothing is needed."""

    def publish(self, unit: Published, staged: Staged) -> None:
        """Put every file in place."""
        for file in staged.files:
            self.place.put(file.path, staged.name_of(file))
        self.place.sync()

    def holds(self, unit: Published) -> bool:
        """Whether every file is there; if not, those that are, are removed."""
        if all(self.place.size(name) == size for name, size in unit.files):
            return True
        self.remove([name for name, _ in unit.files])
        return False

    def remove(self, files: Sequence[str]) -> None:
        """Take files away."""
        for name in files:
            self.place.delete(name)
        self.place.sync()
