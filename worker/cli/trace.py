"""`tiktok-events trace`: what became of an event."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final

import click
from rich.table import Table
from rich.text import Text

from worker.cli import options
from worker.cli.failures import FAILED
from worker.cli.labelled import labelled
from worker.cli.store import open_store
from worker.cli.terminal import (
    Bar,
    age,
    cell,
    console,
    counted,
    facts_table,
    plain_table,
    print_json,
    printable,
    until,
    utc,
)
from worker.operations.trace.life import Life, State, Step, Trace, What
from worker.operations.trace.tracer import Tracer
from worker.settings import Settings

UNKNOWN: Final = "-"
_DATE_CHARS: Final = len("2026-11-22 14:03:11")
_STYLES: Final = {State.DELIVERED: "green", State.DEAD: "bold red", State.PURGED: "bold red"}

HELP: Final = """Tell what became of an event, why, and what to do.

\b
Of an event id, or an order number:   tiktok-events trace order-1042
Of many, in one pass:                 tiktok-events trace --json order-1 order-2
    xargs tiktok-events trace --json < ids.txt

An event that is delayed, dead, delivered or erased is found at once.
Of any other, all that waits is looked through, a second or more for a million events;
--no-waiting does not, --waiting always does.

\b
    delayed     it was tracked with a delay, and is released at the time shown
    waiting     it is in its outbox, behind so many events
    claimed     a worker sends it
    delivered   the API said code 0
    dead        it will not be sent again without you: see tiktok-events dead --help
    purged      it died, and its dead letter was purged
    erased      its data subject asked for it

An order number is known of an event that is delayed, waits or is dead. Of one that has ended only
the event id is, so that one is found if its id is the order number, or order- and the number.
What has ended is known for eight days, of offline events for 29.

Exit codes: 0 all are known, 1 nothing is known of one, or Redis cannot be used, 2 wrong usage.
"""

NOTHING: Final = (
    "Nothing is known of it. It was never accepted (a policy withheld it, or it is in a spool:\n"
    "tiktok-events spool status), it was cancelled while it was delayed, its id is another, or\n"
    "it ended more than eight days ago (offline: 29)."
)
OFF: Final = "What has ended is not known here: TIKTOK_EVENTS_RECEIPTS is off."
NOT_LOOKED: Final = "What waits was not looked through: without --no-waiting it is."


@click.command("trace", help=HELP)
@click.argument("words", nargs=-1, required=True, metavar="ID...", callback=options.is_text)
@click.option(
    "--waiting/--no-waiting",
    default=None,
    help="Always look through what waits, or never; by default if nothing else is known.",
)
@options.as_json
def trace(*, words: tuple[str, ...], waiting: bool | None, as_json: bool) -> None:
    """Trace, and print a table or an object for each word."""
    settings = Settings.load()
    asked = [word.strip() for word in words]
    if not all(asked):
        raise click.UsageError("an id is empty")
    with open_store(settings) as store:
        tracer = Tracer(store, settings)
        with Bar("looking", tracer.steps() if waiting is not False else None) as bar:
            found = tracer.trace(asked, waiting=waiting, seen=bar.advance)
    for one in found:
        if as_json:
            print_json(one.as_dict())
        else:
            _print(one, settings)
    if not all(one.lives for one in found):
        sys.exit(FAILED)


def _print(found: Trace, settings: Settings) -> None:
    out, now = console(), time.time()
    for life in found:
        out.print(_title(life))
        out.print(facts_table(_facts(life, now)))
        if life.steps:
            out.print(Text(), _table(life.steps), sep="\n")
        out.print()
    if not found.lives:
        out.print(Text(f"{printable(found.asked)}: not found", style="bold"))
        out.print(NOTHING, markup=False)
        if not settings.receipts:
            out.print(OFF)
    if not found.looked_at_waiting and not found.lives:
        out.print(NOT_LOOKED)


def _title(life: Life) -> Text:
    state = Text(life.state.value, style=_STYLES.get(life.state, "bold"))
    return Text.assemble(cell(life.event_id, style="bold"), ": ", state)


def _facts(life: Life, now: float) -> Iterator[tuple[str, str]]:
    yield "event", life.event or UNKNOWN
    yield "destination", labelled(life.destination) or UNKNOWN
    if life.order_id:
        yield "order", life.order_id
    yield "why", life.reason
    if life.advice:
        yield "do", life.advice
    if life.letter:
        yield "dead letter", life.letter
    if life.holder:
        yield "claimed by", life.holder
    yield from _times(life, now)
    if life.ambiguous:
        yield "ambiguous", "yes: an attempt may have been accepted unseen"


def _times(life: Life, now: float) -> Iterator[tuple[str, str]]:
    if life.until is not None:
        yield "claim ends", _when(life.until, now)
    elif life.due_at is not None:
        yield "due", _when(life.due_at, now)
    if life.expires_at is not None:
        yield "expires", _when(life.expires_at, now)


def _when(timestamp: float, now: float) -> str:
    return f"{utc(timestamp)}, {until(timestamp, now, past=f'{age(now - timestamp)} ago')}"


def _table(steps: Sequence[Step]) -> Table:
    table = plain_table()
    for heading in ("at (UTC)", "what", "verdict"):
        table.add_column(heading, no_wrap=True)
    for heading in ("code", "took"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("more", overflow="fold")
    for step in steps:
        table.add_row(*_row(step))
    return table


def _row(step: Step) -> Iterator[Text | str]:
    yield utc(step.at)[:_DATE_CHARS]
    yield step.what.value
    yield cell(step.verdict or UNKNOWN)
    yield UNKNOWN if step.code is None else str(step.code)
    yield UNKNOWN if step.duration_ms is None else f"{step.duration_ms:,} ms"
    yield cell(" · ".join(_more(step)) or UNKNOWN)


def _more(step: Step) -> Iterator[str]:
    if step.message:
        yield step.message
    if step.attempts is not None:
        yield counted(step.attempts, "attempt")
    if step.request_id:
        yield step.request_id
    if step.what is What.EDITED:
        yield f"by {step.who}: {', '.join(step.paths)}"
