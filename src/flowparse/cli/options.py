"""Floor 5: the options that commands share, in one place."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar, get_args

import click

from flowparse.access import Access
from flowparse.cli.conditions import read_condition
from flowparse.errors import LogFormatError
from flowparse.logformat import LogFormat
from flowparse.request import OnReject
from flowparse.schema import SchemaName
from flowparse.times import read_bound

__all__ = [
    "Command",
    "Reading",
    "access_options",
    "answer_options",
    "check_bound",
    "columns_option",
    "data_set_options",
    "log_format_option",
    "output_option",
    "partition_option",
    "read_names",
    "read_sources",
    "reading_options",
    "sources_argument",
    "whole_reading_options",
]

Command = TypeVar("Command", bound=Callable[..., Any])

#: Formats of a result. The first is a terminal's, the second what a pipe gets.
FORMATS: Final = ("table", "json", "csv", "arrow", "parquet")
_BINARY: Final = ("arrow", "parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the shared options ask for: the keyword arguments of `flowparse.open_reader`."""

    filters: list[tuple[Any, ...]]
    since: str | float | None = None
    until: str | float | None = None
    log_format: LogFormat | None
    schema: SchemaName = "typed"
    on_reject: OnReject
    threads: int | None
    access: Access

    @property
    def keeps_all(self) -> bool:
        """Whether no option drops records."""
        return not self.filters and self.since is None and self.until is None

    def keywords(self) -> dict[str, Any]:
        """The options by the names that the library gives them."""
        return {
            "filters": self.filters or None,
            "since": self.since,
            "until": self.until,
            "log_format": self.log_format,
            "schema": self.schema,
            "on_reject": self.on_reject,
            "threads": self.threads,
            "session": self.access,
        }


def read_sources(ctx: click.Context, param: click.Parameter, names: Sequence[str]) -> list[object]:
    """The source arguments as the library takes them: `-` is standard input, once."""
    if names.count("-") > 1:
        raise click.BadParameter("'-' is standard input, which can be read only once")
    return [sys.stdin.buffer if name == "-" else name for name in names]


def read_names(ctx: click.Context, param: click.Parameter, text: str | None) -> list[str] | None:
    """The value of an option that is a list."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise click.BadParameter("expected names with commas between them")
    return names


def _read_filters(
    ctx: click.Context, param: click.Parameter, texts: Sequence[str]
) -> list[tuple[Any, ...]]:
    try:
        return [read_condition(text) for text in texts]
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _read_log_format(
    ctx: click.Context, param: click.Parameter, text: str | None
) -> LogFormat | None:
    if text is None:
        return None
    try:
        return LogFormat.parse(text)
    except LogFormatError as error:
        raise click.BadParameter(str(error).removeprefix("log_format: ")) from None


def check_bound(ctx: click.Context, param: click.Parameter, text: str | None) -> str | float | None:
    """Refuse what is no time; digits alone are seconds since 1970."""
    if text is None:
        return None
    value = float(text) if text.strip().isdecimal() else text
    try:
        read_bound(value, "")
    except ValueError:
        raise click.BadParameter(
            f"expected a time such as 2026-11-24T13:00Z, an age such as 90m, 1h or 7d, "
            f"or seconds since 1970; got {text!r}"
        ) from None
    return value


def _read_format(ctx: click.Context, param: click.Parameter, name: str | None) -> str:
    """The format asked for, or the one that fits where standard output goes."""
    on_terminal = sys.stdout.isatty()
    if on_terminal and name in _BINARY:
        raise click.BadParameter(f"{name} is binary: send it to a file or a pipe, with > or |")
    return name or FORMATS[0 if on_terminal else 1]


def _read_pairs(
    ctx: click.Context, param: click.Parameter, texts: Sequence[str]
) -> dict[str, str] | None:
    for text in texts:
        if not text.partition("=")[1]:
            raise click.BadParameter(f"expected KEY=VALUE, got {text!r}")
    return dict(text.split("=", 1) for text in texts) or None


sources_argument = click.argument(
    "sources", metavar="SOURCE...", nargs=-1, required=True, callback=read_sources
)

columns_option = click.option(
    "--columns",
    metavar="A,B,...",
    callback=read_names,
    help="Columns wanted, in this order. Also on request: source, line, export_timestamp, "
    "log_group, log_stream.",
)

output_option = click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(FORMATS),
    callback=_read_format,
    help="Form of the result. Default: table on a terminal, else json, one object a line.",
)

partition_option = click.option(
    "--partition-by",
    metavar="KEY,...",
    callback=read_names,
    help="Folders to make, outermost first: day, hour, account, region.",
)

_DATA_SET_OPTIONS: Final = (
    click.option(
        "--state",
        metavar="FOLDER",
        help="Where to keep what was ingested. Default: DESTINATION.ingest, beside it.",
    ),
    partition_option,
    click.option(
        "--sink",
        type=click.Choice(["parquet", "delta", "iceberg"]),
        default="parquet",
        show_default=True,
        help="What DESTINATION is. delta: a path or URL. iceberg: CATALOG/NAMESPACE.TABLE.",
    ),
    click.option(
        "--sink-option",
        "sink_options",
        multiple=True,
        callback=_read_pairs,
        metavar="KEY=VALUE",
        help="Delta: a storage option. Iceberg: a property of the catalog. Repeat for more.",
    ),
)

log_format_option = click.option(
    "--log-format",
    metavar="FORMAT",
    callback=_read_log_format,
    help="Fields of sources without a header: '${version} ${srcaddr} ...'.",
)

_OPTIONS: Final = (
    click.option(
        "--filter",
        "filters",
        multiple=True,
        callback=_read_filters,
        metavar="'COLUMN OP VALUE'",
        help="Keep records for which this holds, such as 'dstport in 22,3389' or "
        "'srcaddr in network 10.0.0.0/8'. Given more than once, all must hold.",
    ),
    click.option(
        "--since",
        metavar="TIME",
        callback=check_bound,
        help="Keep records of this time or later: ISO time, or an age such as 1h.",
    ),
    click.option(
        "--until", metavar="TIME", callback=check_bound, help="Keep records before this time."
    ),
    log_format_option,
    click.option(
        "--schema",
        type=click.Choice(get_args(SchemaName)),
        default="typed",
        show_default=True,
        help="typed: times are timestamps. aws: the types of AWS's own Parquet files.",
    ),
    click.option(
        "--on-reject",
        type=click.Choice(get_args(OnReject)),
        default="warn",
        show_default=True,
        help="What a line does that is no record. collect also goes on after a damaged source.",
    ),
    click.option(
        "--threads",
        type=click.IntRange(min=1),
        metavar="N",
        help="Sources read at a time. Default: one for each core.",
    ),
)

_ACCESS_OPTIONS: Final = (
    click.option("--profile", metavar="NAME", help="Profile of the AWS configuration."),
    click.option("--region", metavar="NAME", help="AWS region, where the profile has none."),
    click.option("--endpoint-url", metavar="URL", help="Another server that speaks S3."),
    click.option(
        "--requester-pays", is_flag=True, help="Agree to pay for reading a bucket of others."
    ),
)
_ACCESS_NAMES: Final = ("profile", "region", "endpoint_url", "requester_pays")
_NAMES: Final = ("filters", "since", "until", "log_format", "schema", "on_reject", "threads")


def access_options(command: Command) -> Any:
    """Give a command the options for reaching AWS, as one `access` argument."""

    @functools.wraps(command)
    def with_access(**arguments: Any) -> Any:
        access = Access(**{name: arguments.pop(name) for name in _ACCESS_NAMES})
        return command(access=access, **arguments)

    return _decorate(with_access, _ACCESS_OPTIONS)


def reading_options(command: Command) -> Any:
    """Give a command the options for reading, as one `reading` argument."""
    return _give_options(command, _NAMES)


def whole_reading_options(command: Command) -> Any:
    """Give a command the options for reading but those of time, as one `reading` argument."""
    return _give_options(command, [name for name in _NAMES if name not in ("since", "until")])


def answer_options(command: Command) -> Any:
    """Give a command the options for reading but that of types, as one `reading` argument."""
    return _give_options(command, [name for name in _NAMES if name != "schema"])


def data_set_options(command: Command) -> Any:
    """Give a command the options of a data set that grows."""
    return _decorate(command, _DATA_SET_OPTIONS)


def _give_options(command: Command, names: Sequence[str]) -> Any:
    @access_options
    @functools.wraps(command)
    def with_reading(**arguments: Any) -> Any:
        asked = {name: arguments.pop(name) for name in (*names, "access")}
        return command(reading=Reading(**asked), **arguments)

    options = [one for name, one in zip(_NAMES, _OPTIONS, strict=True) if name in names]
    return _decorate(with_reading, options)


def _decorate(command: Any, options: Sequence[Any]) -> Any:
    for option in reversed(options):
        command = option(command)
    return command
