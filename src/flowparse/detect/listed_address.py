"""Floor 4: traffic with an address that somebody warns of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.compute import PrefixTable, longest_prefix
from flowparse.detect.detector import Detector
from flowparse.detect.exchanges import WITH_PORTS, Exchanges, fold
from flowparse.detect.findings import sort_findings
from flowparse.detect.telling import action_of, first_told, plural, tell

if TYPE_CHECKING:
    from flowparse.detect.facts import Facts

__all__ = ["ListedAddress"]

# Of what may be several, how many there are; one is named.
_NAMED: Final = ("interface_id", "other", "port", "protocol")
_SUMS: Final = {
    "asked": "sum",
    "refused": "sum",
    "answers": "sum",
    "packets": "sum",
    "bytes": "sum",
    "first_seen": "min",
    "last_seen": "max",
}


@dataclass(frozen=True)
class ListedAddress(Detector):
    """An address of a threat list was asked, or asks.

    What goes out is told for each client and listed address; what comes in, for each listed
    address, once where it was let in and once where all was rejected. Severity: out and let
    through, high; out and rejected, or in and let in, medium; in and rejected, low.

    Parameters
    ----------
    lists : tuple of PrefixTable
        As `compute.load_threat_list` reads them. The most specific entry is named, of the first
        list that has one.
    quiet_hours : int
        Without such traffic end an episode. 24: listed scanners come by all the time.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowparse.compute import load_threat_list
    >>> from flowparse.detect import Facts
    >>> from flowparse.detect.listed_address import ListedAddress
    >>> talks = pa.table({
    ...     "hour": pa.array([0], pa.timestamp("s", "UTC")),
    ...     "client": ["10.0.0.5"], "server": ["203.0.113.9"], "port": [443], "protocol": [6],
    ...     "is_answer": [False], "action": ["ACCEPT"], "records": [3], "bytes": [900],
    ... })
    >>> drop = load_threat_list(b"203.0.113.0/24", name="drop")
    >>> ListedAddress(lists=(drop,)).find(Facts.made(talks)).column("why").to_pylist()
    ['10.0.0.5 asked port 443 of 203.0.113.9: 3 records, no answer; in 203.0.113.0/24 of drop.']
    """

    name: ClassVar[str] = "listed-address"
    technique: ClassVar[str | None] = "T1071"

    lists: tuple[PrefixTable, ...] = ()
    quiet_hours: int = 24

    def unable(self, facts: Facts) -> str | None:
        """Also where no list was given."""
        return super().unable(facts) or (None if self.lists else "no threat list was given")

    def find(self, facts: Facts) -> pa.Table:
        """Findings: a row an episode."""
        exchanges = facts.exchanges
        entries = _entries(self.lists, exchanges.addresses)
        is_listed = pc.is_valid(entries)
        rows = exchanges.table
        client, server = (rows[name].combine_chunks() for name in ("client", "server"))
        outward, inward = is_listed.take(server), is_listed.take(client)
        found = [
            _grouped(rows.filter(outward), "server", "client"),
            _grouped(rows.filter(inward), "client", "server"),
        ]
        told = [
            tell(self, facts, _first(exchanges, entries, one, self.quiet_hours), _describe)
            for one in found
        ]
        return sort_findings(pa.concat_tables(told))


def _entries(lists: Sequence[PrefixTable], addresses: pa.StringArray) -> pa.StringArray:
    """What the lists say of each address, such as `192.0.2.0/24 of drop (SBL123)`, or null."""
    found = pa.nulls(len(addresses), pa.string())
    for table in lists:
        rows = longest_prefix(addresses, table)
        parts = [table.networks.take(rows)]
        names = table.column_names
        if "list" in names:
            of = longest_prefix(addresses, table, "list")
            parts.append(pc.binary_join_element_wise(" of ", of, ""))
        if "comment" in names:
            comment = longest_prefix(addresses, table, "comment")
            comment = pc.binary_join_element_wise(" (", comment, ")", "")
            parts.append(pc.fill_null(comment, ""))
        text = pc.binary_join_element_wise(*parts, "")
        found = pc.coalesce(found, text)
    return found


def _grouped(rows: pa.Table, listed: str, other: str) -> pa.Table:
    """Rows of listed addresses by the hour: outward each client alone, inward all servers."""
    rows = rows.append_column("listed", rows[listed]).append_column("other", rows[other])
    keys = ["hour", "account_id", "listed", *(["client"] if other == "client" else [])]
    columns = [*keys, *_SUMS, *_NAMED, *(f"many_{name}" for name in _NAMED)]
    for name in _NAMED:
        rows = rows.append_column(f"many_{name}", rows[name])
    how = {**_SUMS, **dict.fromkeys(_NAMED, "min")}
    found = fold(rows, keys, {**how, **{f"many_{name}": "count_distinct" for name in _NAMED}})
    found = found.select(columns)
    outward = pa.repeat(pa.scalar(other == "client"), found.num_rows)
    found = found.append_column("outward", outward)
    return found.append_column("let_in", pc.greater(found["asked"], 0))


def _first(exchanges: Exchanges, entries: Any, rows: pa.Table, quiet_hours: int) -> pa.Table:
    """The first of each episode, with names."""
    entry = entries.take(rows["listed"].combine_chunks())
    for name in ("listed", "other"):
        names = exchanges.addresses.take(rows[name].combine_chunks())
        rows = rows.set_column(rows.column_names.index(name), name, names)
    rows = exchanges.named(rows.append_column("entry", entry))
    keys = ["account_id", "listed", "let_in"]
    keys += [name for name in ("client",) if name in rows.column_names]
    return first_told(rows, keys, quiet_hours)


def _describe(row: dict[str, Any]) -> dict[str, Any]:
    outward, let_in, listed = row["outward"], row["let_in"], row["listed"]
    one = {name: row[f"many_{name}"] == 1 for name in _NAMED}
    other = row["other"] if one["other"] else None
    port = row["dstport"] if one["port"] and row["protocol"] in WITH_PORTS else None
    client, server = (other, listed) if outward else (listed, other)
    of = f"port {port} of " if port is not None else ""
    target = server or plural(row["many_other"], "address")
    records = plural(row["asked"] + row["refused"], "record")
    answer = "answered" if row["answers"] else "no answer"
    severity = ("high" if let_in else "medium") if outward else ("medium" if let_in else "low")
    asked = f"{client} asked {of}{target}"
    in_list = f"in {row['entry']}"
    return {
        "severity": severity,
        "entity": f"{client} -> {listed}" if outward else listed,
        "interface_id": row["interface_id"] if one["interface_id"] else None,
        "srcaddr": client,
        "dstaddr": server,
        "dstport": port,
        "protocol": row["protocol"] if one["protocol"] else None,
        "action": action_of(row),
        "records": row["asked"] + row["refused"],
        "measure": row["asked"] + row["refused"],
        "technique": "T1071" if outward else "T1595",
        "why": f"{asked}: {records}, {answer if let_in else 'all rejected'}; {in_list}.",
    }
