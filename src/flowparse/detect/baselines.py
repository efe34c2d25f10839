"""Floor 4: what is usual, saved: which services hosts have, and which peers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from flowparse.detect.facts import Facts
from flowparse.detect.gather import facts_of
from flowparse.detect.novelty import HOST
from flowparse.detect.saving import replace_file
from flowparse.detect.usage import PEER, SERVICE, peers_of, services_of

__all__ = ["Baseline", "baseline", "read_baseline"]

_KEY: Final = b"flowparse.baseline"
_VERSION: Final = b"1"
_SCHEMA: Final = pa.schema(
    [
        ("account_id", pa.string()),
        ("host", pa.string()),
        ("port", pa.int32()),
        ("protocol", pa.int32()),
        ("peer", pa.string()),
    ]
)


@dataclass(frozen=True)
class Baseline:
    """Which ports private hosts answer at, and which peers they turn to.

    Attributes
    ----------
    services : pyarrow.Table
        account_id, host, port, protocol.
    peers : pyarrow.Table
        account_id, host, peer.
    """

    services: pa.Table
    peers: pa.Table

    @classmethod
    def of(cls, facts: Facts) -> Self:
        """What these facts tell."""
        services = services_of(facts.talks).group_by([*HOST, *SERVICE]).aggregate([])
        return cls(services, peers_of(facts.talks).group_by([*HOST, *PEER]).aggregate([]))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a Parquet file: whole, or not at all."""
        tables = [self.services, self.peers]
        rows = pa.concat_tables([_widen(table) for table in tables])
        rows = rows.replace_schema_metadata({_KEY: _VERSION})
        replace_file(path, lambda file: pq.write_table(rows, file, compression="zstd"))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            The file is no baseline, or of a later version.
        OSError
            It cannot be read.
        """
        try:
            rows = pq.read_table(os.fspath(path))
        except pa.ArrowInvalid as error:
            raise ValueError(f"{os.fspath(path)}: no baseline: {error}") from None
        version = (rows.schema.metadata or {}).get(_KEY)
        if version != _VERSION:
            said = "it is no baseline" if version is None else f"a baseline of version {version!r}"
            raise ValueError(f"{os.fspath(path)}: {said}; make one with flowparse.detect.baseline")
        is_peer = rows["peer"].is_valid()
        services = rows.filter(rows["port"].is_valid()).select([*HOST, *SERVICE])
        return cls(services, rows.filter(is_peer).select([*HOST, *PEER]))


def _widen(table: pa.Table) -> pa.Table:
    arrays = [
        table[field.name] if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in _SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)


def baseline(source: object, **reading: Any) -> Baseline:
    r"""What is usual, from flow logs of a time in which all was well.

    Parameters
    ----------
    source : object
    **reading
        As of `facts_of`.

    Returns
    -------
    Baseline
        To be saved, and given to `run`: the detectors `new-service` and `new-peer` then tell what
        is not in it, without a time of learning.

    Raises
    ------
    SourceError, InflateError, RecordError, LogFormatError, ValueError
        As `flowparse.open_reader`.

    Examples
    --------
    >>> from flowparse import detect
    >>> log = b'''srcaddr dstaddr srcport dstport protocol start end action
    ... 10.0.0.9 10.0.0.1 40000 22 6 1700000000 1700000060 ACCEPT
    ... 10.0.0.1 10.0.0.9 22 40000 6 1700000000 1700000060 ACCEPT
    ... '''
    >>> usual = detect.baseline(log)
    >>> usual.services.select(["host", "port"]).to_pylist()
    [{'host': '10.0.0.1', 'port': 22}]
    """
    return Baseline.of(facts_of(source, **reading))


def read_baseline(given: object) -> Baseline | None:
    """A baseline as it was given: itself, the path of its file, or None."""
    if given is None or isinstance(given, Baseline):
        return given
    if isinstance(given, (str, os.PathLike)):
        return Baseline.load(given)
    raise TypeError(f"baseline: expected a Baseline or a path, got {given!r}")
