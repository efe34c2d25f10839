"""Floor 2: the objects that can hold what is wanted, with few requests. Stage "open".

One page tells all there is of a small prefix. A large one is walked: accounts and regions that
are not wanted are passed over, and a region's folder is listed from the first day that is
wanted to the last, many regions at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Final, NamedTuple

from flowparse.access import Access
from flowparse.errors import SourceError
from flowparse.keys import parse_key
from flowparse.prune import Scope
from flowparse.sources.local import is_shown
from flowparse.sources.s3.address import read_address
from flowparse.sources.s3.objects import ObjectSource
from flowparse.sources.s3.requests import Bucket
from flowparse.sources.s3.tree import (
    Span,
    are_wanted,
    find_root,
    is_other_service,
    is_region,
    next_prefixes,
    span_of,
)

__all__ = ["list_objects"]

#: So many folders deep an `AWSLogs` is looked for; below that, all keys are listed.
_LEVELS_ABOVE_ROOT: Final = 3


def list_objects(url: str, access: Access, scope: Scope) -> list[ObjectSource]:
    """The objects of an address, sorted by key.

    Parameters
    ----------
    url : str
        `s3://bucket/key` of an object, or `s3://bucket/prefix/`; a prefix without its slash is
        taken for one where there is no such object.
    access : Access
    scope : Scope
        What can be of use. Objects whose keys do not tell are listed.

    Returns
    -------
    list of ObjectSource
        Without folder markers, names that start with `.` or `_`, and the folders of other
        services in an `AWSLogs` tree.

    Raises
    ------
    SourceError
        The bucket or the object is missing, or may not be listed. An empty prefix that ends
        with a slash is no error.

    Notes
    -----
    One request where the prefix holds at most 1,000 keys. Else: one for each folder above the
    regions, and one for each 1,000 keys of the days that are wanted in the regions that are.

    Source: Amazon S3 API Reference, "ListObjectsV2".
    """
    address = read_address(url)
    bucket = Bucket(address.bucket, access)
    page = bucket.list_page(address.key)
    exact = _find_exact(page, address.key)
    if exact is not None:
        return [_source(bucket, exact)]
    prefix = address.key
    if prefix and not prefix.endswith("/"):
        prefix += "/"
        page = bucket.list_page(prefix)
        if not page.get("Contents"):
            raise SourceError(f"{url}: no such object or prefix", source=url)
    filtered = _Filter(prefix, scope)
    is_all = not page.get("IsTruncated")
    found = filtered.keep(page) if is_all else _walk(bucket, prefix, filtered)
    found.sort(key=lambda one: str(one["Key"]))  # the order of code points is S3's
    return [_source(bucket, one) for one in found]


def _find_exact(page: dict[str, Any], key: str) -> dict[str, Any] | None:
    """The object that has this key; it comes first, if there is one."""
    if not key or key.endswith("/"):
        return None
    return next((one for one in page.get("Contents", ())[:1] if one["Key"] == key), None)


def _source(bucket: Bucket, one: dict[str, Any]) -> ObjectSource:
    return ObjectSource(bucket, one["Key"], int(one["Size"]), one.get("ETag"))


class _Filter:
    """Which of the objects that are listed are wanted."""

    def __init__(self, prefix: str, scope: Scope) -> None:
        self.prefix = prefix
        self.scope = scope

    def keep(self, page: dict[str, Any]) -> list[dict[str, Any]]:
        return [one for one in page.get("Contents", ()) if self._is_wanted(one["Key"])]

    def _is_wanted(self, key: str) -> bool:
        names = key[len(self.prefix) :].split("/")
        if not names[-1] or not all(is_shown(name) for name in names):
            return False
        if is_other_service(key, self.prefix):
            return False
        known = parse_key(key)
        return known is None or self.scope.may_hold(known)


class _Step(NamedTuple):
    """A prefix to be listed, and how many folders deep it was found."""

    prefix: str
    level: int = 0


class _Found(NamedTuple):
    """What a step has brought."""

    objects: list[dict[str, Any]]
    steps: list[_Step]


def _walk(bucket: Bucket, prefix: str, filtered: _Filter) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with ThreadPoolExecutor(bucket.access.connections, "flowparse-list") as pool:
        waiting = {pool.submit(_take_step, bucket, filtered, _Step(prefix))}
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for step in done:
                    objects, steps = step.result()
                    found += objects
                    waiting |= {pool.submit(_take_step, bucket, filtered, one) for one in steps}
        except BaseException:
            _cancel(waiting)
            raise
    return found


def _cancel(waiting: set[Future[_Found]]) -> None:
    for one in waiting:
        one.cancel()


def _take_step(bucket: Bucket, filtered: _Filter, step: _Step) -> _Found:
    prefix, scope = step.prefix, filtered.scope
    in_tree = bool(find_root(prefix))
    if is_region(prefix) if in_tree else step.level > _LEVELS_ABOVE_ROOT:
        span = span_of(prefix, scope)
        pages = _pages(bucket, prefix, span)
        return _Found([one for page in pages for one in filtered.keep(page)], [])
    known = next_prefixes(prefix, scope) if in_tree else None
    if known is not None:
        return _Found([], [_Step(one, step.level + 1) for one in known])
    objects: list[dict[str, Any]] = []
    below: list[str] = []
    for page in _pages(bucket, prefix, Span(), delimiter="/"):
        objects += filtered.keep(page)
        below += [one["Prefix"] for one in page.get("CommonPrefixes", ())]
    shown = [one for one in below if is_shown(one[len(prefix) :])]
    return _Found(objects, [_Step(one, step.level + 1) for one in are_wanted(shown, scope)])


def _pages(
    bucket: Bucket, prefix: str, span: Span, *, delimiter: str = ""
) -> Iterator[dict[str, Any]]:
    """The pages of a listing within a span of keys."""
    if span.first > prefix and not span.first.startswith(prefix):
        return  # all of the prefix is too early
    if span.ends_before(prefix):
        return
    after, token = span.first if span.first.startswith(prefix) else "", ""
    while True:
        page = bucket.list_page(prefix, after=after, token=token, delimiter=delimiter)
        yield page
        if not page.get("IsTruncated"):
            return
        after, token = "", page["NextContinuationToken"]
        keys = [one["Key"] for one in page.get("Contents", ())]
        if keys and not delimiter:
            if span.ends_before(keys[-1]):
                return
            if span.begins_after(keys[-1]):
                after, token = span.first_hour, ""
