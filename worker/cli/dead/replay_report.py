"""What `dead replay` prints: before anything is done, and when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from worker.cli.labelled import labelled
from worker.cli.terminal import age, cell, console, counted, plain_table, print_json
from worker.delivery.destinations import Limits
from worker.letters.ledger import THOUSANDTHS
from worker.replays.forecast import Forecast
from worker.replays.replay import Replay, ReplayRequest

SHOWN: Final = 10
"""So many destinations are in the table; --json has them all."""

_NAME_CHARS: Final = 60

WORDS: Final = {
    "skipped_expired": "skipped: expired, too old to be sent",
    "skipped_ambiguous": (
        "skipped: ambiguous for over 48 h, might count twice (--accept-duplicates)"
    ),
    "skipped_no_destination": "skipped: never had a destination",
    "gone": "not there: replayed, changed or purged meanwhile, or never a dead letter",
}
NO_MATCH: Final = "No dead letter matches."


@dataclass(frozen=True, slots=True)
class Plan:
    """A replay that nobody has asked the workers for yet.

    Attributes:
        request: what would be asked for.
        forecast: what it would do.
        limits_of: what one request to a destination holds.
    """

    request: ReplayRequest
    forecast: Forecast
    limits_of: Callable[[str], Limits]

    def counts(self, *, replayed: int) -> dict[str, int]:
        """The counts of `dead replay --json`."""
        skipped, selected = self.forecast.skipped(), self.request.selected
        return {
            "selected": selected,
            "replayed": replayed,
            **skipped,
            "gone": self.request.missing,
        }

    def question(self) -> str:
        """Return the question for the operator."""
        chosen, ready = self.request.selected, self.forecast.replayable
        skipped = f" ({chosen - ready:,} of the {chosen:,} chosen will be skipped)"
        return f"Replay {counted(ready, 'dead letter')}{skipped if chosen > ready else ''}?"


def print_plan(plan: Plan, *, dry_run: bool, as_json: bool) -> None:
    """Print what would happen, or why nothing can be replayed."""
    counts = plan.counts(replayed=plan.forecast.replayable)
    if as_json:
        extra = plan.forecast.as_dict(plan.request.rate, plan.limits_of) if dry_run else _NOT_ASKED
        print_json({"dry_run": dry_run, **counts, **extra})
        return
    out = console()
    _print_counts(out, counts, "would be replayed; this was a dry run" if dry_run else "replayed")
    if dry_run and plan.forecast.replayable:
        _print_forecast(out, plan)


_NOT_ASKED: Final[Mapping[str, Any]] = {"replay": None, "state": None}


def print_replay(replay: Replay, why: str | None, *, as_json: bool) -> None:
    """Print how a replay ended, or how far it has come and why the command leaves it."""
    if as_json:
        state = {"replay": replay.number, "state": replay.state.value}
        print_json({"dry_run": False, **replay.counts(), **state})
        return
    out = console()
    _print_counts(out, replay.counts(), "replayed")
    if replay.left:
        out.print(f"{replay.left:>9,} left; replay {replay.number} is {replay.state}")
    if why:
        out.print(*map(cell, why.splitlines()), sep="\n", soft_wrap=True)
    elif replay.replayed:
        out.print("Next: tiktok-events status")


def _print_counts(out: Console, counts: Mapping[str, int], done: str) -> None:
    if not counts["selected"] and not counts["gone"]:
        out.print(NO_MATCH)
        return
    for name, count in counts.items():
        if name == "replayed":
            out.print(f"{count:>9,} {done}")
        elif name in WORDS and count:
            out.print(f"{count:>9,} {WORDS[name]}")


def _print_forecast(out: Console, plan: Plan) -> None:
    out.print()
    for name, value in _facts(plan):
        out.print(f"{name:<9} {value}")
    out.print()
    out.print(_destination_table(plan))


def _facts(plan: Plan) -> Iterator[tuple[str, str]]:
    forecast, rate = plan.forecast, plan.request.rate
    yield "requests", f"about {sum(forecast.requests(plan.limits_of).values()):,}"
    seconds = forecast.takes_s(rate, plan.limits_of)
    yield "takes", f"about {age(max(seconds, 1))} at {counted_rate(rate)}"
    money = sorted(forecast.thousandths.items())
    worth = ", ".join(f"{sum_ / THOUSANDTHS:,.2f} {currency}" for currency, sum_ in money)
    yield "value", cell(worth or "none stated").plain


def counted_rate(rate: float) -> str:
    """A rate in words."""
    return f"{rate:,g} events a second"


def _destination_table(plan: Plan) -> Table:
    requests = plan.forecast.requests(plan.limits_of)
    table = plain_table("destination")
    table.add_column("events", justify="right")
    table.add_column("requests", justify="right")
    for name, number in list(requests.items())[:SHOWN]:
        events = plan.forecast.lots[name].events
        table.add_row(cell(labelled(name, _NAME_CHARS)), f"{events:,}", f"{number:,}")
    if len(requests) > SHOWN:
        table.add_row(f"and {len(requests) - SHOWN:,} more: --json", "", "")
    return table
