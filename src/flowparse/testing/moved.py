"""Floor 4, stage "move": the same lines again in another window, with its times.

A day has 288 windows. Their records differ in nothing that a reader can tell by, but for their
times, so a few bodies are enough for months of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from flowparse.logformat import LogFormat

__all__ = ["MovedLines"]

_TIMES = ("start", "end")


class MovedLines:
    """Lines whose times can be moved.

    Parameters
    ----------
    lines : sequence of str
        With their newlines.
    log_format : LogFormat
    window_start : int
        Epoch seconds from which the lines' times count.
    """

    def __init__(self, lines: Sequence[str], log_format: LogFormat, window_start: int) -> None:
        places = [place for place, name in enumerate(log_format.fields) if name in _TIMES]
        self.count = len(lines)
        self._offsets: list[int] = []
        self._template = "".join(self._read(line, places, window_start) for line in lines)

    def _read(self, line: str, places: list[int], window_start: int) -> str:
        """The line with `%d` for each time, whose distance from the window is kept."""
        words = line.replace("%", "%%").split(" ")
        for place in places:
            word, newline, _ = words[place].partition("\n")
            self._offsets.append(int(word) - window_start)
            words[place] = f"%d{newline}"
        return " ".join(words)

    def text(self, window_start: int) -> str:
        r"""The lines as they would stand in another window.

        Examples
        --------
        >>> log_format = LogFormat.parse("start end instance-tag")
        >>> MovedLines(["970 1030 a%20b\n"], log_format, 900).text(1800)
        '1870 1930 a%20b\n'
        """
        return self._template % tuple([window_start + offset for offset in self._offsets])
