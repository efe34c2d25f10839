"""Floor 5: the `flowparse` command: its sub-commands, and what every one of them ends in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

import click
import pyarrow as pa

from flowparse.cli.archive import archive
from flowparse.cli.convert import convert
from flowparse.cli.count import count
from flowparse.cli.demo import demo
from flowparse.cli.denied import denied
from flowparse.cli.detect import detect
from flowparse.cli.exits import Exit, code_of, in_cli_words, say
from flowparse.cli.fields import fields
from flowparse.cli.follow import follow
from flowparse.cli.format import log_format
from flowparse.cli.head import head
from flowparse.cli.ingest import ingest
from flowparse.cli.lifecycle import lifecycle
from flowparse.cli.report import report
from flowparse.cli.restore import restore
from flowparse.cli.timeline import timeline
from flowparse.cli.top import top
from flowparse.cli.verify import verify
from flowparse.errors import FlowparseError

__all__ = ["app"]


class _App(click.Group):
    """A group whose errors are one line each, with the exit codes of the contract."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        def run() -> Any:
            return super(_App, self).main(args, prog_name, complete_var, False, **extra)

        return run() if not standalone_mode else sys.exit(_end(run))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # click would take it for exit code 1
            _drop_stdout()
            ctx.exit(Exit.PIPE_CLOSED)
        return code


def _end(run: Callable[[], Any]) -> int:
    """Run, and say in one line what went wrong."""
    code = _run(run)
    try:
        sys.stdout.flush()
    except OSError:  # it is said already
        _drop_stdout()
    return code


def _run(run: Callable[[], Any]) -> int:
    try:
        return int(run() or Exit.DONE)
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except click.ClickException as error:
        _say_usage(error)
        return error.exit_code
    except pa.ArrowException:  # some are ValueErrors, but never the user's fault
        raise
    except (FlowparseError, ValueError, OSError, OverflowError) as error:
        say(in_cli_words(_message(error)))
        return code_of(error)


def _message(error: Exception) -> str:
    """What an error says; of the system's, without its number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _say_usage(error: click.ClickException) -> None:
    """What is wrong, and where the right use is told; without a command, all of the help."""
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    if message.startswith("Usage: "):
        click.echo(message, err=True)
    else:
        say(f"{message}; see {context.command_path} --help" if context else message)


def _drop_stdout() -> None:
    """Nobody reads on: what is still in buffers goes nowhere, without an error at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=_App, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="flowparse", message="flowparse %(version)s")
def app() -> None:
    r"""AWS VPC Flow Logs as typed tables, from files, folders and pipes.

    Results go to standard output: a table on a terminal, JSON lines elsewhere, or what
    --output says. All else goes to standard error.

    \b
    Exit codes: 0 done; 1 done, but lines were rejected; 2 wrong use;
    3 a source could not be read; 10 findings (detect --fail-on).
    """


_COMMANDS: Final = (
    demo,
    head,
    count,
    convert,
    top,
    denied,
    timeline,
    detect,
    report,
    ingest,
    follow,
    archive,
    restore,
    verify,
    lifecycle,
    fields,
    log_format,
)
for _command in _COMMANDS:
    app.add_command(_command)
