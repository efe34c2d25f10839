"""Floor 4: a unit is proved: its objects are what was written, and make its inputs' texts again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pyarrow as pa

from flowparse.archive.manifest import Entry, Manifest, Output, read_manifest
from flowparse.archive.result import Problem
from flowparse.archive.stores import Store
from flowparse.archive.weaving import unit_texts
from flowparse.errors import SourceError

__all__ = ["check_unit", "read_manifests", "read_outputs", "texts_of"]

MANIFESTS = "manifests/"
_SUFFIX = ".json"


def read_manifests(store: Store) -> Iterator[Manifest | Problem]:
    """All manifests of an archive, by name; a problem for each that is none."""
    for one in store.list(MANIFESTS):
        try:
            yield read_manifest(store.read(one.name), store_url(store, one.name))
        except SourceError as error:
            yield Problem(one.name, "manifest", str(error))


def store_url(store: Store, name: str) -> str:
    """What messages call an object."""
    return store.url + name if store.url.endswith("/") else f"{store.url}/{name}"


def read_outputs(manifest: Manifest, store: Store) -> tuple[dict[str, bytes], list[Problem]]:
    """The objects of a unit, and what is wrong with them."""
    found: dict[str, bytes] = {}
    problems = []
    for output in manifest.outputs:
        try:
            data = store.read(output.key)
        except SourceError as error:
            problems.append(Problem(output.key, "unreadable", str(error)))
            continue
        fault = _fault(output, data)
        if fault:
            problems.append(Problem(output.key, *fault))
        found[output.key] = data
    return found, problems


def _fault(output: Output, data: bytes) -> tuple[str, str] | None:
    if len(data) != output.size:
        return "size", f"expected {output.size} bytes, got {len(data)}"
    digest = hashlib.sha256(data).hexdigest()
    if digest != output.sha256:
        return "sha256", f"expected SHA-256 {output.sha256}, got {digest}"
    return None


def texts_of(
    manifest: Manifest, outputs: dict[str, bytes]
) -> Iterator[tuple[Entry, memoryview | Problem]]:
    """Each input with its text, or with what is wrong with it."""
    texts = unit_texts(manifest, outputs)
    at = 0
    try:
        for at, entry in enumerate(manifest.inputs):  # noqa: B007  where it failed
            text = next(texts)
            is_same = hashlib.sha256(text).hexdigest() == entry.sha256
            yield entry, text if is_same else _other(entry, "its text is another")
    except (pa.ArrowException, OSError, ValueError, KeyError, StopIteration) as error:
        for entry in manifest.inputs[at:]:
            yield entry, _other(entry, f"its text cannot be made: {error}")


def _other(entry: Entry, message: str) -> Problem:
    return Problem(entry.key, "text", message)


def check_unit(manifest: Manifest, store: Store) -> tuple[int, list[Problem]]:
    """Bytes read of a unit, and what is wrong with it; nothing where it is proved.

    Notes
    -----
    Every object is read from where it lies, and every input's text is made from it again.
    """
    outputs, problems = read_outputs(manifest, store)
    n_bytes = sum(len(data) for data in outputs.values())
    if not problems:
        texts = texts_of(manifest, outputs)
        problems = [found for _, found in texts if isinstance(found, Problem)]
    return n_bytes, problems
