"""Floor 2: lists of addresses to look out for, one a line, as whoever keeps them publishes them."""

from __future__ import annotations

import re
from typing import Any, Final

import pyarrow as pa

from flowparse.compute.opened import bad_line, decode_text, open_bytes
from flowparse.compute.prefixes import EXPECTED_NETWORK, PrefixTable

__all__ = ["load_threat_list"]

_COMMENTS: Final = ("#", ";", "//")
#: The network, then whatever else the line has, behind a comma, a semicolon, a tab or a `#`.
_LINE: Final = re.compile(r"""(?P<quote>["']?)(?P<network>[^\s,;#"']+)(?P=quote)\s*(?P<rest>.*)""")
_REST: Final = re.compile(r"[,;#]\s*")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_ ]*")


def load_threat_list(source: Any, name: str | None = None) -> PrefixTable:
    r"""Read a list of addresses and CIDR ranges, one a line.

    Blank lines, and lines that begin with `#`, `;` or `//`, are passed over. Of any other line the
    first cell is the network, with or without quotes; what stands behind a comma, a semicolon, a
    tab or a `#` is its comment. So plain lists, CSV with the address first, and Spamhaus DROP
    (`192.0.2.0/24 ; SBL123`) are read alike. A first line of CSV that begins with a word is taken
    for the names of the columns.

    Parameters
    ----------
    source : path, bytes, or binary file object
        Text in UTF-8, or gzip of it.
    name : str, optional
        What the list is called; by default the name of the source.

    Returns
    -------
    PrefixTable
        Its values have the columns `network` (as it stands in the list), `list` (the name),
        `line` (int64, from 1) and `comment` (null where there is none). An empty list is an empty
        table.

    Raises
    ------
    NetworkListError
        A line is neither; with the source, the line and the text.
    SourceError
        The source cannot be read, or is damaged gzip.

    Examples
    --------
    >>> from flowparse import compute
    >>> listed = compute.load_threat_list(b"192.0.2.0/24 ; SBL123\n203.0.113.9\n", name="drop")
    >>> compute.in_network(["192.0.2.77", "198.51.100.1"], listed).to_pylist()
    [True, False]
    >>> compute.longest_prefix("192.0.2.77", listed, "comment").to_pylist()
    ['SBL123']
    """
    source_name, data = open_bytes(source)
    networks: list[str] = []
    comments: list[str | None] = []
    lines: list[int] = []
    for number, line in enumerate(decode_text(source_name, data).split("\n"), 1):
        text = line.strip()
        if not text or text.startswith(_COMMENTS) or (not lines and _is_header(text)):
            continue
        network, comment = _split(source_name, number, text)
        networks.append(network)
        comments.append(comment)
        lines.append(number)
    array = pa.array(networks, pa.string())
    values = pa.table(
        {
            "network": array,
            "list": pa.repeat(pa.scalar(name or source_name), len(lines)),
            "line": pa.array(lines, pa.int64()),
            "comment": pa.array(comments, pa.string()),
        }
    )
    return PrefixTable.of_lines(
        array, values, lambda row, text: bad_line(source_name, lines[row], text, EXPECTED_NETWORK)
    )


def _is_header(text: str) -> bool:
    """Names of columns: of several, the first a word."""
    first, comma, _ = text.partition(",")
    return bool(comma and _NAME.fullmatch(first.strip().strip("\"'")))


def _split(source: str, line: int, text: str) -> tuple[str, str | None]:
    """A line's network and comment. A second word needs a mark that it is no second network."""
    found = _LINE.fullmatch(text)
    if found is None:
        raise bad_line(source, line, text, EXPECTED_NETWORK)
    rest = found["rest"]
    behind = text[found.end("network") :].lstrip("\"'")
    if not rest:
        return found["network"], None
    marked = _REST.match(rest)
    if marked is None and not behind.startswith("\t"):
        raise bad_line(source, line, text, f"{EXPECTED_NETWORK}, alone or before a comment")
    comment = rest[marked.end() :] if marked else rest
    return found["network"], comment.strip() or None
