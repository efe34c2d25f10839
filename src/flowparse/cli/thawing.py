"""Floor 5: the options of thawing, and what is said of it."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import click
import pyarrow as pa

import flowparse
from flowparse.cli.exits import say
from flowparse.cli.options import Command
from flowparse.cli.plain import size

if TYPE_CHECKING:
    from flowparse.archive import Frozen
    from flowparse.thawing import ThawPrice, Tier

__all__ = ["Thawing", "thaw_options"]

_TIERS: Final[tuple[Tier, ...]] = ("bulk", "standard", "expedited")
_DAYS: Final = 7
_NAMES: Final = ("tier", "days", "waits", "apply", "prices")
_OPTIONS: Final = (
    click.option(
        "--thaw",
        "tier",
        type=click.Choice(_TIERS),
        help="Say what thawing frozen objects costs; with --apply ask for it. Of the three bulk "
        "is cheapest and slowest; DEEP_ARCHIVE has no expedited.",
    ),
    click.option(
        "--days",
        type=click.IntRange(min=1),
        default=_DAYS,
        metavar="N",
        help=f"Days for which thawed copies stay. Default: {_DAYS}.",
    ),
    click.option("--wait", "waits", is_flag=True, help="Wait until what thaws is thawed."),
    click.option("--apply", is_flag=True, help="Ask S3 to thaw, which it bills."),
    click.option(
        "--prices",
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        help="Your price table, as JSON. Default: list prices of us-east-1.",
    ),
)


def thaw_options(command: Command) -> Any:
    """Give a command the options of thawing, as one `thawing` argument."""

    @functools.wraps(command)
    def with_thawing(**arguments: Any) -> Any:
        thawing = Thawing(**{name: arguments.pop(name) for name in _NAMES})
        if thawing.apply and thawing.tier is None:
            raise click.UsageError("--apply asks for thawing: pass --thaw with a tier as well")
        return command(thawing=thawing, **arguments)

    wrapped: Any = with_thawing
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


@dataclass(slots=True)
class Thawing:
    """What is asked for, and what became of each object."""

    tier: Tier | None
    days: int
    waits: bool
    apply: bool
    prices: str | None
    outcomes: dict[str, str] = field(default_factory=dict)
    ongoing: int | None = None

    def when_frozen(self, access: Any, stop: threading.Event) -> Callable[[Sequence[Frozen]], bool]:
        """What `restore` calls where objects are frozen."""
        table = None if self.prices is None else self._table()
        if self.tier is not None:
            return flowparse.thawing.thaw(
                self.tier,
                self.days,
                apply=self.apply,
                wait_seconds=None if self.waits else 0,
                prices=table,
                on_price=self._say_price,
                on_asked=self._say_asked,
                told=self._say_waiting,
                stop=stop,
                session=access,
            )
        return lambda frozen: self._offer(frozen, table, access, stop)

    def say_left(self, frozen: Sequence[Frozen]) -> None:
        """Name what is frozen still."""
        for one in frozen:
            thaws = self.outcomes.get(one.url) in ("asked", "ongoing")
            what = "being thawed: run this again, or with --wait" if thaws else "thaw it first"
            say(f"{one.url}: {one.storage_class}, {size(one.size)}: {what}", "warning")

    def _table(self) -> Any:
        from flowparse.lifecycle import load_prices

        return load_prices(self.prices)

    def _offer(
        self, frozen: Sequence[Frozen], table: Any, access: Any, stop: threading.Event
    ) -> bool:
        """No tier is given: say what each would cost, and wait for what others asked for."""
        states = flowparse.thawing.look(frozen, session=access)
        self.outcomes = {one.url: one.state for one in states}
        if any(one.state == "frozen" for one in states):
            for tier in _TIERS:
                try:
                    found = flowparse.thawing.price(states, tier, self.days, prices=table)
                except ValueError:
                    continue  # some class does not have it
                self._say_price(found)
            say("--thaw TIER --apply asks for it", "note")
        if not self.waits:
            return False
        done = flowparse.thawing.wait(states, stop=stop, told=self._say_waiting, session=access)
        return any(one.can_be_read for one in done)

    def _say_price(self, price: ThawPrice) -> None:
        parts = (
            ("retrieval", price.retrieval),
            ("requests", price.requests),
            (f"copies for {price.days} days", price.storage),
        )
        told = ", ".join(f"{what} {_money(cost)}" for what, cost in parts)
        say(
            f"thawing {price.objects:,} objects, {size(price.bytes)}, {price.tier}: "
            f"{_money(price.total)} {price.currency} ({told}), by the prices of {price.region} "
            f"of {price.date}; within {_hours(price.hours)} as a rule",
            "note",
        )

    def _say_asked(self, asked: pa.Table) -> None:
        rows = asked.to_pylist()
        self.outcomes = {row["object"]: row["outcome"] for row in rows}
        for row in rows:
            if row["message"]:
                say(row["message"], "warning")
        counts = {name: list(self.outcomes.values()).count(name) for name in _WORDS}
        told = ", ".join(f"{counts[name]:,} {_WORDS[name]}" for name in _WORDS if counts[name])
        say(f"thawing: {told}", "note")

    def _say_waiting(self, ongoing: int, objects: int) -> None:
        if ongoing and ongoing != self.ongoing:
            say(f"waiting: {ongoing:,} of {objects:,} objects are being thawed", "note")
        self.ongoing = ongoing


_WORDS: Final = {
    "would-ask": "to be asked for: pass --apply",
    "asked": "asked for",
    "ongoing": "being thawed already",
    "thawed": "thawed",
    "readable": "readable",
    "failed": "not asked for",
}
_CENT: Final = 0.01
_LEAST: Final = 0.0001


def _money(amount: float) -> str:
    if not amount or amount >= _CENT:
        return f"{amount:,.2f}"
    return f"{amount:.4f}" if amount >= _LEAST else f"under {_LEAST}"


def _hours(hours: float) -> str:
    return f"{hours:g} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
