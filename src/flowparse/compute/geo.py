"""Floor 2: what a MaxMind database knows of addresses. No database is shipped."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa

from flowparse import _core
from flowparse.compute.arrays import Column, map_text
from flowparse.errors import SourceError

__all__ = ["as_name_of", "asn_of", "country_of"]

# Where databases keep it: those in MaxMind's layout (GeoLite2, DB-IP), then IPinfo's.
_COUNTRY: Final = (("country", "iso_code"), ("country_code",), ("country",))
_ASN: Final = (("autonomous_system_number",), ("asn",))
_AS_NAME: Final = (("autonomous_system_organization",), ("as_name",))


def country_of(addresses: Any, database: Any) -> Column:
    """The country of each address, as its ISO 3166 code.

    Each distinct address of an array, or of a chunk's dictionary, is looked up once in a call.

    Parameters
    ----------
    addresses : Array, ChunkedArray, list of str, or str
        Text; see the module.
    database : path, or an open reader
        An `.mmdb` file such as GeoLite2-Country or -City, or a `maxminddb.Reader`, which stays
        open. Opened by its path it takes the package `maxminddb`: `pip install 'flowparse[geo]'`.

    Returns
    -------
    pyarrow.DictionaryArray or pyarrow.ChunkedArray
        dictionary<int32, string>. Null where the address is null, none, or not in the database,
        as IPv6 is not in one of IPv4.

    Raises
    ------
    SourceError
        The database cannot be read, or `maxminddb` is not installed.
    TypeError
        The addresses are no text, or the database is neither a path nor a reader.

    Examples
    --------
    >>> from flowparse import compute
    >>> class Reader:
    ...     def get(self, address):
    ...         return {"country": {"iso_code": "SE"}} if address == "89.160.20.112" else None
    >>> compute.country_of(["89.160.20.112", "10.0.0.1"], Reader()).to_pylist()
    ['SE', None]
    """
    return _look_up(addresses, database, _COUNTRY, pa.string(), _as_text).dictionary_encode()


def asn_of(addresses: Any, database: Any) -> Column:
    """The number of the autonomous system that announces each address.

    Parameters
    ----------
    addresses, database
        As `country_of` takes them; a database such as GeoLite2-ASN.

    Returns
    -------
    pyarrow.Int64Array or pyarrow.ChunkedArray
        Null where `country_of` is null.

    Raises
    ------
    SourceError, TypeError
        As `country_of`.

    Examples
    --------
    >>> from flowparse import compute
    >>> class Reader:
    ...     def get(self, address):
    ...         return {"autonomous_system_number": 29518}
    >>> compute.asn_of(["89.160.20.112", "unknown"], Reader()).to_pylist()
    [29518, None]
    """
    return _look_up(addresses, database, _ASN, pa.int64(), _as_asn)


def as_name_of(addresses: Any, database: Any) -> Column:
    """The name of the autonomous system that announces each address.

    Parameters
    ----------
    addresses, database
        As `country_of` takes them; a database such as GeoLite2-ASN.

    Returns
    -------
    pyarrow.DictionaryArray or pyarrow.ChunkedArray
        dictionary<int32, string>. Null where `country_of` is null.

    Raises
    ------
    SourceError, TypeError
        As `country_of`.

    Examples
    --------
    >>> from flowparse import compute
    >>> class Reader:
    ...     def get(self, address):
    ...         return {"autonomous_system_organization": "Bredband2 AB"}
    >>> compute.as_name_of("89.160.20.112", Reader()).to_pylist()
    ['Bredband2 AB']
    """
    return _look_up(addresses, database, _AS_NAME, pa.string(), _as_text).dictionary_encode()


def _look_up(
    addresses: Any,
    database: Any,
    places: tuple[tuple[str, ...], ...],
    type_: pa.DataType,
    read: Callable[[Any], Any],
) -> Column:
    """What the database has in the first of these places, once for each distinct address."""
    with _opened(database) as reader:

        @functools.cache
        def find(address: str) -> Any:
            return read(_at(_get(reader, address), places))

        def run(array: pa.Array) -> pa.Array:
            distinct = array.dictionary_encode()
            texts = distinct.dictionary
            is_address = _core.addresses_to_bytes(texts).is_valid().to_pylist()
            found = [
                find(text) if known else None
                for text, known in zip(texts.to_pylist(), is_address, strict=True)
            ]
            return pa.array(found, type_).take(distinct.indices)

        return map_text(addresses, "addresses", run)


def _get(reader: Any, address: str) -> Any:
    try:
        return reader.get(address)
    except ValueError:
        if ":" in address:  # a database of IPv4 has no place for it
            return None
        raise


def _at(record: Any, places: tuple[tuple[str, ...], ...]) -> Any:
    for place in places:
        found = record
        for key in place:
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None and not isinstance(found, dict):
            return found
    return None


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)


def _as_asn(value: Any) -> int | None:
    """A number, or IPinfo's `AS64500`."""
    return None if value is None else int(str(value).removeprefix("AS"))


@contextmanager
def _opened(database: Any) -> Iterator[Any]:
    if callable(getattr(database, "get", None)):
        yield database
        return
    if not isinstance(database, (str, os.PathLike)):
        raise TypeError(
            f"database: expected a path or an open reader, got {type(database).__name__}"
        )
    name = os.fsdecode(database)
    try:
        import maxminddb
    except ImportError as error:
        raise SourceError(
            f"{name}: it needs the package maxminddb: pip install 'flowparse[geo]'", source=name
        ) from error
    try:
        reader = maxminddb.open_database(name)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{name}: {reason}", source=name) from error
    with reader:
        yield reader
