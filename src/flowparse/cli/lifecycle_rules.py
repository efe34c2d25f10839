"""Floor 5: `flowparse lifecycle show | plan | apply | remove`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import click
import pyarrow as pa

from flowparse.access import Access
from flowparse.cli.exits import Exit, in_cli_words, say
from flowparse.cli.options import access_options, output_option
from flowparse.cli.output import write_result
from flowparse.cli.plain import clean

if TYPE_CHECKING:
    from flowparse.lifecycle import Plan, Policy

__all__ = ["apply", "plan", "policy_of", "policy_options", "remove", "show"]

_PRESETS: Final = ("hot-30-days", "one-year", "seven-years")
_NUMBERS: Final = ("expire", "noncurrent", "keep_noncurrent", "abort_uploads", "larger_than")


def _read_transitions(
    ctx: click.Context, param: click.Parameter, texts: Sequence[str]
) -> list[tuple[str, int]]:
    read = []
    for text in texts:
        name, _, days = text.partition(":")
        if not (name and days.isdecimal()):
            raise click.BadParameter(f"expected CLASS:DAYS such as GLACIER_IR:90, got {text!r}")
        read.append((name.upper(), int(days)))
    return read


def _days(name: str, about: str) -> Any:
    return click.option(name, type=int, metavar="DAYS", help=about)


_POLICY: Final = (
    click.option(
        "--preset",
        type=click.Choice(_PRESETS),
        help="A policy by purpose; other options change its numbers.",
    ),
    click.option(
        "--transition",
        "transitions",
        multiple=True,
        callback=_read_transitions,
        metavar="CLASS:DAYS",
        help="Move objects after so many days, such as GLACIER_IR:90. Repeat for more.",
    ),
    _days("--expire", "Delete objects after so many days."),
    _days("--noncurrent", "Delete versions that have not been current for so many days."),
    click.option(
        "--keep-noncurrent", type=int, metavar="N", help="Spare the newest N of them, 1 to 100."
    ),
    _days("--abort-uploads", "Give up uploads that are so many days old."),
    click.option(
        "--larger-than",
        type=int,
        metavar="BYTES",
        help="Move larger objects only, whatever the bucket's own limit. Default: 128 KB, S3's.",
    ),
)
_PREFIX: Final = click.option(
    "--prefix",
    "prefixes",
    multiple=True,
    metavar="PREFIX",
    help="For this prefix, whatever lies there; repeat for more. Default: what is found.",
)
_FLOW_LOGS: Final = click.option(
    "--flow-logs",
    is_flag=True,
    help="Also where flow logs of this account and region will deliver; asks EC2.",
)
_AS: Final = click.option(
    "--as",
    "form",
    type=click.Choice(["diff", "terraform", "cloudformation", "json"]),
    default="diff",
    show_default=True,
    help="How to show the rules that the bucket would have.",
)
_APPLY: Final = click.option("--apply", "does", is_flag=True, help="Do it. Default: say what.")


def policy_options(command: Callable[..., Any]) -> Any:
    """Give a command the options that make a policy; `policy_of` reads them."""
    for option in reversed(_POLICY):
        command = option(command)
    return command


def _planning_options(command: Callable[..., Any]) -> Any:
    return policy_options(_PREFIX(_FLOW_LOGS(_AS(command))))


@click.command()
@click.argument("place", metavar="BUCKET")
@output_option
@access_options
def show(place: str, form: str, access: Access) -> Exit:
    """List the rules of BUCKET, or of s3://bucket/prefix: whose they are and what they do."""
    from flowparse.lifecycle import list_rules

    write_result(list_rules(place, session=access), form, _show)
    return Exit.DONE


@click.command()
@click.argument("place", metavar="BUCKET")
@_planning_options
@access_options
def plan(place: str, **options: Any) -> Exit:
    """Show what a policy for the flow logs in BUCKET would change. Writes nothing.

    BUCKET is a bucket's name, or s3://bucket/prefix for the flow logs below a prefix.
    """
    _tell(*_planned(place, options))
    return Exit.DONE


@click.command()
@click.argument("place", metavar="BUCKET")
@_planning_options
@_APPLY
@access_options
def apply(place: str, does: bool, **options: Any) -> Exit:
    """Give the flow logs in BUCKET the rules of a policy: prints the plan, and needs --apply.

    The rules are read again afterwards. Where the server kept others, the former ones come back.
    """
    planned, form = _planned(place, options)
    return _carry_out(planned, form, does)


@click.command()
@click.argument("place", metavar="BUCKET")
@_PREFIX
@_AS
@_APPLY
@access_options
def remove(place: str, prefixes: Sequence[str], form: str, does: bool, access: Access) -> Exit:
    """Take flowparse's own rules out of BUCKET: prints the plan, and needs --apply."""
    from flowparse.lifecycle import plan_removal

    planned = plan_removal(place, prefixes=prefixes or None, session=access)
    return _carry_out(planned, form, does)


def _planned(place: str, options: dict[str, Any]) -> tuple[Plan, str]:
    from flowparse import lifecycle

    access, prefixes = options["access"], [*options["prefixes"]]
    if options["flow_logs"]:
        prefixes += lifecycle.flow_log_prefixes(place, session=access)
        if not options["prefixes"]:
            prefixes += lifecycle.find_prefixes(place, session=access)
    asked = lifecycle.plan(place, policy_of(options), prefixes=prefixes or None, session=access)
    return asked, options["form"]


def policy_of(options: dict[str, Any]) -> Policy:
    """The preset, with what was said beside it in its place."""
    from flowparse.lifecycle import CLASSES, PRESETS, REASONS, Policy, Transition

    name = options["preset"]
    given = {one: options[one] for one in _NUMBERS if options[one] is not None}
    if options["transitions"]:
        given["transitions"] = tuple(Transition(*one) for one in options["transitions"])
    replaced = (*given, *((*CLASSES, "no transition") if options["transitions"] else ()))
    for reason in REASONS[name] if name else ():
        if not reason.startswith(replaced):
            say(in_cli_words(reason), "note")
    return dataclasses.replace(PRESETS[name] if name else Policy(), **given)


def _tell(planned: Plan, form: str) -> None:
    from flowparse.lifecycle import as_cloudformation, as_json, as_terraform

    texts: dict[str, Callable[[Plan], str]] = {
        "diff": lambda plan: plan.diff() + "\n" * bool(plan.diff()),
        "terraform": as_terraform,
        "cloudformation": as_cloudformation,
        "json": as_json,
    }
    click.echo("\n".join(map(clean, texts[form](planned).split("\n"))), nl=False)
    for warning in planned.warnings:
        say(in_cli_words(warning), "warning")
    counts = (planned.added, planned.changed, planned.removed, planned.untouched)
    words = ("added", "changed", "removed", "untouched")
    told = ", ".join(f"{len(some)} {word}" for some, word in zip(counts, words, strict=True))
    say(f"rules of {planned.bucket}: {told}", "note")


def _carry_out(planned: Plan, form: str, does: bool) -> Exit:
    from flowparse import lifecycle

    _tell(planned, form)
    if not does:
        say("nothing was written: add --apply", "note")
    elif planned.is_empty:
        say("nothing to write", "note")
    else:
        lifecycle.apply(planned)
        say("written, and read again", "note")
    return Exit.DONE


def _show(table: pa.Table) -> None:
    from flowparse.cli.terminal import console, grid

    rows = grid("rule", "of", "status", "prefix", "does", wrap=["prefix", "does"])
    for row in table.to_pylist():
        rows.add_row(*(clean(str(value)) for value in row.values()))
    console().print(rows)
