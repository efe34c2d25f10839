"""Floor 2: names of numbers, as dictionary arrays: each distinct number is looked up once."""

from __future__ import annotations

from typing import Any, Final

import pyarrow.compute as pc

from flowparse.compute.arrays import Column, beside_as_arrow, name_distinct, whole
from flowparse.compute.protocols import PROTOCOLS
from flowparse.compute.services import SERVICES

__all__ = ["protocol_name", "service_name", "tcp_flag_names", "traffic_path_name"]

_FLAGS: Final = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
_PATHS: Final = {
    1: "same VPC",
    2: "internet gateway or gateway endpoint",
    3: "virtual private gateway",
    4: "VPC peering, same region",
    5: "VPC peering, other region",
    6: "local gateway",
    7: "gateway endpoint",
    8: "internet gateway",
}


def protocol_name(protocols: Any) -> Column:
    """IANA's keyword of each protocol number.

    Parameters
    ----------
    protocols : Array, ChunkedArray, list of int, or int
        Whole numbers of any type.

    Returns
    -------
    pyarrow.DictionaryArray or pyarrow.ChunkedArray
        dictionary<int32, string>, lower case: `tcp`, `udp`, `icmp`, `ipv6-icmp`. A number without
        a keyword is itself as text, such as `253`. Null stays null.

    Raises
    ------
    TypeError
        They are no whole numbers.

    Examples
    --------
    >>> from flowparse import compute
    >>> compute.protocol_name([6, 17, 58, 253, None]).to_pylist()
    ['tcp', 'udp', 'ipv6-icmp', '253', None]
    """
    return name_distinct(whole(protocols, "protocols"), _protocol)


def _protocol(number: int) -> str:
    return PROTOCOLS.get(number, str(number))


def tcp_flag_names(flags: Any) -> Column:
    """The names of the bits of `tcp_flags`.

    Parameters
    ----------
    flags : Array, ChunkedArray, list of int, or int
        Whole numbers of any type: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128,
        or-ed over the window of the record.

    Returns
    -------
    pyarrow.DictionaryArray or pyarrow.ChunkedArray
        dictionary<int32, string>: names in the order of their bits with commas between them, such
        as `SYN,ACK` (18) and `FIN,SYN` (3). 0 is an empty text. Higher bits are added as one
        number, `SYN,256`; a negative number is itself as text. Null stays null.

    Raises
    ------
    TypeError
        They are no whole numbers.

    Examples
    --------
    >>> from flowparse import compute
    >>> compute.tcp_flag_names([2, 18, 3, 0, 258, None]).to_pylist()
    ['SYN', 'SYN,ACK', 'FIN,SYN', '', 'SYN,256', None]
    """
    return name_distinct(whole(flags, "flags"), _flags)


def _flags(number: int) -> str:
    if number < 0:
        return str(number)
    names = [name for bit, name in enumerate(_FLAGS) if number >> bit & 1]
    higher = number >> len(_FLAGS) << len(_FLAGS)
    return ",".join([*names, str(higher)] if higher else names)


def traffic_path_name(paths: Any) -> Column:
    """What the numbers of `traffic_path` stand for: how traffic leaves.

    Parameters
    ----------
    paths : Array, ChunkedArray, list of int, or int
        Whole numbers of any type.

    Returns
    -------
    pyarrow.DictionaryArray or pyarrow.ChunkedArray
        dictionary<int32, string>: 1 `same VPC`, 2 `internet gateway or gateway endpoint`,
        3 `virtual private gateway`, 4 `VPC peering, same region`, 5 `VPC peering, other region`,
        6 `local gateway`, and of instances on Nitro 7 `gateway endpoint`, 8 `internet gateway`.
        Another number is itself as text. Null stays null: ingress, or none applies.

    Raises
    ------
    TypeError
        They are no whole numbers.

    Examples
    --------
    >>> from flowparse import compute
    >>> compute.traffic_path_name([8, 4, 9, None]).to_pylist()
    ['internet gateway', 'VPC peering, same region', '9', None]
    """
    return name_distinct(whole(paths, "paths"), lambda path: _PATHS.get(path, str(path)))


def service_name(ports: Any, protocols: Any) -> Column:
    """The well-known service on each port, such as `ssh`, `https`, `postgresql`.

    The table is small: what matters in a VPC, on TCP and UDP. It tells what usually listens there,
    not what was spoken.

    Parameters
    ----------
    ports : Array, ChunkedArray, list of int, or int
        Whole numbers of any type; as a rule `dstport`.
    protocols : Array, ChunkedArray, list of int, or int
        IANA's numbers. A single value stands for every row.

    Returns
    -------
    pyarrow.DictionaryArray or pyarrow.ChunkedArray
        dictionary<int32, string>. Null where there is none, or either is null.

    Raises
    ------
    TypeError
        They are no whole numbers.
    ValueError
        Their lengths differ.

    Examples
    --------
    >>> from flowparse import compute
    >>> compute.service_name([22, 443, 53, 40000], [6, 6, 17, 6]).to_pylist()
    ['ssh', 'https', 'dns', None]
    """
    columns = beside_as_arrow({"ports": (ports, whole), "protocols": (protocols, whole)})
    port, protocol = columns["ports"], columns["protocols"]
    known = pc.and_(_is_in(port, 65535), _is_in(protocol, 255))
    keys = pc.if_else(known, pc.add(pc.shift_left(port, 8), protocol), -1)
    return name_distinct(keys, lambda key: SERVICES.get((key >> 8, key & 255)))


def _is_in(values: Column, most: int) -> Column:
    return pc.and_(pc.greater_equal(values, 0), pc.less_equal(values, most))
