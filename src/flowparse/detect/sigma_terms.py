"""Floor 4: one condition of a Sigma rule -> one term of `filters`."""

from __future__ import annotations

import re
from typing import Any, Final

from flowparse.compute import protocol_name
from flowparse.fields import FIELDS, column_name, field_name

__all__ = ["Term", "term_of"]

#: A column, an op and a value, as in `filters`.
Term = tuple[Any, ...]

#: Names that rules use, in lower case and without `_` and `.`, and our columns.
_COLUMNS: Final = {
    "dstip": "dstaddr",
    "destinationip": "dstaddr",
    "dstaddress": "dstaddr",
    "destinationaddress": "dstaddr",
    "srcip": "srcaddr",
    "sourceip": "srcaddr",
    "srcaddress": "srcaddr",
    "sourceaddress": "srcaddr",
    "dstport": "dstport",
    "destinationport": "dstport",
    "srcport": "srcport",
    "sourceport": "srcport",
    "protocol": "protocol",
    "proto": "protocol",
    "transport": "protocol",
    "networktransport": "protocol",
    "networkprotocol": "protocol",
    "action": "action",
    "eventaction": "action",
    "networkaction": "action",
    "disposition": "action",
}
_ACTIONS: Final = {
    **dict.fromkeys("accept accepted allow allowed permit permitted pass".split(), "ACCEPT"),
    **dict.fromkeys("reject rejected deny denied block blocked drop dropped".split(), "REJECT"),
}
_COMPARED: Final = {"LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
#: `10.20.*` is a network.
_PREFIX: Final = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,2})\.\*")


def term_of(field: str, value: Any) -> Term:
    """A field and a value of a rule, of pySigma's types.

    Raises
    ------
    ValueError
        The field is none of a flow log, or the value cannot be expressed; the message names both.
    """
    from sigma import types

    column = _column(field)
    if isinstance(value, types.SigmaNull):
        return column, "is null"
    if isinstance(value, types.SigmaExists):
        return column, "is not null" if value.exists else "is null"
    if isinstance(value, types.SigmaCIDRExpression):
        return column, "in network", (str(value.cidr),)
    if isinstance(value, types.SigmaNumber):
        return column, "in", (_value(field, column, str(value.number)),)
    if isinstance(value, types.SigmaCompareExpression) and value.op.name in _COMPARED:
        return column, _COMPARED[value.op.name], int(value.number.number)
    if type(value) is types.SigmaString:
        return _text_term(field, column, value)
    kind = type(value).__name__.removeprefix("Sigma")
    raise ValueError(f"field {field!r}: {kind} cannot be a filter of flow logs")


def _column(field: str) -> str:
    known = _COLUMNS.get(re.sub(r"[_.\s-]", "", field.lower()))
    if known is None and field_name(field) in FIELDS:
        known = column_name(field)
    if known is None:
        raise ValueError(
            f"field {field!r}: flow logs have no such field; they have dst_ip, src_ip, dst_port, "
            "src_port, protocol, action, and AWS's own names"
        )
    return known


def _text_term(field: str, column: str, value: Any) -> Term:
    text = str(value.to_plain())
    if not value.contains_special():
        return column, "in", (_value(field, column, text),)
    prefix = _PREFIX.fullmatch(text)
    if prefix and column.endswith("addr"):
        octets = prefix[1].split(".")
        address = ".".join([*octets, *["0"] * (4 - len(octets))])
        return column, "in network", (f"{address}/{8 * len(octets)}",)
    raise ValueError(
        f"field {field!r}: the pattern {text!r} cannot be a filter of flow logs: no startswith, "
        "endswith, contains or wildcard, but of whole octets of an IPv4 address"
    )


def _value(field: str, column: str, text: str) -> str | int:
    """The value as the column holds it."""
    if column == "protocol" and not text.isdecimal():
        return _protocol(field, text)
    if column == "action":
        if text.lower() not in _ACTIONS:
            raise ValueError(f"field {field!r}: expected accept or reject, got {text!r}")
        return _ACTIONS[text.lower()]
    if FIELDS[field_name(column)].maximum is not None:
        if not text.isdecimal():
            raise ValueError(f"field {field!r}: expected a number, got {text!r}")
        return int(text)
    return text


def _protocol(field: str, text: str) -> int:
    names = protocol_name(list(range(256))).to_pylist()
    if text.lower() not in names:
        raise ValueError(f"field {field!r}: IANA knows no protocol {text!r}")
    return int(names.index(text.lower()))
