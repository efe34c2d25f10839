"""Floor 2: a log group of CloudWatch Logs, read as it is. Stage "open".

boto3 is imported when such a source is first read, and not before.

Source: AWS, "FilterLogEvents" (CloudWatch Logs API Reference), "DescribeFlowLogs" (EC2 API
Reference), "Publish flow logs to CloudWatch Logs" (VPC User Guide).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from itertools import chain, groupby
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from flowparse.access import Access
from flowparse.bounds import time_bounds
from flowparse.errors import LogFormatError, SourceError
from flowparse.logformat import LogFormat
from flowparse.request import Request
from flowparse.sources.events import Events, EventSource

__all__ = ["LogGroupSource", "is_log_group"]

_SCHEME: Final = "logs://"
_REGION: Final = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_EXPECTED: Final = (
    "expected logs://REGION/GROUP, as in logs://eu-central-1/my-flow-logs, or "
    "logs://eu-central-1//vpc/flow for a group whose name begins with /; "
    "?stream=NAME or ?streams=PREFIX chooses streams"
)
#: An event has the time of its record's start, AWS says elsewhere than in the reference. A
#: window is 10 minutes at most; this is more than enough for either end of it.
_SLACK_MS: Final = 3_600_000
_MOST_STREAMS: Final = 100
#: AWS refuses more than some calls a second and account. botocore waits longer each time.
_ATTEMPTS: Final = 12
_DENIED: Final = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
_NOT_TOLD: Final = (*_DENIED, "")


class _MissingError(SourceError):
    """There is no such log group, or no such stream in it."""


def is_log_group(text: str) -> bool:
    """Whether it is meant as the address of a log group."""
    return text.lower().startswith(_SCHEME)


class _Place(NamedTuple):
    region: str
    group: str
    names: tuple[str, ...]
    prefix: str | None


class LogGroupSource(EventSource):
    """The events of a log group, from a point in time to another.

    Parameters
    ----------
    url : str
        `logs://REGION/GROUP`. The group's name is all that follows the first `/` behind the
        region: one that begins with `/` makes two. `?stream=NAME`, as often as needed, or
        `?streams=PREFIX` choose log streams; their names are percent-decoded.
    access : Access, optional
        How AWS is reached.

    Raises
    ------
    SourceError
        The URL is none.
    """

    def __init__(self, url: str, access: Access | None = None) -> None:
        self.name = url
        self._access = access or Access()
        self._place = _read_url(url)
        self._start_ms: int | None = None
        self._end_ms: int | None = None
        self._found_format: LogFormat | None = None
        self._asked = False
        self._begun: Iterator[list[dict[str, Any]]] | None = None

    def begin(self, request: Request) -> LogGroupSource:
        """The group between the times that a call asks for, and its first page.

        Raises
        ------
        SourceError
            There is no such group or stream. Whatever else is wrong is told by the reading.
        """
        begun = copy(self)
        in_seconds = request.schema == "typed"  # as AWS has them, old times are milliseconds
        since, until = time_bounds(request.filters if in_seconds else (), request.window)
        if since is not None:
            begun._start_ms = max(0, int(since * 1000) - _SLACK_MS)
        if until is not None:
            begun._end_ms = max(0, int(until * 1000) + _SLACK_MS)
        pages = begun._read_pages()
        try:
            begun._begun = chain([next(pages)], pages)
        except _MissingError:
            raise
        except SourceError as error:
            begun._begun = _raising(error)
        return begun

    def read_events(self) -> Iterator[Events]:
        """The events, by time; those of the same millisecond by stream and then by event id.

        Raises
        ------
        SourceError
            AWS refuses, or cannot be reached.
        """
        pages, self._begun = self._begun or self._read_pages(), None
        for events in _in_order(pages):
            for stream, run in groupby(events, key=lambda event: event.get("logStreamName")):
                of_one = list(run)
                yield Events(
                    self._place.group,
                    stream,
                    [event.get("message", "") for event in of_one],
                    [event.get("timestamp") for event in of_one],
                )

    def _read_pages(self) -> Iterator[list[dict[str, Any]]]:
        client = self._client("logs")
        asked = self._question()
        while True:
            with _explain(self, "FilterLogEvents"):
                answer = client.filter_log_events(**asked)
            # A service that knows no prefix answers with all streams.
            prefix = self._place.prefix or ""
            yield [e for e in answer["events"] if e.get("logStreamName", "").startswith(prefix)]
            if not answer.get("nextToken"):
                return
            asked["nextToken"] = answer["nextToken"]

    def _question(self) -> dict[str, Any]:
        place = self._place
        # Without `interleaved` some services give stream after stream; AWS ignores it.
        asked: dict[str, Any] = {"logGroupName": place.group, "interleaved": True}
        if place.names:
            asked["logStreamNames"] = list(place.names)
        if place.prefix is not None:
            asked["logStreamNamePrefix"] = place.prefix
        if self._start_ms is not None:
            asked["startTime"] = self._start_ms
        if self._end_ms is not None:
            asked["endTime"] = self._end_ms
        return asked

    def _client(self, service: str) -> Any:
        with _explain(self, f"a client of {service}"):
            return self._access.client(service, region=self._place.region, attempts=_ATTEMPTS)

    def hint(self, code: str) -> str:
        """What to do about an error of AWS's."""
        region, group = self._place.region, self._place.group
        if code == "ResourceNotFoundException" and not group.startswith("/"):
            return f"; a group whose name is /{group} is {_SCHEME}{region}//{group}"
        return ""

    def find_format(self) -> LogFormat | None:
        """The format of the flow logs that are delivered to the group, as AWS knows it.

        Returns
        -------
        LogFormat or None
            None where there are none any more, or the caller may not, or cannot, ask. Asked
            once.

        Raises
        ------
        LogFormatError
            There are several, with different formats.
        SourceError
            AWS refuses the question for another reason.
        """
        if not self._asked:
            self._found_format = self._choose_format(self._describe_formats())
            self._asked = True
        return self._found_format

    def _describe_formats(self) -> list[str | None]:
        chosen = [{"Name": "log-group-name", "Values": [self._place.group]}]
        pages = self._client("ec2").get_paginator("describe_flow_logs").paginate(Filters=chosen)
        with _explain(self, "DescribeFlowLogs"):
            try:
                return [flow.get("LogFormat") for page in pages for flow in page["FlowLogs"]]
            except Exception as error:
                # From a network of its own, a caller may reach CloudWatch Logs and not EC2.
                if _is_of_boto(error) and _code_of(error) in _NOT_TOLD:
                    return []
                raise

    def _choose_format(self, texts: Iterable[str | None]) -> LogFormat | None:
        formats = list(dict.fromkeys(LogFormat.parse(text) for text in texts))
        if len(formats) > 1:
            listed = "; ".join(str(log_format) for log_format in formats)
            raise LogFormatError(
                f"{self.name}: flow logs of {len(formats)} formats are delivered to this group: "
                f"{listed}. Pass log_format, and choose the streams that have it: {_EXPECTED}"
            )
        return formats[0] if formats else None


def _in_order(pages: Iterable[list[dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    """Pages come by time, but of one time in any order: the last time waits for more of it."""
    held: list[dict[str, Any]] = []
    try:
        for page in filter(None, pages):
            held = sorted(held + page, key=_order)
            last = held[-1]["timestamp"]
            at = next(n for n, event in enumerate(held) if event["timestamp"] == last)
            yield held[:at]
            held = held[at:]
    except SourceError:
        yield held  # what came is kept
        raise
    yield held


def _order(event: dict[str, Any]) -> tuple[int, str, int, str]:
    number = str(event.get("eventId", ""))
    return event["timestamp"], event.get("logStreamName", ""), len(number), number


def _read_url(url: str) -> _Place:
    rest, _, query = url[len(_SCHEME) :].partition("?")
    region, slash, group = rest.partition("/")
    names: list[str] = []
    prefix: str | None = None
    for part in filter(None, query.split("&")):
        key, _, value = part.partition("=")
        if key == "stream" and value:
            names.append(unquote(value))
        elif key == "streams" and value and prefix is None:
            prefix = unquote(value)
        else:
            raise SourceError(f"{url}: {part!r} is not known here: {_EXPECTED}", source=url)
    if not (slash and group and _REGION.fullmatch(region)):
        raise SourceError(f"{url}: {_EXPECTED}", source=url)
    if names and prefix is not None:
        raise SourceError(f"{url}: stream and streams exclude each other", source=url)
    if len(names) > _MOST_STREAMS:
        raise SourceError(
            f"{url}: AWS takes {_MOST_STREAMS} streams by name at a time, got {len(names)}: "
            "use ?streams=PREFIX, or a list of sources",
            source=url,
        )
    return _Place(region, group, tuple(names), prefix)


@contextmanager
def _explain(source: LogGroupSource, call: str) -> Iterator[None]:
    """What boto3 raises becomes a SourceError that says what was asked of whom."""
    try:
        yield
    except ImportError as error:
        raise SourceError(f"{source.name}: it needs boto3: {error}", source=source.name) from error
    except Exception as error:
        if not _is_of_boto(error):
            raise
        code = _code_of(error)
        kind = _MissingError if code == "ResourceNotFoundException" else SourceError
        said = f"{source.name}: {call} failed: {error}{source.hint(code)}"
        raise kind(said, source=source.name) from error


def _is_of_boto(error: Exception) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    return isinstance(error, BotoCoreError | ClientError)


def _code_of(error: Exception) -> str:
    response: dict[str, Any] = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", ""))


def _raising(error: SourceError) -> Iterator[list[dict[str, Any]]]:
    raise error
    yield
