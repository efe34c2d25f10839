"""Floor 2: names of numbers, as dictionary arrays: each distinct number is looked up once."""

from __future__ import annotations

from typing import Any

from flowparse.compute.arrays import Given, name_distinct, whole
from flowparse.compute.protocols import PROTOCOLS

__all__ = ["protocol_name"]


def protocol_name(protocols: Any) -> Given:
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
