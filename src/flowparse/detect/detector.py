"""Floor 4: what a detector is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

if TYPE_CHECKING:
    from flowparse.detect.facts import Facts

__all__ = ["Detector"]


class Detector(ABC):
    """A question about the facts whose answers are findings.

    A subclass is a frozen dataclass: its fields are the thresholds, each with a default and, in
    the docstring, the reason for it.

    Attributes
    ----------
    name : str
        As it stands in findings, such as `beacon`.
    technique : str
        Of MITRE ATT&CK, such as `T1071`; None where none fits.
    needs : tuple of str
        Columns of the records without which it cannot say anything.
    """

    name: ClassVar[str]
    technique: ClassVar[str | None]
    needs: ClassVar[tuple[str, ...]] = ("start", "srcaddr", "dstaddr")

    @abstractmethod
    def find(self, facts: Facts) -> pa.Table:
        """Findings, of the schema `FINDINGS`, in order.

        They are causal: what is found in a window depends on it and on earlier ones alone, so
        that days that come later change nothing. One finding is told of an episode: windows
        that follow one another join.
        """

    def unable(self, facts: Facts) -> str | None:
        """Why it cannot answer from these facts; None where it can."""
        missing = [name for name in self.needs if name not in facts.columns]
        if missing and facts:
            return f"no record has {', '.join(name.replace('_', '-') for name in missing)}"
        return None
