"""Floor 4: the middle of a past, and its spread; quiet windows are rows that are not there."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Final

__all__ = ["Past"]

#: What makes a median absolute deviation a standard deviation, were the noise normal.
SIGMA: Final = 1.4826


class Past:
    """The counts of the last windows of one entity, of which most may be 0 and are not told.

    Parameters
    ----------
    began : int
        The number of the first window of the data.
    windows : int
        How many windows it goes back.
    """

    def __init__(self, began: int, windows: int) -> None:
        self._began = began
        self._windows = windows
        self._kept: list[tuple[int, int]] = []  # in order of time
        self._left = 0  # of them, too old
        self._sorted: list[int] = []

    def move_to(self, window: int) -> int:
        """Forget what is too old for a window. Returns how many windows are quiet."""
        oldest = max(self._began, window - self._windows)
        while self._left < len(self._kept) and self._kept[self._left][0] < oldest:
            del self._sorted[bisect_left(self._sorted, self._kept[self._left][1])]
            self._left += 1
        return max(0, window - oldest - len(self._sorted))

    def add(self, window: int, count: int) -> None:
        """A window that is over."""
        self._kept.append((window, count))
        insort(self._sorted, count)

    def at_most(self, count: float) -> list[int]:
        """The windows that had any, but no more than that, in order."""
        return [window for window, had in self._kept[self._left :] if had <= count]

    def median(self, zeros: int) -> float:
        """Of the counts, and of so many zeros."""
        return _middle(self._sorted, zeros)

    def deviation(self, zeros: int) -> float:
        """The standard deviation, estimated from the median distance to the median."""
        median = self.median(zeros)
        distances = [*(abs(count - median) for count in self._sorted), *[median] * zeros]
        return SIGMA * _middle(sorted(distances), 0)


def _middle(values: list[int] | list[float], zeros: int) -> float:
    """The median of sorted values with so many zeros before them; 0 of none."""
    whole = len(values) + zeros
    if whole == 0:
        return 0.0
    places = ((whole - 1) // 2 - zeros, whole // 2 - zeros)
    return sum(values[place] if place >= 0 else 0.0 for place in places) / 2
