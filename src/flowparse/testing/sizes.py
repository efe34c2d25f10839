"""Floor 4: packets, bytes and TCP flags of a record: most are small, a few are huge."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

from flowparse.testing.draws import Draws

__all__ = ["POOL", "Size", "make_sizes"]

#: Sizes in a pool.
POOL: Final = 4096


class Size(NamedTuple):
    """What one record counts, as text; flags as a VPC and as a transit gateway write them."""

    packets: str
    bytes: str
    flags: str
    transit_flags: str


# Quantiles from the least to the greatest, evenly spaced: near to log-normal with a long tail.
_REQUEST_PACKETS: Final = (1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 24, 38, 60, 250, 8000)
_RESPONSE_PACKETS: Final = (1, 1, 2, 3, 5, 6, 7, 9, 10, 12, 15, 20, 28, 45, 90, 160, 1500, 40000)
_REQUEST_MEAN: Final = (60, 64, 76, 98, 120, 150, 190, 240, 310, 420, 600, 900, 1450)
_RESPONSE_MEAN: Final = (60, 90, 180, 320, 480, 640, 810, 980, 1120, 1260, 1370, 1440, 1480)
_DATAGRAMS: Final = (1, 1, 1, 1, 2, 2, 3, 5, 12, 60, 2400)
_DATAGRAM_MEAN: Final = (64, 70, 76, 84, 95, 120, 180, 310, 700, 1280)
_TUNNEL_MEAN: Final = (120, 180, 400, 900, 1400)
_SYN: Final = (40, 40, 44, 44, 52, 60, 60)
_SYN_V6: Final = (60, 72, 72, 80, 80)

_FIN, _SYN_FLAG, _RST, _PSH, _ACK = 1, 2, 4, 8, 16


@cache
def make_sizes() -> dict[str, list[Size]]:
    """The pools of sizes, by the name that a flow gives. They are the same for every network."""
    draws = Draws("sizes")
    makers: dict[str, Callable[[], Size]] = {
        "request": lambda: _connection(draws, _REQUEST_PACKETS, _REQUEST_MEAN, _SYN_FLAG),
        "response": lambda: _connection(draws, _RESPONSE_PACKETS, _RESPONSE_MEAN, _SYN_FLAG | _ACK),
        "udp": lambda: _plain(draws, _DATAGRAMS, _DATAGRAM_MEAN),
        "icmp": lambda: _plain(draws, (1, 1, 2, 4, 4, 5, 60), (84, 84, 84, 84, 98)),
        "esp": lambda: _plain(draws, _RESPONSE_PACKETS, _TUNNEL_MEAN),
        "syn": lambda: _refused(draws, _SYN),
        "syn6": lambda: _refused(draws, _SYN_V6),
        "probe": lambda: _plain(draws, (1, 1, 1, 1, 2), _DATAGRAM_MEAN),
    }
    return {name: [make() for _ in range(POOL)] for name, make in makers.items()}


def _connection(
    draws: Draws, packets: tuple[int, ...], mean: tuple[int, ...], opening: int
) -> Size:
    """A window of a TCP connection, with the flags that the window saw."""
    count = draws.along(packets)
    begins = count > 1 and draws.chance(0.7)
    ends = draws.chance(0.6)
    reset = draws.chance(0.06)
    flags = opening * begins | _FIN * ends | _RST * reset
    # A transit gateway also tells PSH, and ACK beside other flags.
    told = flags | _PSH * draws.chance(0.7)
    transit_flags = told | _ACK if told and count > 1 else told
    return _size(draws, count, mean, flags, transit_flags)


def _refused(draws: Draws, sizes: tuple[int, ...]) -> Size:
    """A SYN that was turned away, sent again or not."""
    count = draws.pick((1, 1, 1, 1, 1, 2, 3))
    return Size(str(count), str(count * draws.pick(sizes)), str(_SYN_FLAG), str(_SYN_FLAG))


def _plain(draws: Draws, packets: tuple[int, ...], mean: tuple[int, ...]) -> Size:
    return _size(draws, draws.along(packets), mean, 0, 0)


def _size(draws: Draws, count: int, mean: tuple[int, ...], flags: int, transit_flags: int) -> Size:
    """`count` packets of about a mean size that is drawn, never below its least value."""
    extra = draws.along(mean) - mean[0]
    total = count * mean[0] + int(count * extra * (0.8 + 0.2 * draws.random()))
    return Size(str(count), str(total), str(flags), str(transit_flags))
