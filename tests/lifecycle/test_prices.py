"""The table of prices is a file that users may replace."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from flowparse.lifecycle.prices import load_prices

SHIPPED = json.loads((files("flowparse.lifecycle") / "prices" / "us-east-1.json").read_text())


def changed(path: Path, *names: str, value: Any = None, drop: bool = False) -> Path:
    """The file that is shipped, but for one member."""
    table = json.loads(json.dumps(SHIPPED))
    place = table
    for name in names[:-1]:
        place = place[name]
    if drop:
        del place[names[-1]]
    else:
        place[names[-1]] = value
    path.write_text(json.dumps(table))
    return path


def test_the_file_tells_where_it_is_from() -> None:
    """Region, date and source."""
    prices = load_prices()
    assert (prices.region, prices.currency) == ("us-east-1", "USD")
    assert prices.date
    assert prices.source.startswith("https://")


def test_prices_can_be_replaced(tmp_path: Path) -> None:
    """A file laid out in the same way is read instead."""
    path = changed(tmp_path / "own.json", "classes", "STANDARD", "put_per_1000", value=1)
    assert load_prices(path).classes["STANDARD"].put_per_1000 == 1


@pytest.mark.parametrize(
    ("names", "value", "said"),
    [
        (("classes", "GLACIER", "minimum_days"), "90", "classes.GLACIER.minimum_days"),
        (("classes", "GLACIER", "put_per_1000"), -1, "classes.GLACIER.put_per_1000"),
        (("classes", "GLACIER", "put_per_1000"), float("nan"), "classes.GLACIER.put_per_1000"),
        (("classes", "GLACIER", "cost"), 1, "classes.GLACIER.cost: no such member"),
        (("classes", "GLACIER"), 3, "classes.GLACIER: expected an object"),
        (("classes", "STANDARD", "storage_per_gb_month"), [[5, 1]], "must be null"),
        (("classes", "STANDARD", "storage_per_gb_month"), [[5, 1], [4, 1], [None, 1]], "rise"),
        (("classes", "STANDARD", "storage_per_gb_month"), [], "expected pairs"),
        (("classes", "STANDARD", "retrieval_per_gb"), {"bulk": "x"}, "retrieval_per_gb.bulk"),
        (("classes",), {}, "with STANDARD"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, names: tuple[str, ...], value: Any, said: str
) -> None:
    """By its place in the file."""
    path = changed(tmp_path / "own.json", *names, value=value)
    with pytest.raises(ValueError, match=said) as caught:
        load_prices(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("names", [("date",), ("classes", "GLACIER", "minimum_days")])
def test_what_is_missing_is_named(tmp_path: Path, names: tuple[str, ...]) -> None:
    """No member is taken for 0."""
    with pytest.raises(ValueError, match=f"no {names[-1]}"):
        load_prices(changed(tmp_path / "own.json", *names, drop=True))


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    """With the place."""
    path = tmp_path / "own.json"
    path.write_text("{")
    with pytest.raises(ValueError, match=r"own\.json: not JSON"):
        load_prices(path)
