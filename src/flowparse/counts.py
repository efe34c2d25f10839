"""Floor 0: what became of every line."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

__all__ = ["Counts"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Lines and bytes that a reader has seen so far.

    Every line ends as exactly one of record, reject, header or blank, whatever `columns` and
    `filters` keep.

    Attributes
    ----------
    records : int
        Lines that are records, NODATA and SKIPDATA ones among them.
    no_data, skip_data : int
        Records whose log-status is NODATA or SKIPDATA.
    rejects, headers, blank : int
        The other lines.
    objects : int
        Sources read.
    bytes_read : int
        Bytes taken from the sources, as stored.
    bytes_text : int
        Bytes of text after decompression.

    Examples
    --------
    >>> (Counts(records=2, headers=1) + Counts(blank=3)).lines
    6
    """

    records: int = 0
    no_data: int = 0
    skip_data: int = 0
    rejects: int = 0
    headers: int = 0
    blank: int = 0
    objects: int = 0
    bytes_read: int = 0
    bytes_text: int = 0

    @property
    def lines(self) -> int:
        """Lines in all: records + rejects + headers + blank."""
        return self.records + self.rejects + self.headers + self.blank

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Counts)))

    def as_dict(self) -> dict[str, int]:
        """The numbers by name, for JSON."""
        return asdict(self)
