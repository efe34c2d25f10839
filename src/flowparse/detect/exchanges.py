"""Floor 4: requests and their answers side by side, with numbers for names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.compute import in_network, is_private
from flowparse.grouping import Groups, Key, Measure
from flowparse.grouping.spec import How

__all__ = ["Exchanges", "exchanges_of"]

_SYN: Final = 2
_KEYS: Final = (
    "hour",
    "account_id",
    "interface_id",
    "client",
    "server",
    "port",
    "protocol",
)
_NAMES: Final = ("account_id", "interface_id", "client", "server")

#: TCP and UDP, which have ports.
WITH_PORTS: Final = (6, 17)


@dataclass(frozen=True)
class Exchanges:
    """What was asked and what was answered.

    Attributes
    ----------
    table : pyarrow.Table
        A row for each hour, account, interface, client, server, port and protocol in which the
        client asked: `hour`; `account_id`, `interface_id`, `client`, `server`: int32, places in
        the lists of names, never null; `port`, `protocol`. Of the requests: `asked` and `refused`
        (records that were let through, and those that were rejected), `packets`, `bytes`,
        `minutes` (of those that were let through), `opened` (not 0 where one began a TCP
        connection), `first_seen`, `last_seen`. Of the answers that were let through: `answers`
        (records), `answer_bytes`.
    addresses, accounts, interfaces : pyarrow.StringArray
        The names.
    """

    table: pa.Table
    addresses: pa.StringArray
    accounts: pa.StringArray
    interfaces: pa.StringArray

    @cached_property
    def private(self) -> pa.BooleanArray:
        """Whether each of `addresses` is private."""
        return is_private(self.addresses)

    def inside(self, networks: Sequence[str] = ()) -> pa.BooleanArray:
        """Whether each of `addresses` is private or in one of the networks."""
        if not networks:
            return self.private
        return pc.or_(self.private, in_network(self.addresses, list(networks)))

    def is_inside(self, column: str, networks: Sequence[str] = ()) -> Any:
        """The same for each row of the table."""
        return self.inside(networks).take(self.table[column].combine_chunks())

    def named(self, table: pa.Table) -> pa.Table:
        """A table that came of `table`, with text for the numbers."""
        lists = (self.accounts, self.interfaces, self.addresses, self.addresses)
        for name, names in zip(_NAMES, lists, strict=True):
            if name in table.column_names:
                place = table.column_names.index(name)
                table = table.set_column(place, name, names.take(table[name].combine_chunks()))
        return table


def exchanges_of(talks: pa.Table) -> Exchanges:
    """Put the answers beside the requests."""
    told = pc.and_(pc.is_valid(talks["client"]), pc.is_valid(talks["server"]))
    told = pc.and_(told, pc.is_valid(talks["hour"]))
    if talks.num_rows and not pc.all(told).as_py():
        talks = talks.filter(told)
    accounts, account = _numbers(talks["account_id"])
    interfaces, interface = _numbers(talks["interface_id"])
    addresses, sides = _numbers(
        pa.chunked_array([*talks["client"].chunks, *talks["server"].chunks], pa.string())
    )
    rows = talks.num_rows
    columns = {
        "hour": talks["hour"],
        "account_id": account,
        "interface_id": interface,
        "client": sides[:rows],
        "server": sides[rows:],
        "port": talks["port"],
        "protocol": talks["protocol"],
        **_measures(talks),
    }
    found = _group(pa.table(columns))
    asks = pc.greater(pc.add(found["asked"], found["refused"]), 0)
    return Exchanges(found.filter(asks), addresses, accounts, interfaces)


_HOW: Final[dict[str, How]] = {
    "asked": "sum",
    "refused": "sum",
    "answers": "sum",
    "packets": "sum",
    "bytes": "sum",
    "answer_bytes": "sum",
    "minutes": "or",
    "opened": "or",
    "first_seen": "min",
    "last_seen": "max",
}


def _group(rows: pa.Table) -> pa.Table:
    groups = Groups([Key(name) for name in _KEYS], [Measure(how, n, n) for n, how in _HOW.items()])
    groups.add(pa.RecordBatch.from_pylist([], rows.schema))  # of none it would not know the types
    for batch in rows.combine_chunks().to_batches():
        groups.add(batch)
    return groups.table()


def _numbers(names: Any) -> tuple[Any, Any]:
    """The names, and the place of each row's; null is a name like any other."""
    coded = names.combine_chunks().dictionary_encode(null_encoding="encode")
    return coded.dictionary, coded.indices


def _measures(talks: pa.Table) -> dict[str, Any]:
    """The columns that are added up, each only where it counts."""
    answer = talks["is_answer"]
    rejected = pc.fill_null(pc.equal(talks["action"], "REJECT"), False)
    request = pc.invert(answer)
    asked, answered = pc.and_not(request, rejected), pc.and_not(answer, rejected)

    def where(mask: Any, name: str, other: int | None = None) -> Any:
        return pc.if_else(mask, talks[name], pa.scalar(other, talks[name].type))

    return {
        "asked": where(asked, "records", 0),
        "refused": where(pc.and_(request, rejected), "records", 0),
        "answers": where(answered, "records", 0),
        "packets": where(request, "packets"),
        "bytes": where(request, "bytes"),
        "answer_bytes": where(answered, "bytes"),
        "minutes": where(asked, "minutes"),
        "opened": pc.bit_wise_and(where(request, "flags"), _SYN),
        "first_seen": where(request, "first_seen"),
        "last_seen": where(request, "last_seen"),
    }


def fold(table: pa.Table, keys: Iterable[str], how: dict[str, str]) -> pa.Table:
    """Group by keys: each column of `how` in its way, under its own name."""
    keys = list(keys)
    grouped = table.group_by(keys, use_threads=False).aggregate(list(how.items()))
    names = [*keys, *how]
    return grouped.select([*keys, *(f"{name}_{way}" for name, way in how.items())]).rename_columns(
        names
    )
