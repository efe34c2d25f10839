"""A proxy on loopback that cuts answers short, and counts what was asked.

Between a client and any S3 server that is spoken to with the bucket in the path. Requests go
on as they came, `Host` included, so that signatures hold.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from services.endpoint import Endpoint
from services.process import HOST

#: Of a connection, not of a message: a proxy says its own.
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_BODILESS = (204, 304)
#: Parameters that make another operation of a request for a bucket.
_LISTING = {
    "list-type", "prefix", "delimiter", "marker", "start-after", "max-keys", "encoding-type",
    "continuation-token", "fetch-owner", "x-id",
}  # fmt: skip


class Request(NamedTuple):
    """What was asked for.

    `operation` is LIST, GET, HEAD, PUT, POST or DELETE for a bucket's listing and for objects;
    for anything else it is the method with the sub-resource, such as `GET ?location`.
    """

    operation: str
    bucket: str
    key: str
    range: str | None


@dataclass(frozen=True)
class Cut:
    """Which answers end early.

    Attributes
    ----------
    after_bytes : int
        Of the body; the connection is closed then. Shorter bodies come whole.
    probability : float
        Of being cut. Whether it is depends on the request and `seed`, not on the order.
    seed : int
    times : int or None
        Of the same request; later ones are answered whole. None is for ever.
    operations : tuple of str
    """

    after_bytes: int
    probability: float = 1.0
    seed: int = 0
    times: int | None = None
    operations: tuple[str, ...] = ("GET",)

    def hits(self, request: Request, turn: int) -> bool:
        """Whether the `turn`-th request of this kind, from 0, is cut."""
        over = self.times is not None and turn >= self.times
        if over or request.operation not in self.operations:
            return False
        return Random(f"{self.seed} {turn} {request}").random() < self.probability


class CuttingProxy(Endpoint):
    """A running proxy: an endpoint to be used in place of the server's.

    Attributes
    ----------
    cut : Cut or None
        Set it at any time.
    before : callable or None
        Called with each request before it goes on to the server.
    """

    def __init__(self, server: Endpoint, cut: Cut | None = None) -> None:
        self.cut = cut
        self.before: Callable[[Request], object] | None = None
        self._target = urlsplit(server.endpoint).netloc
        self._lock = threading.Lock()
        self._asked: list[Request] = []
        self._turns: Counter[Request] = Counter()
        self._n_cut = 0
        self._server = _Server((HOST, 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        super().__init__(
            f"http://{HOST}:{self._server.server_port}",
            access_key=server.access_key,
            secret_key=server.secret_key,
        )

    @property
    def requests(self) -> list[Request]:
        """All that came in, in order."""
        with self._lock:
            return list(self._asked)

    @property
    def counts(self) -> Counter[str]:
        """How many requests of each operation came in."""
        return Counter(request.operation for request in self.requests)

    @property
    def n_cut(self) -> int:
        """How many answers were cut."""
        return self._n_cut

    def forget(self) -> None:
        """Count from nought again."""
        with self._lock:
            self._asked.clear()
            self._turns.clear()
            self._n_cut = 0

    def close(self) -> None:
        """Stop listening, and end the connections."""
        super().close()
        self._server.shutdown()
        self._server.end_connections()
        self._server.server_close()
        self._thread.join()

    def note(self, request: Request) -> int | None:
        """Count a request; after how many bytes its answer ends, or None."""
        with self._lock:
            turn = self._turns[request]
            self._turns[request] += 1
            self._asked.append(request)
        if self.before is not None:
            self.before(request)
        cut = self.cut
        return cut.after_bytes if cut is not None and cut.hits(request, turn) else None

    def note_cut(self) -> None:
        with self._lock:
            self._n_cut += 1

    def connect(self) -> HTTPConnection:
        """A connection to the server behind."""
        return HTTPConnection(self._target, timeout=60)


@contextlib.contextmanager
def cutting_proxy(server: Endpoint, cut: Cut | None = None) -> Iterator[CuttingProxy]:
    """Run a proxy before a server."""
    proxy = CuttingProxy(server, cut)
    try:
        yield proxy
    finally:
        proxy.close()


def read_request(method: str, target: str, range_: str | None) -> Request:
    """Tell the operation from the first line of a request.

    Examples
    --------
    >>> read_request("GET", "/bucket?list-type=2&prefix=a%2F", None).operation
    'LIST'
    >>> read_request("GET", "/bucket/a/b%20c.gz", "bytes=0-9")
    Request(operation='GET', bucket='bucket', key='a/b c.gz', range='bytes=0-9')
    """
    url = urlsplit(target)
    bucket, _, key = unquote(url.path).lstrip("/").partition("/")
    names = {name for name, _ in parse_qsl(url.query, keep_blank_values=True)}
    others = sorted(names - _LISTING)
    if others and not key:
        return Request(f"{method} ?{others[0]}", bucket, key, range_)
    listing = method == "GET" and bucket and not key
    return Request("LIST" if listing else method, bucket, key, range_)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 256

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self._open: set[socket.socket] = set()

    def process_request(self, request, client_address) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """Wake the threads that wait for another request of their client."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address) -> None:
        """A client that goes away in mid-answer is no error here."""


def _handler(proxy: CuttingProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            self.upstream = proxy.connect()

        def finish(self) -> None:
            self.upstream.close()
            super().finish()

        def forward(self) -> None:
            request = read_request(self.command, self.path, self.headers["Range"])
            after_bytes = proxy.note(request)
            answer = self._ask()
            body = answer.read()
            self._begin(answer, len(body))
            if self.command == "HEAD":
                return
            if after_bytes is not None and after_bytes < len(body):
                proxy.note_cut()
                body = body[:after_bytes]
                self.close_connection = True
            self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward  # noqa: N815

        def _ask(self) -> HTTPResponse:
            """The server's answer to the request as it came."""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.upstream.close()  # a server may have given up a connection that was not used
            self.upstream.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                if name.lower() != "expect":  # answered here already
                    self.upstream.putheader(name, value)
            self.upstream.endheaders(body or None)
            return self.upstream.getresponse()

        def _begin(self, answer: HTTPResponse, length: int) -> None:
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            if answer.status not in _BODILESS:
                told = answer.headers["Content-Length"] if self.command == "HEAD" else str(length)
                if told is not None:
                    self.send_header("Content-Length", told)
            self.end_headers()

        def log_message(self, *arguments) -> None:
            """Say nothing."""

    return Handler
