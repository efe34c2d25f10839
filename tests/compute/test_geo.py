"""Countries and autonomous systems, out of databases that are made here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flowparse import SourceError, compute

DICTIONARY = pa.dictionary(pa.int32(), pa.string())
KNOWN = {
    "192.0.2.0/25": {
        "country": {"iso_code": "SE", "names": {"en": "Sweden"}},
        "autonomous_system_number": 64500,
        "autonomous_system_organization": "Example AB",
    },
    "198.51.100.0/24": {
        "country_code": "DE",
        "country": "Germany",
        "asn": "AS64501",
        "as_name": "B",
    },
    "203.0.113.0/24": {"country": "FR"},
    "2001:db8::/32": {"country": {"iso_code": "JP"}, "autonomous_system_number": 4200000000},
}
ADDRESSES = [
    "192.0.2.1", "192.0.2.200", "198.51.100.7", "203.0.113.9", "2001:db8::1", "2001:db9::1", None,
    "unknown", "192.0.2.1", "01.2.3.4",
]  # fmt: skip
COUNTRIES = ["SE", None, "DE", "FR", "JP", None, None, None, "SE", None]
ASNS = [64500, None, 64501, None, 4200000000, None, None, None, 64500, None]
NAMES = ["Example AB", None, "B", None, None, None, None, None, "Example AB", None]


def make(path: Path, networks: list[str], version: int = 6) -> Path:
    writer = pytest.importorskip("mmdb_writer")
    netaddr = pytest.importorskip("netaddr")
    tree = writer.MMDBWriter(ip_version=version, ipv4_compatible=version == 6)
    for network in networks:
        tree.insert_network(netaddr.IPSet([network]), KNOWN[network])
    tree.to_db_file(str(path))
    return path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    pytest.importorskip("maxminddb")
    return make(tmp_path / "a.mmdb", list(KNOWN))


def test_what_a_database_knows(database: Path) -> None:
    """Country, number and name are those of the network that holds the address, else null."""
    for given in (
        ADDRESSES,
        pa.array(ADDRESSES).dictionary_encode(),
        pa.chunked_array([ADDRESSES]),
    ):
        countries = compute.country_of(given, database)
        assert countries.type == DICTIONARY
        assert countries.to_pylist() == COUNTRIES
        assert compute.asn_of(given, str(database)).to_pylist() == ASNS
        names = compute.as_name_of(given, database)
        assert names.type == DICTIONARY
        assert names.to_pylist() == NAMES
    assert compute.asn_of([], database).type == pa.int64()


def test_an_open_reader_stays_open(database: Path) -> None:
    """A reader that the caller opened can be used for many calls."""
    import maxminddb

    with maxminddb.open_database(str(database)) as reader:
        for _ in range(2):
            assert compute.country_of(ADDRESSES, reader).to_pylist() == COUNTRIES


def test_a_database_of_ipv4(tmp_path: Path) -> None:
    """IPv6 is null where the database has IPv4 only."""
    pytest.importorskip("maxminddb")
    four = make(tmp_path / "four.mmdb", ["192.0.2.0/25"], version=4)
    assert compute.country_of(["192.0.2.1", "2001:db8::1"], four).to_pylist() == ["SE", None]


def test_an_address_is_looked_up_once() -> None:
    """Each distinct address of a column is looked up once, and what is none never."""
    asked = []

    class Reader:
        def get(self, address: str) -> Any:
            asked.append(address)
            return {"country": {"iso_code": "SE"}}

    column = pa.chunked_array([["10.0.0.1", "10.0.0.1", "-"], ["10.0.0.1", "::1", None]])
    found = compute.country_of(column, Reader())
    assert found.to_pylist() == ["SE", "SE", None, "SE", "SE", None]
    assert sorted(asked) == ["10.0.0.1", "::1"]


def test_a_database_that_cannot_be_read(tmp_path: Path) -> None:
    """What is missing or no database is a SourceError with its name; other types a TypeError."""
    pytest.importorskip("maxminddb")
    with pytest.raises(SourceError, match=r"nothing\.mmdb: No such file"):
        compute.country_of("10.0.0.1", tmp_path / "nothing.mmdb")
    (tmp_path / "text.mmdb").write_bytes(b"no database")
    with pytest.raises(SourceError, match=r"text\.mmdb: "):
        compute.country_of("10.0.0.1", tmp_path / "text.mmdb")
    with pytest.raises(TypeError, match="database: expected a path or an open reader, got int"):
        compute.country_of("10.0.0.1", 7)


def test_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without maxminddb the error says how to get it."""
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    with pytest.raises(SourceError, match=r"a\.mmdb: it needs the package maxminddb: pip install"):
        compute.country_of("10.0.0.1", "a.mmdb")
