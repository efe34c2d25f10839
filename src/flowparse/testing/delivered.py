"""Floor 4: what was delivered, and the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flowparse.logformat import LogFormat
from flowparse.testing.stories import Label

__all__ = ["DeliveredObject", "Delivery"]


@dataclass(frozen=True, slots=True)
class DeliveredObject:
    """One object of a delivery.

    Attributes
    ----------
    key : str
        In the bucket, with `/`.
    path : Path
        Of the file.
    account_id : str
    window_start : datetime
        In UTC. The `end` of each record is in the five minutes from here.
    records, no_data, skip_data : int
        Records in all, and those whose log-status is NODATA or SKIPDATA as far as the format
        shows it.
    text_bytes : int
        Of the text, header included, before it is compressed.
    file_bytes : int
        Of the file.
    """

    key: str
    path: Path
    account_id: str
    window_start: datetime
    records: int
    no_data: int
    skip_data: int
    text_bytes: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery, and the truth about it.

    Attributes
    ----------
    folder : Path
        Stands for the bucket.
    log_format : LogFormat
    objects : tuple of DeliveredObject
        In the order of their keys.
    labels : tuple of Label
        The stories that were planted.
    """

    folder: Path
    log_format: LogFormat
    objects: tuple[DeliveredObject, ...]
    labels: tuple[Label, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """Path of each object."""
        return tuple(delivered.path for delivered in self.objects)

    @property
    def keys(self) -> tuple[str, ...]:
        """Key of each object."""
        return tuple(delivered.key for delivered in self.objects)

    @property
    def records(self) -> int:
        """Records in all objects."""
        return sum(delivered.records for delivered in self.objects)

    @property
    def no_data(self) -> int:
        """NODATA records in all objects."""
        return sum(delivered.no_data for delivered in self.objects)

    @property
    def skip_data(self) -> int:
        """SKIPDATA records in all objects."""
        return sum(delivered.skip_data for delivered in self.objects)

    @property
    def text_bytes(self) -> int:
        """Bytes of text in all objects."""
        return sum(delivered.text_bytes for delivered in self.objects)

    @property
    def file_bytes(self) -> int:
        """Bytes of all files."""
        return sum(delivered.file_bytes for delivered in self.objects)
