"""Floor 4: the thresholds of detectors: what they are, why, and set from text."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pyarrow as pa

from flowparse.detect.detector import Detector
from flowparse.detect.registry import DETECTORS

__all__ = ["set_thresholds", "thresholds"]

_SCHEMA: Final = pa.schema(
    [
        ("detector", pa.string()),
        ("technique", pa.string()),
        ("finds", pa.string()),
        ("threshold", pa.string()),
        ("default", pa.string()),
        ("why", pa.string()),
    ]
)
_ENTRY: Final = re.compile(r"(?P<names>\w+(?:, \w+)*) : .+")
_SECTION: Final = re.compile(r"^(?:Attributes|Parameters)\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", re.M | re.S)
#: Fields that are no thresholds: a run gives them.
_GIVEN: Final = ("lists", "baseline")
_TRUTHS: Final = {"true": True, "yes": True, "false": False, "no": False}


def thresholds() -> pa.Table:
    """All detectors with their thresholds.

    Returns
    -------
    pyarrow.Table
        A row a threshold: `detector`, its `technique`, what it `finds`, the `threshold`, its
        `default` as text, and `why` it is that.

    Examples
    --------
    >>> from flowparse import detect
    >>> detect.thresholds().column_names
    ['detector', 'technique', 'finds', 'threshold', 'default', 'why']
    """
    rows = [row for name, kind in DETECTORS.items() for row in _rows_of(name, kind)]
    return pa.Table.from_pylist(rows, _SCHEMA)


def _rows_of(name: str, kind: type[Detector]) -> Iterator[dict[str, str | None]]:
    text = inspect.getdoc(kind) or ""
    about = {"detector": name, "technique": kind.technique, "finds": text.partition("\n")[0]}
    reasons = _reasons(text)
    fields = [field for field in _fields(kind) if field.name not in _GIVEN]
    for field in fields:
        yield {
            **about,
            "threshold": field.name,
            "default": _as_text(field.default),
            "why": reasons.get(field.name),
        }
    if not fields:
        yield {**about, "threshold": None, "default": None, "why": None}


def _fields(kind: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()


def _reasons(text: str) -> dict[str, str]:
    """What the docstring says of each field, on one line."""
    found: dict[str, str] = {}
    for section in _SECTION.findall(text):
        names: list[str] = []
        for line in section.splitlines():
            entry = _ENTRY.fullmatch(line)
            if entry:
                names = entry["names"].split(", ")
            for name in names if not entry else ():
                found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return found


def _as_text(value: object) -> str:
    if isinstance(value, (tuple, frozenset)):
        return (
            ",".join(map(str, sorted(value) if isinstance(value, frozenset) else value)) or "none"
        )
    return str(value)


def set_thresholds(detectors: Iterable[Detector], settings: Iterable[str]) -> list[Detector]:
    """The detectors with thresholds as text says: `beacon.min_beats=8`.

    Raises
    ------
    ValueError
        A setting of another form, of a detector that is not among them, or of a threshold that
        there is not; a value that is not of the threshold's type.
    """
    changes: dict[str, dict[str, Any]] = {}
    by_name = {one.name: one for one in detectors}
    for setting in settings:
        place, equals, value = setting.partition("=")
        name, dot, field = place.strip().partition(".")
        if not (equals and dot):
            raise ValueError(f"set: expected DETECTOR.THRESHOLD=VALUE, got {setting!r}")
        _check(name, by_name, f"set: no detector {name!r} is asked for")
        one: Any = by_name[name]
        fields = {f.name: f for f in _fields(type(one)) if f.name not in _GIVEN}
        _check(field, fields, f"set: {name} has no threshold {field!r}")
        changes.setdefault(name, {})[field] = _read(setting, value.strip(), getattr(one, field))
    return [
        dataclasses.replace(one, **changes[name]) if name in changes else one  # type: ignore[type-var]
        for name, one in by_name.items()
    ]


def _check(name: str, among: Iterable[str], message: str) -> None:
    if name not in among:
        near = difflib.get_close_matches(name, list(among), n=3) or list(among)
        raise ValueError(f"{message}; there is {', '.join(near)}")


def _read(setting: str, text: str, default: Any) -> Any:
    """A value of the default's type."""
    kind = type(default)
    try:
        if kind is bool:
            return _TRUTHS[text.lower()]
        if kind in (tuple, frozenset):
            inner = type(next(iter(default), ""))
            return kind(inner(part.strip()) for part in text.split(",") if part.strip())
        return kind(text) if default is not None else text
    except (ValueError, KeyError):
        raise ValueError(f"set: expected {kind.__name__} in {setting!r}, got {text!r}") from None
