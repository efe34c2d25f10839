"""A way to a server on which requests are counted, refused, and bodies break off."""

from __future__ import annotations

import http.client
import random
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SLOW_DOWN = (
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request "
    b"rate.</Message></Error>"
)
HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}


class Proxy:
    """Forwards to a server of loopback.

    Attributes
    ----------
    asked : list of (operation, key or prefix)
        Of the requests that were forwarded: `LIST`, `GET`, `HEAD`, `PUT` and others.
    refuse, cut : float
        Shares of the requests that get a 503, and of the answers that break off in the body.
    before : callable or None
        Called with (operation, key) before a request is forwarded.
    """

    def __init__(self, url: str, seed: int = 1) -> None:
        self.asked: list[tuple[str, str]] = []
        self.refuse = 0.0
        self.cut = 0.0
        self.before: Any = None
        self.n_refused = self.n_cut = 0
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._server.upstream = urlsplit(url).netloc
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def counts(self) -> Counter[str]:
        """How many requests of each operation."""
        return Counter(operation for operation, _ in self.asked)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def draw(self) -> tuple[bool, bool]:
        """Whether to refuse the next request, and whether to cut its answer."""
        with self._lock:
            refused = self._random.random() < self.refuse
            cut = not refused and self._random.random() < self.cut
            self.n_refused += refused
            self.n_cut += cut
            return refused, cut


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    proxy: Proxy
    upstream: str

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _forward(self) -> None:
        proxy, parts = self.server.proxy, urlsplit(self.path)
        query = parse_qs(parts.query)
        operation = "LIST" if "list-type" in query else self.command
        what = query.get("prefix", [""])[0] if operation == "LIST" else unquote(parts.path)
        proxy.asked.append((operation, what))
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length) if length else None
        refused, cut = proxy.draw()
        if refused:
            self._answer(503, {"Content-Type": "application/xml"}, SLOW_DOWN, None)
            return
        if proxy.before is not None:
            proxy.before(operation, what)
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=30)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            data = answer.read()
            headers = {n: v for n, v in answer.getheaders() if n.lower() not in HOP_BY_HOP}
        finally:
            upstream.close()
        self._answer(answer.status, headers, data, len(data) // 2 if cut else None)

    def _answer(self, status: int, headers: dict[str, str], data: bytes, most: int | None) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() != "content-length" or self.command == "HEAD":
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[:most])
        if most is not None:
            self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _forward  # noqa: N815
