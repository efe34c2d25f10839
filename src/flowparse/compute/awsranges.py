"""Floor 2: the address ranges that AWS publishes, and the service behind each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from flowparse.compute.opened import decode_text, open_bytes
from flowparse.compute.prefixes import EXPECTED_NETWORK, PrefixTable
from flowparse.errors import NetworkListError

__all__ = ["load_aws_ranges"]

_LISTS: Final = (("prefixes", "ip_prefix"), ("ipv6_prefixes", "ipv6_prefix"))
_FIELDS: Final = ("service", "region", "network_border_group")
#: Codes that say least, the least of them first: most prefixes are AMAZON and another.
_GENERAL: Final = ("AMAZON", "EC2")


def load_aws_ranges(source: Any) -> PrefixTable:
    """Read AWS's `ip-ranges.json`, which `https://ip-ranges.amazonaws.com/ip-ranges.json` gives.

    AWS lists a prefix once for each service that uses it. Here it has one row, whose service is
    the most telling one: any other rather than EC2, and EC2 rather than AMAZON; of several such,
    the first by name.

    Parameters
    ----------
    source : path, bytes, or binary file object
        The JSON document, or gzip of it.

    Returns
    -------
    PrefixTable
        Its values have the columns `network`, `service`, `region`, `network_border_group`, and
        `services` (list of string: all that share the prefix, sorted). The region is the one that
        is listed with the service.

    Raises
    ------
    NetworkListError
        It is not that document, or an entry lacks a part or holds no network.
    SourceError
        The source cannot be read, or is damaged gzip.

    Examples
    --------
    >>> from flowparse import compute
    >>> document = b'''{"prefixes": [
    ...   {"ip_prefix": "192.0.2.0/24", "service": "AMAZON", "region": "eu-west-1",
    ...    "network_border_group": "eu-west-1"},
    ...   {"ip_prefix": "192.0.2.0/24", "service": "S3", "region": "eu-west-1",
    ...    "network_border_group": "eu-west-1"}], "ipv6_prefixes": []}'''
    >>> aws = compute.load_aws_ranges(document)
    >>> compute.longest_prefix(["192.0.2.7", "10.0.0.1"], aws, "service").to_pylist()
    ['S3', None]
    """
    name, data = open_bytes(source)
    chosen: dict[str, dict[str, str]] = {}
    services: dict[str, set[str]] = {}
    places: dict[str, str] = {}
    for place, network, entry in _entries(name, _read_json(name, data)):
        services.setdefault(network, set()).add(entry["service"])
        places.setdefault(network, place)
        before = chosen.get(network)
        if before is None or _rank(entry) < _rank(before):
            chosen[network] = entry
    networks = pa.array(chosen, pa.string())
    columns = {field: [entry[field] for entry in chosen.values()] for field in _FIELDS}
    all_services = [sorted(services[network]) for network in chosen]
    values = pa.table(
        {
            "network": networks,
            **{field: pa.array(column, pa.string()) for field, column in columns.items()},
            "services": pa.array(all_services, pa.list_(pa.string())),
        }
    )
    order = list(places.values())
    return PrefixTable.of_lines(
        networks, values, lambda row, text: _bad_entry(name, order[row], text, EXPECTED_NETWORK)
    )


def _rank(entry: dict[str, str]) -> tuple[int, str]:
    """Least is best."""
    service = entry["service"]
    return (_GENERAL[::-1].index(service) + 1 if service in _GENERAL else 0), service


def _read_json(name: str, data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(decode_text(name, data))
    except json.JSONDecodeError as error:
        raise NetworkListError(
            f"{name}, line {error.lineno}: expected AWS's ip-ranges.json, got what is no JSON: "
            f"{error.msg} at column {error.colno}",
            source=name,
            line=error.lineno,
            text=None,
        ) from None
    if not isinstance(document, dict) or not any(
        isinstance(document.get(key), list) for key, _ in _LISTS
    ):
        raise NetworkListError(
            f"{name}: expected AWS's ip-ranges.json, with the lists prefixes and ipv6_prefixes",
            source=name,
            line=None,
            text=None,
        )
    return document


def _entries(name: str, document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(place, network, entry) of each entry."""
    for key, prefix in _LISTS:
        entries = document.get(key, [])
        if not isinstance(entries, list):
            raise _bad_entry(name, key, str(entries), "a list")
        for i, entry in enumerate(entries):
            place = f"{key}[{i}]"
            for field in (prefix, *_FIELDS):
                if not isinstance(entry, dict) or not isinstance(entry.get(field), str):
                    raise _bad_entry(name, place, json.dumps(entry), f"a text {field}")
            yield place, entry[prefix], entry


def _bad_entry(name: str, place: str, text: str | None, expected: str) -> NetworkListError:
    shown = text if text is None or len(text) <= 200 else text[:200] + "..."
    return NetworkListError(
        f"{name}, {place}: expected {expected}, got {shown!r}", source=name, line=None, text=text
    )
