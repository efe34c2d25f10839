"""Floor 4: which objects of an archive have to be thawed before they can be read."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from flowparse.archive.checking import store_url
from flowparse.archive.result import Frozen
from flowparse.archive.stores import FROZEN, BucketStore, FolderStore

__all__ = ["find_frozen"]

_AT_ONCE: Final = 16


def find_frozen(store: FolderStore | BucketStore, names: Collection[str]) -> dict[str, Frozen]:
    """Of these objects those that cannot be read now, by name.

    Notes
    -----
    One listing, and a request for each object of a class that can be cold, many at a time.
    """
    if not isinstance(store, BucketStore):
        return {}
    wanted = set(names)
    cold = [
        one
        for below in ("data/", "rest/")
        for one in store.list(below)
        if one.name in wanted and one.storage_class in FROZEN
    ]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        readable = list(pool.map(store.can_be_read, (one.name for one in cold)))
    return {
        one.name: Frozen(store_url(store, one.name), one.size, one.storage_class)
        for one, is_readable in zip(cold, readable, strict=True)
        if not is_readable
    }
