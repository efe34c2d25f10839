"""A read-only S3 that answers late and costs next to nothing: bodies in memory, one thread.

`python far.py FOLDER PORT LATENCY_MS` serves each sub-folder of FOLDER as a bucket. It knows what
readers ask for: ListObjectsV2, GetObject with a range or without, HeadObject, HeadBucket. It
checks no signature. Servers made for tests take more CPU time for an answer than a fast reader
takes for the object, and would be what is timed.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left, bisect_right
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

__all__ = ["HOST"]

HOST = "127.0.0.1"

_PAGE = 1000
_END = b"\r\n\r\n"
_RANGE = re.compile(rb"\r\nrange: *bytes=([0-9]*)-([0-9]*)", re.IGNORECASE)
_STAMP = "2026-01-01T00:00:00.000Z"
_HTTP_STAMP = "Thu, 01 Jan 2026 00:00:00 GMT"


class Bucket:
    """Keys in order, and bodies."""

    def __init__(self, folder: Path) -> None:
        files = [path for path in folder.rglob("*") if path.is_file()]
        bodies = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
        self.bodies = dict(sorted(bodies.items()))
        self.keys = list(self.bodies)
        self.tags = {key: f'"{hashlib.md5(body).hexdigest()}"' for key, body in bodies.items()}

    def list(self, query: dict[str, list[str]]) -> bytes:
        """A page of ListObjectsV2."""
        given = {name: values[0] for name, values in query.items()}
        prefix, delimiter = given.get("prefix", ""), given.get("delimiter", "")
        after = given.get("start-after", "")
        if "continuation-token" in given:
            after = urlsafe_b64decode(given["continuation-token"]).decode()
        at = max(bisect_left(self.keys, prefix), bisect_right(self.keys, after))
        most = min(int(given.get("max-keys", _PAGE)), _PAGE)
        encoded = given.get("encoding-type") == "url"
        encode = quote if encoded else escape
        items, last = [], after
        while at < len(self.keys) and self.keys[at].startswith(prefix) and len(items) < most:
            key = self.keys[at]
            head, found, _ = key[len(prefix) :].partition(delimiter or "\0")
            if found:
                last = prefix + head + delimiter + "\U0010ffff"
                folder = encode(prefix + head + delimiter)
                items.append(f"<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>")
                at = bisect_right(self.keys, last)
            else:
                last = key
                items.append(self._contents(key, encode(key)))
                at += 1
        more = at < len(self.keys) and self.keys[at].startswith(prefix)
        return _page(items, urlsafe_b64encode(last.encode()).decode() if more else None, encoded)

    def _contents(self, key: str, told: str) -> str:
        return (
            f"<Contents><Key>{told}</Key><LastModified>{_STAMP}</LastModified>"
            f"<ETag>{escape(self.tags[key])}</ETag><Size>{len(self.bodies[key])}</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
        )


class Connection(asyncio.Protocol):
    """One client: a request at a time, each answered after the latency."""

    def __init__(self, buckets: dict[str, Bucket], seconds: float) -> None:
        self._buckets = buckets
        self._seconds = seconds
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self._head += data
        if _END in self._head:
            head, _, self._head = self._head.partition(_END)
            self._loop.call_later(self._seconds, self._transport.write, self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        url = urlsplit(target)
        name, _, key = unquote(url.path).lstrip("/").partition("/")
        bucket, get = self._buckets.get(name), method == "GET"
        if bucket is None:
            return _error("404 Not Found", "NoSuchBucket", get)
        if not key:
            return _message("200 OK", bucket.list(parse_qs(url.query)) if get else b"", get)
        if key not in bucket.bodies:
            return _error("404 Not Found", "NoSuchKey", get)
        return _object(bucket.bodies[key], bucket.tags[key], _RANGE.search(head), get)


def _object(body: bytes, tag: str, range_: re.Match[bytes] | None, get: bool) -> bytes:
    more = f"ETag: {tag}\r\nLast-Modified: {_HTTP_STAMP}\r\nAccept-Ranges: bytes\r\n"
    if range_ is None:
        return _message("200 OK", body, get, more)
    first, last = range_[1], range_[2]
    start = int(first) if first else max(len(body) - int(last), 0)
    stop = min(int(last) + 1, len(body)) if first and last else len(body)
    if start >= stop:
        return _error("416 Range Not Satisfiable", "InvalidRange", get)
    more += f"Content-Range: bytes {start}-{stop - 1}/{len(body)}\r\n"
    return _message("206 Partial Content", body[start:stop], get, more)


def _message(status: str, body: bytes, with_body: bool, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode()
    return head + body if with_body else head


def _error(status: str, code: str, with_body: bool) -> bytes:
    return _message(status, f"<Error><Code>{code}</Code></Error>".encode(), with_body)


def _page(items: list[str], token: str | None, encoded: bool) -> bytes:
    encoding = "<EncodingType>url</EncodingType>" if encoded else ""
    more = "false" if token is None else "true"
    next_ = "" if token is None else f"<NextContinuationToken>{token}</NextContinuationToken>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<IsTruncated>{more}</IsTruncated><KeyCount>{len(items)}</KeyCount>"
        f"{encoding}{next_}{''.join(items)}</ListBucketResult>"
    ).encode()


async def _serve(folder: Path, port: int, latency_ms: float) -> None:
    buckets = {path.name: Bucket(path) for path in folder.iterdir() if path.is_dir()}
    loop = asyncio.get_running_loop()
    connect = partial(Connection, buckets, latency_ms / 1000)
    server = await loop.create_server(connect, HOST, port, backlog=256)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
