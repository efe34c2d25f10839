"""The table of findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from flowparse.detect import FINDINGS, Detector, Facts, make_findings


@dataclass(frozen=True)
class Plain(Detector):
    """Finds what it is told to."""

    name: ClassVar[str] = "plain"
    technique: ClassVar[str | None] = "T1046"
    rows: tuple[tuple[int, str], ...] = ()

    def find(self, facts: Facts) -> pa.Table:
        return make_findings(
            self,
            time=[time for time, _ in self.rows],
            entity=[entity for _, entity in self.rows],
            severity="low",
            why="because",
        )


def test_findings_have_the_fixed_schema_whatever_was_given() -> None:
    """Columns that a detector leaves out are null, and the types are those of FINDINGS."""
    found = Plain(rows=((60, "b"), (0, "c"), (60, "a"))).find(Facts.none())
    assert found.schema == FINDINGS
    assert found["entity"].to_pylist() == ["c", "a", "b"]
    assert set(found["detector"].to_pylist()) == {"plain"}
    assert set(found["technique"].to_pylist()) == {"T1046"}
    assert found["srcaddr"].null_count == 3


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"tme": [1]}, "tme"), ({"time": [1], "severity": "low", "entity": ["x"]}, "why missing")],
)
def test_a_finding_that_says_too_little_is_refused(columns: dict[str, Any], said: str) -> None:
    """An unknown column and a missing one are ValueErrors that name it."""
    with pytest.raises(ValueError, match=said):
        make_findings(Plain(), **columns)


def test_what_a_detector_lacks_is_told() -> None:
    """A detector whose columns no record had says so; of no records it finds nothing."""
    talks = pa.table({"client": ["10.0.0.1"], "server": ["10.0.0.2"]})
    facts = Facts.made(talks)
    assert Plain().unable(facts) is None
    assert Plain().unable(Facts.made(talks, columns=["srcaddr"])) == (
        "no record has start, dstaddr"
    )
    assert Plain().unable(Facts.none()) is None
