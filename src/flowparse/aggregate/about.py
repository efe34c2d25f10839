"""Floor 4: what the columns of an answer mean, and what was read for it."""

from __future__ import annotations

import json
from typing import Any, Final

import pyarrow as pa

from flowparse.fields import FIELDS, field_name
from flowparse.grouping import Passed

__all__ = ["describe", "with_about"]

_KEY: Final = b"flowparse"
#: Of each column of an answer that is no field of a flow log: its unit, and what it is.
_MEANINGS: Final[dict[str, tuple[str, str]]] = {
    "records": ("records", "records of the group"),
    "packets": ("packets", "packets of the group; null where no record says"),
    "bytes": ("bytes", "bytes of the group; null where no record says"),
    "share": ("share", "part of the whole, 0 to 1, of what the rows are sorted by"),
    "first_seen": ("UTC seconds", "the earliest start"),
    "last_seen": ("UTC seconds", "the latest end"),
    "time": ("UTC seconds", "begin of the span in which the records start"),
    "interfaces": ("interfaces", "how many interfaces logged it"),
    "service": ("text", "the well-known service on the port asked for, or on that which answers"),
    "protocol_name": ("text", "IANA's keyword of the protocol"),
    "aws_service": ("text", "the AWS service at the destination, else at the source"),
    "path": ("text", "the name of the traffic path"),
    "zones": ("text", "whether both ends are in one availability zone"),
    "scope": ("text", "whether both addresses are private: an estimate of what is the internet"),
    "client": ("value", "the address that asks"),
    "server": ("value", "the address that answers"),
    "client_port": ("value", "the port that the client asks from"),
    "server_port": ("value", "the port that is asked for"),
    "packets_out": ("packets", "from client to server"),
    "packets_in": ("packets", "from server to client"),
    "bytes_out": ("bytes", "from client to server"),
    "bytes_in": ("bytes", "from server to client"),
    "accepted": ("records", "records with the action ACCEPT"),
    "rejected": ("records", "records with the action REJECT"),
    "views": ("views", "how many interfaces and directions saw it"),
    "sources": ("addresses", "how many source addresses, or networks of them, asked for it"),
    "distinct": ("values", "how many different values there are"),
    "distinct_low": ("values", "there are at least so many, in 95 of 100 cases"),
    "distinct_high": ("values", "there are at most so many, in 95 of 100 cases"),
    "what": ("text", "what kind of loss or silence the row tells of"),
    "reason": ("text", "status, reason of the reject, or kind of error"),
    "count": ("see `unit`", "how many"),
    "unit": ("text", "what is counted"),
}
_UNITS: Final = {
    "packets": "packets",
    "bytes": "bytes",
    "start": "UTC seconds",
    "end": "UTC seconds",
}


def describe(table: pa.Table) -> pa.Table:
    """The table with each field's unit and meaning in its metadata."""
    fields = [field.with_metadata(_meaning(field.name)) for field in table.schema]
    return table.cast(pa.schema(fields, table.schema.metadata))


def _meaning(name: str) -> dict[str, str]:
    if name in _MEANINGS:
        unit, about = _MEANINGS[name]
        return {"unit": unit, "about": about}
    field = FIELDS.get(field_name(name))
    about = field.about if field else "a column of the data"
    return {"unit": _UNITS.get(name, "value"), "about": about}


def with_about(table: pa.Table, passed: Passed) -> pa.Table:
    """The table with what was read and lost in its metadata, as `read_table` keeps it."""
    if passed.about is None:
        return table
    held = table.schema.metadata or {}
    about: dict[str, Any] = {**passed.about, **json.loads(held.get(_KEY, b"{}"))}
    return table.replace_schema_metadata({**held, _KEY: json.dumps(about)})
