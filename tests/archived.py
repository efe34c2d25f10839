"""A source to archive: two accounts, three formats, rejects and double headers planted by hand."""

from __future__ import annotations

import gzip
from pathlib import Path

from flowparse import LogFormat
from flowparse.testing import FlowLog, Network, write_tree

FORMATS = (
    LogFormat.default(),
    LogFormat.parse("version account-id interface-id srcaddr dstaddr tcp-flags start end action"),
    LogFormat.all_fields(),
)


def text_of(path: Path) -> bytes:
    """The text of a file, whatever it lies in: by Python's own gzip."""
    data = path.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def texts_below(folder: Path) -> dict[str, bytes]:
    """The text of every file that is not hidden, by its name below the folder."""
    return {
        path.relative_to(folder).as_posix(): text_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(p[0] == "." for p in path.relative_to(folder).parts)
    }


def write_month(folder: Path, *, days: float, records: int) -> Path:
    """A bucket of flow logs; in every seventh object lines are planted that are no records."""
    network = Network(accounts=("111122223333", "444455556666"), interfaces=6, peers=40)
    flow_logs = [FlowLog(log_format=one) for one in FORMATS]
    write_tree(folder, network, flow_logs=flow_logs, days=days, records=records, bodies=3)
    for number, path in enumerate(sorted(folder.rglob("*.gz"))):
        if number % 7 == 0:
            path.write_bytes(gzip.compress(_plant(gzip.decompress(path.read_bytes()), number)))
    return folder


def _plant(text: bytes, number: int) -> bytes:
    header, *lines = text.splitlines(keepends=True)
    middle = len(lines) // 2
    odd = [
        b"this is no record\n",
        header,
        lines[0].replace(b" ", b"  ", 1),
        b"\n",
        lines[-1].rstrip(b"\n") + b" \r\n",
        b"0" + lines[-1],
        b"\xff\xfe \x00\n",
    ]
    planted = [header, *lines[:middle], odd[number % len(odd)], *lines[middle:], *odd]
    whole = b"".join(planted)
    return whole if number % 2 else whole.removesuffix(b"\n")
