"""Floor 4: which objects of an archive have to be thawed before they can be read."""

from __future__ import annotations

from collections.abc import Collection

from flowparse.archive.checking import store_url
from flowparse.archive.result import Frozen
from flowparse.archive.stores import FROZEN, BucketStore, FolderStore

__all__ = ["find_frozen"]


def find_frozen(store: FolderStore | BucketStore, names: Collection[str]) -> dict[str, Frozen]:
    """Of these objects those that cannot be read now, by name.

    Notes
    -----
    One listing, and a request for each object of a cold class.
    """
    if not isinstance(store, BucketStore):
        return {}
    found = {}
    wanted = set(names)
    for below in ("data/", "rest/"):
        for one in store.list(below):
            if one.name not in wanted or one.storage_class not in FROZEN:
                continue
            if not store.is_thawed(one.name):
                url = store_url(store, one.name)
                found[one.name] = Frozen(url, one.size, one.storage_class)
    return found
