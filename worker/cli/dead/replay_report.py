"""What `dead replay` prints: before anything is done, and when it is over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tiktok_events.outbox.store import Store
from worker.cli.dead.replay_ends import SHOWN, count_lines, print_ends
from worker.cli.labelled import labelled
from worker.cli.terminal import age, cell, console, counted, fitted, plain_table, print_json
from worker.letters.ledger import THOUSANDTHS
from worker.replays.ends import letters_of
from worker.replays.forecast import TOLD
from worker.replays.plan import Plan
from worker.replays.state import Replay

DESTINATIONS: Final = 10
"""So many destinations are in the table; --json has them all."""

_NAME_CHARS: Final = 60

REPAIR: Final = """Repair them first, one or all alike:
    tiktok-events dead edit --help
or each in its own way, in a spreadsheet:
    tiktok-events dead export -o letters.csv
    tiktok-events dead import --replace letters.csv
"""
_DIE: Final = "will die again before they are sent: they are not repaired"
_REFUSED: Final = "will probably be refused again: they are as the API refused them"

WORDS: Final = {
    "skipped_expired": "skipped: expired, too old to be sent",
    "skipped_ambiguous": (
        "skipped: ambiguous for over 48 h, might count twice (--accept-duplicates)"
    ),
    "skipped_no_destination": "skipped: never had a destination",
    "gone": "not there: replayed, changed or purged meanwhile, or never a dead letter",
}
NO_MATCH: Final = "No dead letter matches."


def question(plan: Plan) -> str:
    """Return the question for the operator."""
    chosen, ready = plan.request.selected, plan.forecast.replayable
    skipped = f" ({chosen - ready:,} of the {chosen:,} chosen will be skipped)"
    dying = plan.forecast.dying.total()
    again = f", of which {dying:,} will die again" if dying else ""
    return f"Replay {counted(ready, 'dead letter')}{again}{skipped if chosen > ready else ''}?"


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
        print_outlook(out, plan)


_NOT_ASKED: Final[Mapping[str, Any]] = {"replay": None, "state": None}


def print_outlook(out: Console, plan: Plan) -> None:
    """Say which letters will die again, and why, before anything is done."""
    forecast = plan.forecast
    for causes, words in ((forecast.dying, _DIE), (forecast.refused, _REFUSED)):
        if causes:
            out.print(f"\n{causes.total():>9,} {words}")
        for cause, count in causes.most_common(TOLD):
            out.print(Text(f"{count:>13,} {fitted(cause, out.width - 14).rstrip()}"))
    if forecast.dying or forecast.refused:
        out.print(REPAIR)


def print_replay(store: Store, replay: Replay, why: str | None, *, as_json: bool) -> None:
    """Print what became of each letter, or how far it has come and why the command leaves it."""
    letters = letters_of(store, replay.number)
    if as_json:
        state = {"replay": replay.number, "state": replay.state.value}
        known = {"letters": [one.as_dict() for one in letters]}
        print_json({"dry_run": False, **replay.counts(), **replay.ends(), **state, **known})
        return
    out = console()
    _print_counts(out, replay.counts(), "replayed")
    for line in count_lines(replay):
        out.print(f"    {line}")
    print_ends(out, store, replay, letters, SHOWN)
    if replay.left:
        out.print(f"{replay.left:>9,} left; replay {replay.number} is {replay.state}")
    if why:
        out.print(*map(cell, why.splitlines()), sep="\n", soft_wrap=True)
    elif replay.died:
        out.print("Next: repair what died again, as `tiktok-events dead edit --help` shows")


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
    for name, number in list(requests.items())[:DESTINATIONS]:
        events = plan.forecast.lots[name].events
        table.add_row(cell(labelled(name, _NAME_CHARS)), f"{events:,}", f"{number:,}")
    if len(requests) > DESTINATIONS:
        table.add_row(f"and {len(requests) - DESTINATIONS:,} more: --json", "", "")
    return table
