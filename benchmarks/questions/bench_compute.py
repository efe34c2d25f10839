"""Functions on columns, against what Python has for one value at a time.

The rivals get their values as Python objects, which a column would first have to become, and may
leave a list behind. Slow ones run on the first records only; times are a record.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pyarrow as pa
import pytest

import flowparse
from contestant import Contestant
from corpus import DEFAULT, Corpora, Corpus
from flowparse import compute
from race import Race

WANTED = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "2001:db8::/32"]
N_NETWORKS = 100_000
SLOW = 5_000


def load(corpora: Corpora, *columns: str) -> tuple[Corpus, list[pa.Array], list[list[Any]]]:
    """A log, columns of it whose records have data, and the same as Python objects."""
    log = corpora.stage_log(DEFAULT)
    table = flowparse.read_table(log.gzip, columns=columns).combine_chunks()
    arrays = [table[name].combine_chunks() for name in columns]
    return log, arrays, [array.to_pylist() for array in arrays]


def rival(name: str, run: Callable[[int], list[Any]], log: Corpus, records: int) -> Contestant:
    """A loop over so many of the records."""
    return Contestant(name, lambda: run(records), records, log.text_bytes * records // log.records)


def optional(race: Race, name: str) -> Any:
    """A package of the extra `bench`; without it there is no race."""
    module = pytest.importorskip(name, reason=f"absent: {name}")
    race.report.versions[name] = version(name)
    return module


def bench_in_network(race: Race, corpora: Corpora) -> None:
    log, (array,), (values,) = load(corpora, "srcaddr")
    networks = [ipaddress.ip_network(network) for network in WANTED]

    def loop(n: int) -> list[Any]:
        found = []
        for value in values[:n]:
            address = None if value is None else ipaddress.ip_address(value)
            found.append(None if address is None else any(address in each for each in networks))
        return found

    assert compute.in_network(array, WANTED).to_pylist()[:SLOW] == loop(SLOW)
    race.question(
        "in_network: addresses in four networks, against ipaddress",
        log,
        lambda: compute.in_network(array, WANTED),
        [rival("ipaddress", loop, log, SLOW)],
        least=60,
    )


def bench_address_to_binary(race: Race, corpora: Corpora) -> None:
    log, (array,), (values,) = load(corpora, "srcaddr")

    def loop(n: int) -> list[Any]:
        return [None if v is None else ipaddress.ip_address(v).packed for v in values[:n]]

    assert compute.address_to_binary(array).to_pylist()[:SLOW] == loop(SLOW)
    race.question(
        "address_to_binary, against ipaddress",
        log,
        lambda: compute.address_to_binary(array),
        [rival("ipaddress", loop, log, SLOW)],
        least=40,
    )


def bench_community_id(race: Race, corpora: Corpora) -> None:
    names = ("srcaddr", "dstaddr", "srcport", "dstport", "protocol")
    log, arrays, values = load(corpora, *names)
    theirs = optional(race, "communityid")
    make = theirs.CommunityID()

    def loop(n: int) -> list[Any]:
        found = []
        for source, destination, srcport, dstport, protocol in zip(
            *(column[:n] for column in values), strict=True
        ):
            if source is None:
                found.append(None)
                continue
            ports = (srcport, dstport) if protocol in (1, 6, 17, 58, 132) else ()
            flow = theirs.FlowTuple(protocol, source, destination, *ports)
            found.append(make.calc(flow))
        return found

    assert compute.community_id(*arrays).to_pylist()[:SLOW] == loop(SLOW)
    race.question(
        "community_id, against communityid",
        log,
        lambda: compute.community_id(*arrays),
        [rival("communityid", loop, log, SLOW)],
        least=75,
    )


def bench_longest_prefix(race: Race, corpora: Corpora) -> None:
    log, _, (values,) = load(corpora, "srcaddr")
    theirs = optional(race, "pytricia")
    table = compute.PrefixTable(made_up_networks())
    tree = theirs.PyTricia(32)
    for row, network in enumerate(table.networks.to_pylist()):
        tree[network] = row
    of_ipv4 = [value if value and "." in value else "0.0.0.0" for value in values]
    ours = pa.array(of_ipv4)

    def loop(n: int) -> list[Any]:
        return [tree.get(value) for value in of_ipv4[:n]]

    assert compute.longest_prefix(ours, table).to_pylist() == loop(len(values))
    race.question(
        f"longest_prefix of {N_NETWORKS} IPv4 networks, against pytricia",
        log,
        lambda: compute.longest_prefix(ours, table),
        [rival("pytricia", loop, log, len(values))],
        least=3,
    )


def made_up_networks() -> list[str]:
    """Networks of the sizes that routing tables have, half of them where the addresses are."""
    made = random.Random(1)
    found = {}
    while len(found) < N_NETWORKS:
        bits = made.getrandbits(32)
        if made.random() < 0.5:
            bits = 10 << 24 | bits & 0xFFFFFF
        length = made.choice([16, 20, 22, 24, 24, 24, 28, 32])
        network = ipaddress.ip_network((bits, length), strict=False)
        found[str(network)] = None
    return list(found)
