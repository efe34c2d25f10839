"""Lists of networks: AWS's ranges, inventories and threat lists, whole and broken."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowparse import FlowparseError, NetworkListError, SourceError, compute

LOADERS = [compute.load_aws_ranges, compute.load_networks, compute.load_threat_list]


def entry(network: str, service: str, region: str = "eu-west-1") -> dict[str, str]:
    prefix = "ipv6_prefix" if ":" in network else "ip_prefix"
    parts = {"service": service, "region": region, "network_border_group": region + "-group"}
    return {prefix: network, **parts}


def ranges(*entries: dict[str, str]) -> bytes:
    document = {
        "syncToken": "1",
        "prefixes": [e for e in entries if "ip_prefix" in e],
        "ipv6_prefixes": [e for e in entries if "ipv6_prefix" in e],
    }
    return json.dumps(document, indent=2).encode()


def test_aws_ranges() -> None:
    """A prefix has one row, whose service is any but EC2 and AMAZON if it has one; all are kept."""
    data = ranges(
        entry("192.0.2.0/24", "AMAZON", "GLOBAL"),
        entry("198.51.100.0/24", "EC2"),
        entry("192.0.2.0/24", "S3"),
        entry("192.0.2.0/24", "EC2"),
        entry("192.0.2.0/24", "DYNAMODB", "eu-west-2"),
        entry("198.51.100.0/24", "AMAZON"),
        entry("203.0.113.0/24", "AMAZON"),
        entry("2001:db8::/32", "AMAZON"),
        entry("2001:db8:1::/48", "S3"),
    )
    table = compute.load_aws_ranges(data)
    assert table.values.to_pylist() == [
        {
            "network": network,
            "service": service,
            "region": region,
            "network_border_group": region + "-group",
            "services": services,
        }
        for network, service, region, services in (
            ("192.0.2.0/24", "DYNAMODB", "eu-west-2", ["AMAZON", "DYNAMODB", "EC2", "S3"]),
            ("198.51.100.0/24", "EC2", "eu-west-1", ["AMAZON", "EC2"]),
            ("203.0.113.0/24", "AMAZON", "eu-west-1", ["AMAZON"]),
            ("2001:db8::/32", "AMAZON", "eu-west-1", ["AMAZON"]),
            ("2001:db8:1::/48", "S3", "eu-west-1", ["S3"]),
        )
    ]
    wanted = ["192.0.2.7", "2001:db8:1::1", "2001:db8:2::1", "10.0.0.1"]
    services = compute.longest_prefix(wanted, table, "service").to_pylist()
    assert services == ["DYNAMODB", "S3", "AMAZON", None]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "line 1: expected AWS's ip-ranges.json, got what is no JSON"),
        (b'{"prefixes": [\n{]}', "line 2: expected AWS's ip-ranges.json"),
        (b"[]", "expected AWS's ip-ranges.json, with the lists prefixes and ipv6_prefixes"),
        (b"{}", "expected AWS's ip-ranges.json, with the lists prefixes and ipv6_prefixes"),
        (b'{"prefixes": [7]}', r"prefixes\[0\]: expected a text ip_prefix, got '7'"),
        (b'{"prefixes": [], "ipv6_prefixes": 7}', "ipv6_prefixes: expected a list, got '7'"),
        (ranges(entry("192.0.2.0/42", "S3")), r"prefixes\[0\]: expected a CIDR range"),
        (
            ranges(entry("::/0", "S3"), {"ipv6_prefix": "::/1", "service": "S3"}),
            r"ipv6_prefixes\[1\]: expected a text region",
        ),
    ],
)
def test_broken_aws_ranges(data: bytes, said: str) -> None:
    """What is not AWS's document is an error that names the line or the entry."""
    with pytest.raises(NetworkListError, match=f"<bytes>.*{said}") as caught:
        compute.load_aws_ranges(data)
    assert caught.value.source == "<bytes>"


THREATS = b"""\xef\xbb\xbf# a list
; another comment
// and one more

192.0.2.0/24 ; SBL123
  198.51.100.7\t# seen twice\r
203.0.113.9,2026-01-01,"a, b"
"2001:db8::/32","quoted"
10.0.0.1\t17
10.0.0.2#near
10.0.0.3;
"""


def test_a_threat_list() -> None:
    """Comments are passed over, and what stands behind a network is its comment."""
    table = compute.load_threat_list(THREATS, name="bad")
    assert table.values.to_pydict() == {
        "network": [
            "192.0.2.0/24", "198.51.100.7", "203.0.113.9", "2001:db8::/32", "10.0.0.1", "10.0.0.2",
            "10.0.0.3",
        ],
        "list": ["bad"] * 7,
        "line": [5, 6, 7, 8, 9, 10, 11],
        "comment": [
            "SBL123", "seen twice", '2026-01-01,"a, b"', '"quoted"', "17", "near", None,
        ],
    }  # fmt: skip
    assert compute.longest_prefix("2001:db8::7", table, "line").to_pylist() == [8]


def test_names_of_columns_are_no_network() -> None:
    """The first line of CSV may name the columns; a word alone, or later, is a broken line."""
    table = compute.load_threat_list(b'# made today\n"ip","first seen"\n192.0.2.1,today\n')
    assert table.values["network"].to_pylist() == ["192.0.2.1"]
    for broken, line in ((b"ip\n192.0.2.1\n", 1), (b"192.0.2.1\nip,seen\n", 2)):
        with pytest.raises(NetworkListError) as caught:
            compute.load_threat_list(broken)
        assert caught.value.line == line


@pytest.mark.parametrize(
    ("data", "line", "text", "said"),
    [
        (b"192.0.2.1\n192.0.2.0/33\n", 2, "192.0.2.0/33", "expected a CIDR range"),
        (b"\n\n192.0.2.1-192.0.2.9\n", 3, "192.0.2.1-192.0.2.9", "expected a CIDR range"),
        (b"192.0.2.1 192.0.2.2\n", 1, "192.0.2.1 192.0.2.2", "alone or before a comment"),
        (b"192.0.2.1\n,,\n", 2, ",,", "expected a CIDR range"),
        (b"192.0.2.1\nex\xffample\n", 2, "ex\\xffample", "expected UTF-8"),
        (b"192.0.2.1\n" + b"x" * 200, 2, "x" * 200, "got 'x{80}...'"),
    ],
)
def test_a_broken_threat_list(data: bytes, line: int, text: str, said: str) -> None:
    """A line that is no network is an error with the source, the line, the text and what to do."""
    with pytest.raises(NetworkListError, match=rf"^<bytes>, line {line}: .*{said}") as caught:
        compute.load_threat_list(data)
    assert (caught.value.source, caught.value.line, caught.value.text) == ("<bytes>", line, text)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, FlowparseError)


INVENTORY = (
    b"cidr,account,team\r\n10.0.0.0/8,011122223333,\r\n\r\n"
    b'"10.7.0.0/16", 1 ,"a\nb"\r\nfd00::/8,2,c\r\n'
)


def test_an_inventory_in_csv() -> None:
    """All columns are text, empty cells are null, and cells may have line breaks in quotes."""
    table = compute.load_networks(INVENTORY)
    assert table.values.to_pydict() == {
        "cidr": ["10.0.0.0/8", "10.7.0.0/16", "fd00::/8"],
        "account": ["011122223333", "1", "2"],
        "team": [None, "a\nb", "c"],
    }
    accounts = compute.longest_prefix(["10.7.0.1", "10.8.0.1", "fd00::1"], table, "account")
    assert accounts.to_pylist() == ["1", "011122223333", "2"]
    semicolons = INVENTORY.replace(b",", b";")
    assert compute.load_networks(semicolons, delimiter=";").values.equals(table.values)


@pytest.mark.parametrize("column", ["network", "cidr", "prefix", "ip"])
def test_the_column_of_an_inventory(column: str) -> None:
    """The column with the networks is found by its usual names, or is the one that is named."""
    data = f"team,{column},other\nshop,10.0.0.0/8,192.0.2.0/24\n".encode()
    table = compute.load_networks(data)
    assert table.networks.to_pylist() == ["10.0.0.0/8"]
    named = compute.load_networks(data, "other")
    assert named.networks.to_pylist() == ["192.0.2.0/24"]


def columns_of(values: pa.Table) -> list[bytes]:
    """A table as Parquet, and as both kinds of Arrow IPC."""
    made = []
    sink = io.BytesIO()
    pq.write_table(values, sink)
    made.append(sink.getvalue())
    for new in (pa.ipc.new_file, pa.ipc.new_stream):
        sink = io.BytesIO()
        with new(sink, values.schema) as writer:
            writer.write_table(values)
        made.append(sink.getvalue())
    return made


def test_an_inventory_in_columns() -> None:
    """Parquet and Arrow keep the types of their columns; text of any kind holds networks."""
    networks = pa.array(["10.0.0.0/8", "10.7.0.0/16"])
    wide, views = networks.cast(pa.large_string()), networks.cast(pa.string_view())
    for array in (networks, wide, views, networks.dictionary_encode()):
        values = pa.table({"network": array, "cost": [1, 2]})
        for data in columns_of(values):
            table = compute.load_networks(gzip.compress(data))
            found = compute.longest_prefix(["10.7.0.1", "10.8.0.1"], table, "cost")
            assert found.equals(pa.array([2, 1]))


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"cidr,team\n10.0.0.0/8,a\n\n10.0.0.0,b,c\n", 4, "expected 2 cells as in the header"),
        (b'cidr,team\n10.0.0.0/8,"a\nb"\n10.0.0/8,b\n', 4, "got '10.0.0/8'"),
        (b"cidr,team\n,b\n", 2, "expected a CIDR range .* got None"),
        (b'cidr,team\n"10.0.0.0/8,b\n', 2, "expected CSV"),
        (b"cidr,cidr\n", 1, "expected columns with different names"),
        (
            b"net,team\n10.0.0.0/8,b\n",
            1,
            "expected a column one of network, cidr, prefix, ip: name",
        ),
        (columns_of(pa.table({"ip": ["10.0.0.1", None]}))[0], 2, "got None"),
        (columns_of(pa.table({"ip": [1]}))[0], 1, "column ip: expected text, got int64"),
    ],
)
def test_a_broken_inventory(data: bytes, line: int, said: str) -> None:
    """A row that is no network is an error with its line, or its row, and what was expected."""
    with pytest.raises(NetworkListError, match=said) as caught:
        compute.load_networks(data)
    assert caught.value.line == line


@pytest.mark.parametrize("loader", LOADERS[1:])
@pytest.mark.parametrize("data", [b"", b"\n\n", gzip.compress(b""), b"\xef\xbb\xbf"])
def test_an_empty_list(loader: Any, data: bytes) -> None:
    """A list of nothing is an empty table, in which no address is."""
    table = loader(data)
    assert len(table) == 0
    assert compute.in_network(["10.0.0.1", None], table).to_pylist() == [False, None]


GOOD = [ranges(entry("192.0.2.0/24", "S3")), b"ip\n192.0.2.0/24\n", b"192.0.2.0/24\n"]


@pytest.mark.parametrize(("loader", "data"), list(zip(LOADERS, GOOD, strict=True)))
def test_where_lists_come_from(loader: Any, data: bytes, tmp_path: Path) -> None:
    """A path, bytes and a binary file object are read alike, gzip or not."""
    path = tmp_path / "list"
    path.write_bytes(gzip.compress(data))
    opened = io.BytesIO(data)
    for source in (path, str(path), data, memoryview(data), gzip.compress(data), opened):
        assert loader(source).networks.to_pylist() == ["192.0.2.0/24"]
    with path.open("rb") as file:
        assert len(loader(file)) == 1


@pytest.mark.parametrize("loader", LOADERS)
def test_a_list_that_cannot_be_read(loader: Any, tmp_path: Path) -> None:
    """What is missing or damaged is a SourceError with its name; other types are a TypeError."""
    with pytest.raises(SourceError, match=r"nothing: No such file"):
        loader(tmp_path / "nothing")
    with pytest.raises(SourceError, match="<bytes>: damaged gzip"):
        loader(gzip.compress(b"192.0.2.1")[:-4])
    with pytest.raises(TypeError, match="expected a path, bytes or a binary file object, got int"):
        loader(7)
    with pytest.raises(TypeError, match="open for bytes"):
        loader(io.StringIO("192.0.2.1"))


def test_damaged_parquet() -> None:
    """Parquet that is cut off is a SourceError."""
    data = columns_of(pa.table({"ip": ["10.0.0.1"]}))[0]
    with pytest.raises(SourceError, match="<bytes>: damaged: "):
        compute.load_networks(data[:-10])
