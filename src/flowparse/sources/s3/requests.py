"""Floor 2: what is asked of a bucket: a page of its listing, an object's size, ranges of bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from flowparse.access import Access
from flowparse.errors import SourceError
from flowparse.sources.repeating import repeat
from flowparse.sources.s3.address import url_of
from flowparse.sources.s3.faults import changed_error, explain_error
from flowparse.sources.s3.getters import Getter, Pieces, make_getter

__all__ = ["Bucket"]

Answer = TypeVar("Answer")


class Bucket:
    """One bucket, asked with one access.

    Parameters
    ----------
    name : str
    access : Access

    Notes
    -----
    Threads may share it: they share its client, made at the first request.
    """

    def __init__(self, name: str, access: Access) -> None:
        self.name = name
        self.access = access
        self._client: Any = None
        self._getter: Getter | None = None
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return Bucket, (self.name, self.access)

    def list_page(
        self, prefix: str, *, after: str = "", token: str = "", delimiter: str = ""
    ) -> dict[str, Any]:
        """One page of a listing: at most 1,000 keys, in their order.

        Parameters
        ----------
        prefix : str
        after : str
            Keys up to this one are passed over.
        token : str
            `NextContinuationToken` of the page before.
        delimiter : str
            Keys with it behind the prefix are not listed, but what they have before it.

        Raises
        ------
        SourceError
            The bucket is missing, or may not be listed.
        """
        asked = {
            "Prefix": prefix,
            "Delimiter": delimiter,
            "StartAfter": after,
            "ContinuationToken": token,
        }
        asked = {name: value for name, value in asked.items() if value} | self.access.payer
        where = url_of(self.name, prefix)

        def ask() -> dict[str, Any]:
            answer: dict[str, Any] = self.client().list_objects_v2(Bucket=self.name, **asked)
            return answer

        return self._repeat(ask, where, listing=True)

    def read_pieces(self, key: str, begin: int, end: int, size: int, etag: str | None) -> Pieces:
        """Bytes `begin` to `end` of an object that has `size` bytes and this ETag, as they came.

        Raises
        ------
        SourceError
            It is gone, may not be read, changed since, or cannot be reached.

        Notes
        -----
        A body that breaks off is continued where it did.
        """
        where, got = url_of(self.name, key), Pieces()

        def ask() -> Pieces:
            at = begin + sum(map(len, got))
            if at < end:
                last = None if at == 0 and end == size else end
                if not self._get().get(key, at, last, etag, got):  # not all servers compare
                    raise changed_error(where)
            if (n := sum(map(len, got))) < end - begin:
                raise EOFError(f"the body ended after {n} of {end - begin} bytes")
            return got

        return self._repeat(ask, where, listing=False)

    def find(self, key: str) -> tuple[int, str | None]:
        """Size and ETag of an object.

        Raises
        ------
        SourceError
            It is missing, or may not be read.
        """
        asked = {"Bucket": self.name, "Key": key} | self.access.payer
        where = url_of(self.name, key)
        answer = self._repeat(lambda: self.client().head_object(**asked), where, listing=False)
        return int(answer["ContentLength"]), answer.get("ETag")

    def client(self) -> Any:
        """The client, made by the first who asks."""
        if self._client is None:
            with self._lock:
                self._client = self._client or self.access.client("s3")
        return self._client

    def _get(self) -> Getter:
        """Who sends the GETs, chosen by the first who asks."""
        if self._getter is None:
            client = self.client()
            with self._lock:
                if self._getter is None:
                    self._getter = make_getter(self.name, self.access, client)
        return self._getter

    def _repeat(self, ask: Callable[[], Answer], where: str, *, listing: bool) -> Answer:
        def explain(error: Exception, attempts: int) -> SourceError:
            return explain_error(error, where, attempts, listing=listing)

        return repeat(ask, explain)
