"""Floor 4: a source -> a report in a file, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa

from flowparse.aggregate.times import read_every
from flowparse.counts import Counts
from flowparse.errors import DestinationError
from flowparse.report.gather import gather
from flowparse.report.missing import library
from flowparse.report.page import render
from flowparse.writing.staging import Staging, local_path

__all__ = ["ReportResult", "write_report"]

_TITLE: Final = "Flow log report"
Mode = Literal["error", "overwrite"]


@dataclass(frozen=True, slots=True)
class ReportResult:
    """What a report says of itself.

    Attributes
    ----------
    path : Path
    bytes : int
        Of the file.
    records : int
        That the report tells of.
    findings : int or None
        None where no detector ran.
    counts : Counts
        What became of every line.
    errors : pyarrow.Table
        Sources that failed under `on_reject="collect"`, as of a `FlowReader`.
    """

    path: Path
    bytes: int
    records: int
    findings: int | None
    counts: Counts
    errors: pa.Table


def write_report(
    source: object,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    every: str | int | timedelta | None = None,
    prefix: int | None = None,
    prefix_ipv6: int | None = None,
    detectors: Iterable[object] | None = None,
    lists: Sequence[object] = (),
    mode: Mode = "error",
    **reading: Any,
) -> ReportResult:
    r"""Write a report on flow logs: one page of HTML that opens anywhere, offline too.

    Parameters
    ----------
    source : object
        What `flowparse.open_reader` reads, a `pyarrow.Table`, a `FlowDataset`, or anything with
        `__arrow_c_stream__`.
    path : str or os.PathLike
        The file, such as `report.html`. It appears whole or not at all.
    title : str, optional
        The heading of the page.
    every : str, timedelta or int, optional
        Length of a bar of the volume over time: `"5m"`, `"1h"`, or seconds. It is rounded up to
        what was counted, a minute for spans up to some weeks. None chooses, for 40 to 300 bars.
    prefix, prefix_ipv6 : int, optional
        Private addresses are folded into networks of these for the map of who talks to whom.
        Without either, subnets and AWS services are told by name where the records name them,
        and other private addresses are folded into /24 and /64.
    detectors : iterable, optional
        As of `flowparse.detect.run`; None is all. An empty one looks for nothing, and takes
        less time.
    lists : sequence
        Threat lists: paths, or what `flowparse.compute.load_threat_list` gives.
    mode : {"error", "overwrite"}
        What to do where the file is there already.
    **reading
        `filters`, `since`, `until`, `log_format`, `on_reject`, `threads`, `progress`,
        `session`: as of `flowparse.open_reader`.

    Returns
    -------
    ReportResult

    Raises
    ------
    ReportLibraryError
        A library of the extra `report` is absent: `pip install 'flowparse[report]'`.
    DestinationError
        The file is there already, or it cannot be written.
    ValueError
        An option that there is not, or `every` gives more bars than a page can hold.
    SourceError, InflateError, RecordError, LogFormatError
        As `flowparse.open_reader`.

    Notes
    -----
    One pass. Memory: a group for each pair of addresses and for each rejected port of one. The
    page is some 100 to 500 kB, whatever the size of the source. It has no script and asks for
    nothing, and its Content-Security-Policy forbids it to.

    Examples
    --------
    >>> import tempfile
    >>> from flowparse import report
    >>> log = b'''srcaddr dstaddr dstport protocol packets bytes start end action
    ... 10.0.0.1 10.0.1.2 443 6 10 5000 1700000000 1700000060 ACCEPT
    ... 203.0.113.9 10.0.0.1 22 6 1 60 1700000060 1700000061 REJECT
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = report.write_report(log, f"{folder}/report.html", title="Tuesday")
    ...     made.records, "<h1>Tuesday</h1>" in made.path.read_text()
    (2, True)
    """
    if mode not in ("error", "overwrite"):
        raise ValueError(f"mode: expected one of error, overwrite, got {mode!r}")
    for name in ("jinja2", "vl_convert"):  # before hours of reading
        library(name)
    place = local_path(path)
    _check_place(place, mode)
    gathered = gather(
        source,
        every=None if every is None else read_every(every),
        prefix=prefix,
        prefix_ipv6=prefix_ipv6,
        detectors=detectors,
        lists=lists,
        **reading,
    )
    page = render(gathered, title or _TITLE).encode()
    with Staging(place.parent) as staging:
        file = staging.file(place)
        with file.opened():
            file.write(page)
        _check_place(place, mode)
        staging.commit()
    found = gathered.findings
    return ReportResult(
        place,
        len(page),
        gathered.records,
        None if found is None else found.num_rows,
        gathered.counts,
        gathered.errors,
    )


def _check_place(place: Path, mode: Mode) -> None:
    if place.is_dir():
        raise DestinationError(
            f"{place} is a folder: name a file, such as report.html", destination=str(place)
        )
    if mode == "error" and os.path.lexists(place):
        raise DestinationError(
            f'{place} is there: pass mode="overwrite" to replace it, or name another file',
            destination=str(place),
        )
