"""Floor 4: records -> facts, in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.facts import DENIALS, STATUS, TALKS, Facts
from flowparse.detect.orient import orient
from flowparse.grouping import Fold, Groups, Key, Measure, Once, Passed, Seen, run_pass

__all__ = ["Duplicates", "FactsFold", "Gathered", "facts_of", "gather_facts", "see_nothing"]

Duplicates = Literal["once", "keep"]

HOUR, DENIAL_WINDOW, STATUS_WINDOW = 3600, 300, 600

_COLUMNS: Final = (
    "start",
    "end",
    "account_id",
    "interface_id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "action",
    "log_status",
    "tcp_flags",
)
_SIZES: Final = (
    Measure("count", None, "records"),
    Measure("sum", "packets", "packets"),
    Measure("sum", "bytes", "bytes"),
)
_SEEN: Final = (Measure("min", "start", "first_seen"), Measure("max", "end", "last_seen"))
_PLACE: Final = (Key("account_id"), Key("interface_id"))


class FactsFold(Fold):
    """Gathers facts."""

    def __init__(self) -> None:
        ends = (Key("srcaddr"), Key("dstaddr"), Key("port"), Key("protocol"))
        bits = (Measure("or", "tcp_flags", "flags"), Measure("minutes", "start", "minutes"))
        hour = Key("start", every=HOUR, name="hour")
        self._talks = Groups(
            [hour, *_PLACE, *ends, Key("is_answer"), Key("action")], [*_SIZES, *bits, *_SEEN]
        )
        denied = Key("start", every=DENIAL_WINDOW, name="window")
        self._denials = Groups([denied, *_PLACE, Key("srcaddr")], [*_SIZES, *_SEEN])
        said = Key("start", every=STATUS_WINDOW, name="window")
        self._status = Groups([said, *_PLACE, Key("log_status")], [_SIZES[0]])
        self._columns: set[str] = set()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it needs."""
        return _COLUMNS

    def fresh(self) -> Self:
        """An empty one."""
        return type(self)()

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the records of one batch."""
        for name in _COLUMNS:
            if name not in self._columns:
                values = batch.column(name)
                if values.null_count < len(values):
                    self._columns.add(name)
        self._status.add(batch)
        self._denials.add(batch, where=_is(batch.column("action"), "REJECT"))
        is_answer, port = orient(batch)
        batch = batch.append_column("is_answer", is_answer).append_column("port", port)
        self._talks.add(batch, where=pc.is_valid(batch.column("srcaddr")))

    def absorb(self, other: Self) -> None:
        """Take what another has gathered."""
        self._talks.absorb(other._talks)
        self._denials.absorb(other._denials)
        self._status.absorb(other._status)
        self._columns |= other._columns

    def facts(self) -> Facts:
        """What was gathered."""
        return Facts(
            _name_sides(self._talks.table()).cast(TALKS),
            self._denials.table().cast(DENIALS),
            self._status.table().cast(STATUS),
            frozenset(self._columns),
        )


def _is(values: Any, text: str) -> Any:
    if isinstance(values, pa.DictionaryArray):
        return pc.equal(values.dictionary, text).take(values.indices)
    return pc.equal(values, text)


def _name_sides(talks: pa.Table) -> pa.Table:
    """Source and destination become client and server."""
    answer, source, target = (talks[name] for name in ("is_answer", "srcaddr", "dstaddr"))
    client, server = pc.if_else(answer, target, source), pc.if_else(answer, source, target)
    talks = talks.append_column("client", client).append_column("server", server)
    return talks.select(TALKS.names)


def see_nothing() -> Seen:
    """No records yet."""
    return Seen(_COLUMNS, time="start")


def facts_of(source: object, *, duplicates: Duplicates = "once", **reading: Any) -> Facts:
    r"""The facts of flow logs, in one pass.

    Parameters
    ----------
    source : object
        What `flowparse.open_reader` reads, a `pyarrow.Table`, or anything with
        `__arrow_c_stream__`.
    duplicates : {"once", "keep"}
        Whether records that are equal in every column that is read count once: what was
        delivered twice.
    **reading
        As of `flowparse.open_reader`, but for `columns` and `schema`.

    Returns
    -------
    Facts

    Raises
    ------
    SourceError, InflateError, RecordError, LogFormatError, ValueError
        As `flowparse.open_reader`.

    Notes
    -----
    Memory: the tables, a row a pair of hosts, port and hour.

    Examples
    --------
    >>> from flowparse import detect
    >>> log = b'''srcaddr dstaddr srcport dstport protocol start end action
    ... 10.0.0.9 10.0.0.1 40000 22 6 1700000000 1700000060 ACCEPT
    ... 10.0.0.1 10.0.0.9 22 40000 6 1700000000 1700000060 ACCEPT
    ... '''
    >>> talks = detect.facts_of(log).talks.sort_by("is_answer")
    >>> talks.select(["client", "server", "port", "is_answer"]).to_pylist()[1]
    {'client': '10.0.0.9', 'server': '10.0.0.1', 'port': 22, 'is_answer': True}
    """
    return gather_facts(source, duplicates, reading).facts


@dataclass(frozen=True)
class Gathered:
    """What one pass gave.

    Attributes
    ----------
    facts : Facts
    passed : Passed
        What became of the lines.
    duplicates : int
        Records that had been there before, and were left out.
    """

    facts: Facts
    passed: Passed
    duplicates: int = 0


def gather_facts(
    source: object, duplicates: Duplicates, reading: dict[str, Any], seen: Seen | None = None
) -> Gathered:
    """The facts of a source.

    Parameters
    ----------
    seen : Seen, optional
        What earlier passes saw, if duplicates count once; it takes what this one sees.
    """
    if duplicates not in ("once", "keep"):
        raise ValueError(f"duplicates: expected 'once' or 'keep', got {duplicates!r}")
    once = Once(see_nothing() if seen is None else seen) if duplicates == "once" else None
    fold = FactsFold()
    passed = run_pass(source, [fold], prelude=once, **reading)
    return Gathered(fold.facts(), passed, once.dropped if once else 0)
