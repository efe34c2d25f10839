"""Records made by hand, of which every detector of ours finds something."""

from __future__ import annotations

import random
from collections.abc import Sequence

from detect.hand import BEGIN, DAY
from flowparse.detect import DETECTORS, Detector

HEADER = (
    b"account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end "
    b"action log-status tcp-flags\n"
)

#: With thresholds so low that little is needed.
EAGER: tuple[Detector, ...] = (
    DETECTORS["denied-spike"](minimum_records=3, past_windows=1, past_hours=0.1),  # type: ignore[call-arg]
    DETECTORS["data-loss"](minimum_skips=2, past_windows=3),  # type: ignore[call-arg]
    DETECTORS["asymmetric-reject"](minimum_answers=1, doors=True, minimum_requests=1),  # type: ignore[call-arg]
    DETECTORS["new-service"](learn_hours=12, stays_hours=1),  # type: ignore[call-arg]
    DETECTORS["new-peer"](learn_hours=12, stays_hours=1, most_new=99, most_at_once=99),  # type: ignore[call-arg]
)


def lines(seed: int, days: int = 3, each: int = 150) -> list[bytes]:
    """So many lines a day, in order."""
    draw = random.Random(seed)
    found = [_line(draw, draw.randrange(days * DAY)) for _ in range(days * each)]
    burst = draw.randrange(DAY, days * DAY)
    denied = [*(draw.randrange(burst) for _ in range(20)), *(burst + n for n in range(12))]
    found += [_denied(at) for at in denied]
    return sorted(found, key=start_of)


def _denied(at: int) -> bytes:
    """One that always knocks."""
    ends = "198.51.100.9 10.0.0.1 50000 23 6 1 60"
    return f"1 eni-1 {ends} {BEGIN + at} {BEGIN + at + 1} REJECT OK 2\n".encode()


def _line(draw: random.Random, at: int) -> bytes:
    start = BEGIN + at
    interface = draw.choice(["eni-1", "eni-1", "eni-2"])
    if draw.random() < 0.2:
        status = draw.choice(["NODATA", "NODATA", "SKIPDATA"])
        return f"1 {interface} - - - - - - - {start} {start + 59} - {status} -\n".encode()
    near = "10.0.0.1" if interface == "eni-1" else "10.0.0.2"
    far = draw.choice(["10.0.0.9", "203.0.113.7", f"203.0.113.{int(draw.expovariate(0.3)) % 250}"])
    port, client = draw.choice([22, 443, 443 + int(draw.expovariate(0.5))]), 50_000
    side = draw.random() < 0.5
    if draw.random() < 0.3:  # it turns to others
        near, far = far, near
    ends = f"{far} {near} {client} {port}" if side else f"{near} {far} {port} {client}"
    flags = (2 if side else 18) if draw.random() < 0.3 else 0
    action = draw.choice(["ACCEPT", "ACCEPT", "REJECT"])
    sizes = f"{draw.randint(1, 9)} {draw.randint(40, 900)}"
    return f"1 {interface} {ends} 6 {sizes} {start} {start + 59} {action} OK {flags}\n".encode()


def log(rows: Sequence[bytes]) -> bytes:
    """An object with these lines."""
    return HEADER + b"".join(rows)


def start_of(line: bytes) -> int:
    """When a line's window begins."""
    return int(line.split()[9])


def day_of(line: bytes) -> int:
    """The day in which that is."""
    return (start_of(line) - BEGIN) // DAY
